//! Where a behaviour is tried: a communicator of its own, whose waits have an end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::findings::Finding;
use crate::comm::{CommError, Communicator, Watch};
use crate::plumbing::catch_panic;
use crate::testing::within;

/// A behaviour: what it says, how many ranks it needs, and the test, which panics or fails when it does not hold.
pub(super) struct Behaviour<C> {
    pub(super) says: &'static str,
    pub(super) ranks: usize,
    pub(super) test: fn(&C) -> Result<(), CommError>,
}

impl<C> Behaviour<C> {
    pub(super) const fn new(says: &'static str, test: fn(&C) -> Result<(), CommError>) -> Self {
        Self { says, ranks: 1, test }
    }

    pub(super) const fn of_ranks(
        ranks: usize,
        says: &'static str,
        test: fn(&C) -> Result<(), CommError>,
    ) -> Self {
        Self { says, ranks, test }
    }
}

thread_local! {
    /// When the test that this rank runs is over at the latest.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The end of a test; none outside of one.
pub(super) fn deadline() -> Option<Instant> {
    DEADLINE.get()
}

struct Deadline;

impl Watch for Deadline {
    fn stalled(&self, waited: Duration) -> Result<(), CommError> {
        match DEADLINE.get() {
            Some(end) if Instant::now() >= end => {
                Err(CommError::TimedOut { operation: "a behaviour of the suite".to_owned(), waited })
            }
            _ => Ok(()),
        }
    }
}

/// Gives the waits of a communicator the end of the test.
pub(super) fn watch(comm: &impl Communicator) {
    comm.set_watch(Some(Rc::new(Deadline)));
}

/// The communicator, with the end of the test as the end of its waits.
pub(super) fn watched<C: Communicator>(comm: C) -> C {
    watch(&comm);
    comm
}

/// Tries a behaviour, and tells all ranks the same of it.
pub(super) fn run<C: Communicator>(
    world: &C,
    behaviour: &Behaviour<C>,
    limit: Duration,
) -> Result<Finding, CommError> {
    if world.size() < behaviour.ranks {
        return Ok(Finding::Absent(format!("it takes {} ranks", behaviour.ranks)));
    }
    // Nothing that a broken behaviour leaves behind is seen by the next one.
    let own = watched(world.duplicate()?);
    // The rest of the time is for those who have to hear of it.
    let seen = within(2 * limit + Duration::from_secs(30), behaviour.says, || {
        DEADLINE.set(Some(Instant::now() + limit));
        let outcome = catch_panic(|| (behaviour.test)(&own));
        DEADLINE.set(None);
        let seen = match outcome {
            Ok(Ok(())) => Finding::Holds,
            Ok(Err(CommError::Unsupported(why))) => Finding::Absent(why),
            Ok(Err(error)) => Finding::Broken(error.to_string()),
            Err(panic) => Finding::Broken(panic.to_string()),
        };
        world.all_gather_values(&seen)
    })?;
    own.set_watch(None);
    Ok(together(seen))
}

/// What the first rank saw for which it is broken, or else for which it is absent; who only waited in vain comes last.
fn together(seen: Vec<Finding>) -> Finding {
    let mut worst = Finding::Holds;
    let mut weight = 0;
    for (rank, finding) in seen.into_iter().enumerate() {
        let (finding, heavier) = match finding {
            Finding::Holds => (Finding::Holds, 0),
            Finding::Absent(why) => (Finding::Absent(why), 1),
            Finding::Broken(what) if what.contains("has waited for") => {
                (Finding::Broken(format!("rank {rank}: {what}")), 2)
            }
            Finding::Broken(what) => (Finding::Broken(format!("rank {rank}: {what}")), 3),
        };
        if heavier > weight {
            (worst, weight) = (finding, heavier);
        }
    }
    worst
}
