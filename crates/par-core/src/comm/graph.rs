//! Ranks with neighbours of one's own choice.

use super::{CommError, Communicator, Neighbourhood, Rank, Topology, op};

/// A communicator whose ranks are the points of a graph: each says whom it hears from and whom it tells (what MPI's
/// `Dist_graph_create_adjacent` makes).
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Graph, Topology};
/// use par_core::testing::ModelWorld;
///
/// ModelWorld::new(4).run_fn(|world| {
///     // A star: everybody tells rank 0.
///     let (rank, leaves) = (world.rank(), [1, 2, 3]);
///     let star = if rank == 0 { Graph::new(world, &leaves, &[])? } else { Graph::new(world, &[], &[0])? };
///     let mut told = vec![0; star.neighbourhood().sources().len()];
///     star.neighbor_all_gather(&[rank as u8], &mut told)?;
///     assert_eq!(told, if rank == 0 { vec![1, 2, 3] } else { vec![] });
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Graph<C> {
    comm: C,
    around: Neighbourhood,
    source_weights: Option<Vec<u32>>,
    destination_weights: Option<Vec<u32>>,
}

impl<C: Communicator> Graph<C> {
    /// The graph in which this rank hears from `sources` and tells `destinations`.
    ///
    /// A collective of `comm`, of which the graph has a duplicate. A rank may be its own neighbour, and may be named
    /// more than once.
    ///
    /// # Errors
    /// At every rank, [`CommError::CollectiveMismatch`] when two ranks do not agree on the edges between them;
    /// [`CommError::NoSuchRank`].
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    pub fn new(comm: &C, sources: &[Rank], destinations: &[Rank]) -> Result<Self, CommError> {
        let size = comm.size();
        sources.iter().chain(destinations).try_for_each(|rank| CommError::unless_rank(*rank, size))?;
        let (mut told, mut heard) = (vec![0_u32; size], vec![0_u32; size]);
        for rank in destinations {
            told[*rank] += 1;
        }
        comm.all_to_all(&told, &mut heard)?;
        for rank in sources {
            heard[*rank] = heard[*rank].wrapping_sub(1);
        }
        // The least rank that is told of an edge which the other end knows nothing about, or the reverse.
        let wrong = heard.iter().position(|edges| *edges != 0);
        let mut least = [wrong.map_or(u64::MAX, |_| comm.rank() as u64)];
        comm.all_reduce_in_place(&mut least, &op::Min)?;
        if least[0] != u64::MAX {
            return Err(CommError::CollectiveMismatch(vec![format!(
                "rank {} names other sources than the ranks that name it as a destination",
                least[0]
            )]));
        }
        Ok(Self {
            comm: comm.duplicate()?,
            around: Neighbourhood::of_graph(sources, destinations),
            source_weights: None,
            destination_weights: None,
        })
    }

    /// The graph of which every rank knows all edges: the neighbours of each (what MPI's `Graph_create` makes).
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when there is not one list per rank, and as [`new`](Self::new).
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    pub fn of_lists(comm: &C, neighbours: &[Vec<Rank>]) -> Result<Self, CommError> {
        CommError::unless_length("the lists of neighbours", neighbours.len(), comm.size())?;
        let sources: Vec<Rank> = neighbours
            .iter()
            .enumerate()
            .flat_map(|(rank, list)| list.iter().filter(|to| **to == comm.rank()).map(move |_| rank))
            .collect();
        Self::new(comm, &sources, &neighbours[comm.rank()])
    }

    /// Says how much goes along each edge; ranks that know it may be told apart by it.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when there is not one weight per edge.
    pub fn weighted(self, sources: &[u32], destinations: &[u32]) -> Result<Self, CommError> {
        CommError::unless_length("the weights of sources", sources.len(), self.around.sources().len())?;
        let edges = self.around.destinations().len();
        CommError::unless_length("the weights of destinations", destinations.len(), edges)?;
        Ok(Self {
            source_weights: Some(sources.to_vec()),
            destination_weights: Some(destinations.to_vec()),
            ..self
        })
    }

    /// How much comes along each edge, where that was said.
    pub fn source_weights(&self) -> Option<&[u32]> {
        self.source_weights.as_deref()
    }

    /// How much goes along each edge, where that was said.
    pub fn destination_weights(&self) -> Option<&[u32]> {
        self.destination_weights.as_deref()
    }
}

impl<C: Communicator> Topology for Graph<C> {
    type Comm = C;

    fn comm(&self) -> &C {
        &self.comm
    }

    fn neighbourhood(&self) -> &Neighbourhood {
        &self.around
    }
}
