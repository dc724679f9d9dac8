//! Who is next to whom.

use super::{Blocks, CommError, Communicator, Datum, Rank};

/// Whom a rank of a topology hears from, and whom it tells, in an order that counts.
///
/// A place may be empty: beyond the edge of a grid. Blocks of neighbourhood collectives are per place, so those of empty
/// places are there, and are never read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbourhood {
    sources: Vec<Option<Rank>>,
    destinations: Vec<Option<Rank>>,
    /// The places of `sources` in the order in which they pair with `destinations`.
    pairing: Vec<usize>,
}

impl Neighbourhood {
    /// Of a graph: the *k*-th edge from one rank to another is the *k*-th one that the other has from it.
    pub(super) fn of_graph(sources: &[Rank], destinations: &[Rank]) -> Self {
        Self {
            sources: sources.iter().copied().map(Some).collect(),
            destinations: destinations.iter().copied().map(Some).collect(),
            pairing: (0..sources.len()).collect(),
        }
    }

    /// Of a grid, negative and positive side of each dimension: what is told on one side is heard on the other.
    ///
    /// Where both neighbours are one rank, this tells which of its two blocks goes to which place (MPI 4.1, §8.6).
    pub(super) fn of_grid(neighbours: Vec<Option<Rank>>) -> Self {
        let pairing = (0..neighbours.len()).map(|place| place ^ 1).collect();
        Self { sources: neighbours.clone(), destinations: neighbours, pairing }
    }

    /// Whom this rank hears from.
    pub fn sources(&self) -> &[Option<Rank>] {
        &self.sources
    }

    /// Whom this rank tells.
    pub fn destinations(&self) -> &[Option<Rank>] {
        &self.destinations
    }

    /// Places and ranks of the destinations, in the order in which messages to one rank are sent.
    pub fn sends(&self) -> impl Iterator<Item = (usize, Rank)> {
        self.destinations.iter().enumerate().filter_map(|(place, rank)| rank.map(|rank| (place, rank)))
    }

    /// Places and ranks of the sources, in the order in which messages of one rank are received.
    pub fn receives(&self) -> impl Iterator<Item = (usize, Rank)> {
        self.pairing.iter().filter_map(|place| self.sources[*place].map(|rank| (*place, rank)))
    }
}

/// A communicator whose ranks have neighbours, and the collectives among these: a [`Cartesian`](super::Cartesian) grid
/// or a [`Graph`](super::Graph).
///
/// All ranks of the topology call them, in the same order; each exchanges with its neighbours alone.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Topology};
/// use par_core::testing::ModelWorld;
///
/// ModelWorld::new(3).run_fn(|world| {
///     // An open line: at its ends, a place stays as it was.
///     let line = world.cartesian(&[3], &[false], false)?.expect("every rank has a point");
///     let mut around = [9; 2];
///     line.neighbor_all_gather(&[line.comm().rank() as i32], &mut around)?;
///     assert_eq!(around, [[9, 1], [0, 2], [1, 9]][line.comm().rank()]);
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Topology {
    /// What its ranks talk through.
    type Comm: Communicator;

    /// The communicator of the topology; ranks may differ from those of the one that it was made from.
    fn comm(&self) -> &Self::Comm;

    /// This rank's neighbours.
    fn neighbourhood(&self) -> &Neighbourhood;

    /// Every neighbour that this rank tells gets `data`; `into` has a block as long for each one that it hears from.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `into` has not one block per source, [`CommError::RankLost`].
    #[track_caller]
    fn neighbor_all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let sources = self.neighbourhood().sources().len();
        CommError::unless_length("the receive buffer", into.len(), sources * data.len())?;
        self.neighbor_all_gather_v(data, into, &Blocks::packed(&vec![data.len(); sources]))
    }

    /// As [`neighbor_all_gather`](Self::neighbor_all_gather), where neighbours tell of different lengths.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `into` or the number of sources,
    /// [`CommError::CollectiveMismatch`] when a neighbour tells of another length.
    #[track_caller]
    fn neighbor_all_gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
    ) -> Result<(), CommError> {
        let destinations = self.neighbourhood().destinations().len();
        let send_blocks = Blocks::placed(&vec![data.len(); destinations], &vec![0; destinations])?;
        self.neighbor_all_to_all_v(data, &send_blocks, into, blocks)
    }

    /// Every neighbour gets a block of its own; all blocks are of one length.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `data` does not divide by the number of destinations, or `into` has not as long a
    /// block for each source.
    #[track_caller]
    fn neighbor_all_to_all<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let around = self.neighbourhood();
        let (sources, destinations) = (around.sources().len(), around.destinations().len());
        // Who tells nobody, or hears nobody, has one buffer to say how long a block is.
        let count = data.len().checked_div(destinations).or(into.len().checked_div(sources)).unwrap_or(0);
        CommError::unless_length("what is sent to neighbours", data.len(), destinations * count)?;
        CommError::unless_length("what is received from neighbours", into.len(), sources * count)?;
        let (send_blocks, receive_blocks) =
            (Blocks::packed(&vec![count; destinations]), Blocks::packed(&vec![count; sources]));
        self.neighbor_all_to_all_v(data, &send_blocks, into, &receive_blocks)
    }

    /// As [`neighbor_all_to_all`](Self::neighbor_all_to_all), with blocks of different lengths.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when blocks do not fit their buffers or the number of neighbours,
    /// [`CommError::Invalid`] when those that are received overlap.
    #[track_caller]
    fn neighbor_all_to_all_v<T: Datum>(
        &self,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        let around = self.neighbourhood();
        fit("sent to neighbours", send_blocks, around.destinations().len(), data.len())?;
        fit("received from neighbours", receive_blocks, around.sources().len(), into.len())?;
        if receive_blocks.overlap() {
            return Err(CommError::Invalid(
                "the blocks that are received from neighbours overlap".to_owned(),
            ));
        }
        self.comm().neighbor_exchange(around, data, send_blocks, into, receive_blocks)
    }
}

fn fit(what: &str, blocks: &Blocks, places: usize, buffer: usize) -> Result<(), CommError> {
    CommError::unless_length(&format!("the list of blocks that are {what}"), blocks.len(), places)?;
    if blocks.extent() <= buffer {
        return Ok(());
    }
    Err(CommError::WrongLength {
        what: format!("the buffer of what is {what}"),
        got: buffer,
        expected: blocks.extent(),
    })
}
