//! What the computing thread does while a task on it waits for another one.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use par_core::Executor;
use par_core::plumbing::Helper;

use super::inbox::{Next, Poke};
use super::station::Station;

/// At the end of the pool, a task that waits for something else looks so often whether it is there.
const LOOK: Duration = Duration::from_millis(1);

/// Runs other calls meanwhile, on top of the task that waits, so that nesting of any depth ends with one worker.
///
/// While it waits the pool is told so, and sends calls beyond what the worker would hold.
pub(super) struct Helping {
    pub(super) station: Arc<Station>,
}

impl Helper for Helping {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        if done() {
            return;
        }
        let station = &self.station;
        station.block();
        while !done() && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            match station.inbox.next(deadline) {
                Next::Call(call) => station.execute(call),
                Next::Look => {}
                // Children of tasks have failed by now; this one waits for something that is not the pool's.
                Next::Quit => std::thread::park_timeout(LOOK),
            }
        }
        station.unblock();
        if !station.inbox.is_empty() {
            // The poke that ended the wait may have been meant for the one below.
            station.inbox.poke();
        }
    }

    fn waker(&self) -> Waker {
        Poke::waker(&self.station.inbox)
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        Some(self.station.forward.clone())
    }

    fn stopping(&self) -> bool {
        self.station.inbox.has_quit()
    }
}
