//! One poll, or one callback, under watch.

use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use super::report::{Report, Work};
use super::watchdog::{Polled, Slot, Watch, on, post};
use crate::task::Node;

/// From its begin to its end the watchdog sees that this thread is busy.
pub(crate) struct Stint {
    watch: Arc<Watch>,
    slot: Arc<Slot>,
    /// What this thread polled when this began, on the stack below.
    below: Option<Polled>,
}

impl Stint {
    /// A poll of a task; `None` without debug mode, or for a scope inside of a task.
    #[inline]
    pub(crate) fn of_task(node: Option<&Arc<Node>>) -> Option<Self> {
        if on() { Self::begin(|| work(node.filter(|node| node.kind.is_task())?)) } else { None }
    }

    /// A call of a callback.
    #[inline]
    pub(crate) fn of_callback(at: &'static Location<'static>) -> Option<Self> {
        if on() { Self::begin(|| Some(Work { what: "callback", task: None, name: None, at })) } else { None }
    }

    #[cold]
    fn begin(work: impl FnOnce() -> Option<Work>) -> Option<Self> {
        let (watch, slot) = post()?;
        let polled = Polled { work: work()?, begun: Instant::now(), reported: false };
        let below = slot.lock().replace(polled);
        Some(Self { watch, slot, below })
    }
}

/// A task, as reports name it.
fn work(node: &Arc<Node>) -> Option<Work> {
    let name = node.name.lock().clone();
    node.kind.is_task().then(|| Work { what: "task", task: Some(node.id), name, at: node.at })
}

impl Drop for Stint {
    fn drop(&mut self) {
        let ended = std::mem::replace(&mut *self.slot.lock(), self.below.take());
        let Some(Polled { work, begun, .. }) = ended else { return };
        let elapsed = begun.elapsed();
        if elapsed >= self.watch.limit {
            self.watch.report(&Report::Slow { work, elapsed });
        }
    }
}
