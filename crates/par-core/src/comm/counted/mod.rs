//! A communicator that counts what passes through it.

mod communicator;
mod request;
mod tally;
mod traffic;

use std::rc::Rc;

use super::{CommError, Communicator, Rank};
use crate::Snapshot;
use tally::Tally;

pub use traffic::{Calls, Flow, RankTraffic, Traffic};

/// A communicator that counts messages and bytes: between which ranks, and in which collectives.
///
/// The communicators that are made of it count with it. What collectives send below is not counted as messages: how a
/// collective is made of messages is its world's affair. A message is counted where it is sent when its send has ended or
/// its request has begun, and
/// where it is received when the receive ends.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Counted, Tag};
/// use par_core::testing::ModelWorld;
///
/// let traffic = ModelWorld::new(2).run_fn(|comm| {
///     let world = Counted::new(comm.duplicate()?);
///     if world.rank() == 0 {
///         world.send(&[1.0, 2.0], 1, Tag(0))?;
///     } else {
///         world.recv::<f64>(0, Tag(0))?;
///     }
///     world.barrier()?;
///     world.gather_traffic(0)
/// })?;
/// let traffic = traffic[0].as_ref().ok_or("rank 0 has gathered it")?;
/// assert_eq!(traffic.messages, [[0, 1], [0, 0]]);
/// assert_eq!(traffic.bytes, [[0, 16], [0, 0]]);
/// assert_eq!(traffic.collectives["barrier"].calls, 2);
/// assert!(traffic.missing().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Counted<C> {
    inner: C,
    /// The members' ranks in the world.
    members: Rc<[Rank]>,
    tally: Rc<Tally>,
}

impl<C: Communicator> Counted<C> {
    /// Counts from zero. Each rank may do so for itself.
    pub fn new(comm: C) -> Self {
        let tally = Tally::new(comm.world_rank(comm.rank()), comm.world_size());
        Self::of(comm, &Rc::new(tally))
    }

    fn of(inner: C, tally: &Rc<Tally>) -> Self {
        let members = (0..inner.size()).map(|rank| inner.world_rank(rank)).collect();
        Self { inner, members, tally: Rc::clone(tally) }
    }

    /// The communicator below, which counts nothing.
    pub const fn inner(&self) -> &C {
        &self.inner
    }

    /// What this rank has sent and received until now, in this communicator and all that were made with it.
    pub fn traffic(&self) -> RankTraffic {
        self.tally.traffic()
    }

    /// The same as counters: messages and bytes sent and received.
    pub fn metrics(&self) -> Snapshot {
        self.tally.metrics()
    }

    /// The traffic of all ranks until now; `None` on all but the `root`. A collective, which is not counted.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when this communicator has not all ranks of the world, and what the transport says.
    pub fn gather_traffic(&self, root: Rank) -> Result<Option<Traffic>, CommError> {
        if self.inner.size() != self.inner.world_size() {
            return Err(CommError::Invalid(
                "the traffic of all ranks is gathered by a communicator that has them all".to_owned(),
            ));
        }
        Ok(self.inner.gather_values(&self.traffic(), root)?.map(Traffic::of))
    }
}

impl<C: std::fmt::Debug> std::fmt::Debug for Counted<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Counted").field(&self.inner).finish()
    }
}
