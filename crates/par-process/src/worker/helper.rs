//! What the main thread does while a task on it waits for a nested one.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use par_core::Executor;
use par_core::plumbing::Helper;

use super::inbox::{Next, Poke};
use super::life::Life;

/// Runs other calls meanwhile, on top of the task that waits, so that nesting of any depth ends with one worker.
///
/// While it waits the board says so, and the pool sends calls beyond the worker's window.
pub(super) struct Helping {
    pub(super) life: Arc<Life>,
}

impl Helper for Helping {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        if done() {
            return;
        }
        self.life.link.board.block();
        self.life.link.ring();
        while !done() && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            match self.life.inbox.next(deadline) {
                Next::Call(call) => {
                    // This one runs, so only the ones below it are blocked: the count is that of waits, and stays.
                    self.life.execute(call);
                }
                Next::Look => {}
                // The pool sends nobody home who has something to do.
                Next::Quit => break,
            }
        }
        self.life.link.board.unblock();
        if !self.life.inbox.is_empty() {
            // The poke that ended the wait may have been meant for the one below.
            self.life.inbox.poke();
        }
    }

    fn waker(&self) -> Waker {
        Poke::waker(&self.life.inbox)
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        Some(self.life.forward.clone())
    }
}
