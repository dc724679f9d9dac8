//! What every communicator can do besides.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Blocks, CommError, Communicator, Datum, Group, Likeness, Rank, Reduction, collectives};

/// What follows from a [`Communicator`]'s own methods: groups, further forms of collectives, and reductions of values.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, CommunicatorExt};
/// use par_core::testing::ModelWorld;
///
/// let words = ModelWorld::new(4).run_fn(|world| {
///     // Strings do not commute: ranks are folded in their order.
///     world.all_reduce_value(format!("r{}", world.rank()), |left, right| left + &right)
/// })?;
/// assert_eq!(words, ["r0r1r2r3"; 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CommunicatorExt: Communicator {
    /// The ranks of the world that are in this communicator, in its order.
    fn group(&self) -> Group {
        let members: Vec<Rank> = (0..self.size()).map(|rank| self.world_rank(rank)).collect();
        Group::new(&members).expect("a communicator has each rank once")
    }

    /// How alike the ranks of two communicators are; messages of one are never those of the other.
    fn compare(&self, other: &Self) -> Likeness {
        self.group().compare(&other.group())
    }

    /// The communicator of a group of this one's ranks, in the group's order; who is not in it gets `None`.
    ///
    /// A collective of all ranks of this one, which all give the same group.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when a member is no rank of this communicator, [`CommError::CollectiveMismatch`] when
    /// ranks gave different groups.
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    fn create(&self, group: &Group) -> Result<Option<Self>, CommError> {
        let strangers = group.difference(&self.group());
        if !strangers.is_empty() {
            return Err(CommError::Invalid(format!(
                "ranks {:?} of the world are in the group, and not in this communicator",
                strangers.members()
            )));
        }
        let place = group.rank_of(self.world_rank(self.rank()));
        let made = self.split(place.map(|_| 0), place.unwrap_or(0) as i64)?;
        if made.as_ref().is_some_and(|made| made.group() != *group) {
            return Err(CommError::CollectiveMismatch(vec![format!(
                "rank {} gave the group {:?}, and others gave other ones",
                self.rank(),
                group.members()
            )]));
        }
        Ok(made)
    }

    /// As [`gather`](Communicator::gather), in one buffer: at the `root` it holds all blocks, with its own in place
    /// already; elsewhere it is what the rank gives.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root's buffer does not divide by the number of ranks.
    ///
    /// # Blocking
    /// As [`gather`](Communicator::gather).
    #[track_caller]
    fn gather_in_place<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() != root {
            return self.gather(buf, &mut [], root);
        }
        let own = own_block(self, buf)?.to_vec();
        self.gather(&own, buf, root)
    }

    /// As [`scatter`](Communicator::scatter), in one buffer: at the `root` it holds all blocks, and stays as it is;
    /// elsewhere it is for the rank's own.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root's buffer does not divide by the number of ranks.
    ///
    /// # Blocking
    /// As [`scatter`](Communicator::scatter).
    #[track_caller]
    fn scatter_in_place<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() != root {
            return self.scatter(&[], buf, root);
        }
        let mut own = own_block(self, buf)?.to_vec();
        self.scatter(buf, &mut own, root)
    }

    /// As [`reduce_scatter`](Communicator::reduce_scatter), with blocks all as long as `into`.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `data` is not `size` times as long as `into`.
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    fn reduce_scatter_block<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        CommError::unless_length("what is reduced", data.len(), into.len() * self.size())?;
        self.reduce_scatter(data, &Blocks::packed(&vec![into.len(); self.size()]), into, op)
    }

    /// The `root` gets the fold of all ranks' values, in rank order, in the grouping of
    /// [`reduce`](Communicator::reduce); the others `None`. `fold` is associative; it need not commute.
    ///
    /// # Errors
    /// [`CommError::Codec`], [`CommError::RankLost`].
    ///
    /// # Blocking
    /// Until the ranks have called it whose values this one folds.
    #[track_caller]
    fn reduce_value<V: Serialize + DeserializeOwned>(
        &self,
        value: V,
        fold: impl FnMut(V, V) -> V,
        root: Rank,
    ) -> Result<Option<V>, CommError> {
        CommError::unless_rank(root, self.size())?;
        self.begin_collective("reduce_value", Some(root))?;
        collectives::values::reduce(self.link(), value, fold, root)
    }

    /// Every rank gets the fold of all ranks' values; see [`reduce_value`](Self::reduce_value).
    ///
    /// # Errors
    /// [`CommError::Codec`], [`CommError::RankLost`].
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    fn all_reduce_value<V: Serialize + DeserializeOwned>(
        &self,
        value: V,
        fold: impl FnMut(V, V) -> V,
    ) -> Result<V, CommError> {
        let total = self.reduce_value(value, fold, 0)?;
        self.broadcast_value(total, 0)
    }

    /// Every rank gets the fold of the values of the ranks up to it, its own included, in the grouping of
    /// [`scan`](Communicator::scan).
    ///
    /// # Errors
    /// [`CommError::Codec`], [`CommError::RankLost`].
    ///
    /// # Blocking
    /// Until the ranks below have called it.
    #[track_caller]
    fn scan_value<V: Serialize + DeserializeOwned>(
        &self,
        value: V,
        fold: impl FnMut(V, V) -> V,
    ) -> Result<V, CommError> {
        self.begin_collective("scan_value", None)?;
        collectives::values::scan(self.link(), 0, value, fold)
    }

    /// Every rank gets the fold of the values of the ranks below it; rank 0 `None`.
    ///
    /// # Errors
    /// [`CommError::Codec`], [`CommError::RankLost`].
    ///
    /// # Blocking
    /// Until the ranks below have called it.
    #[track_caller]
    fn exscan_value<V: Serialize + DeserializeOwned>(
        &self,
        value: &V,
        fold: impl FnMut(V, V) -> V,
    ) -> Result<Option<V>, CommError> {
        self.begin_collective("exscan_value", None)?;
        collectives::values::exscan(self.link(), value, fold)
    }
}

impl<C: Communicator> CommunicatorExt for C {}

fn own_block<'b, T>(comm: &impl Communicator, buf: &'b [T]) -> Result<&'b [T], CommError> {
    let count = buf.len() / comm.size();
    CommError::unless_length("the root's buffer", buf.len(), count * comm.size())?;
    Ok(&buf[comm.rank() * count..(comm.rank() + 1) * count])
}
