//! Waits that somebody may end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use par_core::comm::{CommError, Watch};

use super::MpiComm;
use crate::world::timed_out;

/// Before this, nobody is asked.
const FIRST: Duration = Duration::from_millis(1);
/// Between one question and the next.
const BETWEEN: Duration = Duration::from_millis(4);
/// How many times a wait looks before it lets others run.
const SPINS: u32 = 64;

/// Who may end the waits of a communicator.
pub(super) struct Patience {
    watch: RefCell<Option<Rc<dyn Watch>>>,
    limit: Option<Duration>,
    /// Whether there is anybody.
    polls: Cell<bool>,
}

impl Patience {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { watch: RefCell::default(), limit, polls: Cell::new(limit.is_some()) }
    }

    pub(super) fn set(&self, watch: Option<Rc<dyn Watch>>) {
        self.polls.set(watch.is_some() || self.limit.is_some());
        *self.watch.borrow_mut() = watch;
    }

    fn ask(&self, operation: &str, waited: Duration) -> Result<(), CommError> {
        if self.limit.is_some_and(|limit| waited > limit) {
            return Err(timed_out(operation, waited));
        }
        // Not borrowed while it is asked: it may set another.
        let watch = self.watch.borrow().clone();
        watch.map_or(Ok(()), |watch| watch.stalled(waited))
    }
}

impl MpiComm {
    /// Whether waits of this communicator are polled, so that they can be given up.
    #[inline]
    pub(super) fn polls(&self) -> bool {
        self.patience.polls.get()
    }

    pub(super) fn set_patience(&self, watch: Option<Rc<dyn Watch>>) {
        self.patience.set(watch);
    }

    /// Polls until `ready` yields something, or somebody ends the wait.
    pub(super) fn until<R>(
        &self,
        operation: &str,
        mut ready: impl FnMut() -> Result<Option<R>, CommError>,
    ) -> Result<R, CommError> {
        for _ in 0..SPINS {
            if let Some(result) = ready()? {
                return Ok(result);
            }
        }
        let begun = Instant::now();
        let mut next = FIRST;
        loop {
            if let Some(result) = ready()? {
                return Ok(result);
            }
            let waited = begun.elapsed();
            if waited > next {
                self.patience.ask(operation, waited)?;
                next = waited + BETWEEN;
            }
            std::thread::yield_now();
        }
    }

    /// A step of a wait that somebody else polls.
    pub(super) fn pause(&self, waited: Duration) -> Result<(), CommError> {
        std::thread::yield_now();
        if waited > FIRST { self.patience.ask("a wait for one of several requests", waited) } else { Ok(()) }
    }
}
