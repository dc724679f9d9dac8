//! Functions that wait for a time.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::callback::{CallbackHandle, Scheduled, discard};

/// Below so many timers a purge is not worth its while.
const FEW: usize = 64;

/// A timer in the heap.
struct Timer {
    /// In nanoseconds since the loop's start: it lasts 584 years.
    when: u64,
    /// Those of the same time fire in the order in which they were made.
    number: u64,
    entry: Rc<dyn Scheduled>,
}

/// The timers of a loop: a heap, the earliest on top.
///
/// A cancelled one stays in the heap until its time comes, or until more than half of the heap is such.
#[derive(Default)]
pub(super) struct Timers {
    heap: RefCell<BinaryHeap<Timer>>,
    made: Cell<u64>,
    dead: Cell<usize>,
}

impl Timers {
    pub(super) fn add(self: &Rc<Self>, when: Duration, entry: Rc<dyn Scheduled>) -> TimerHandle {
        let number = self.made.get();
        self.made.set(number + 1);
        let nanos = u64::try_from(when.as_nanos()).unwrap_or(u64::MAX);
        self.heap.borrow_mut().push(Timer { when: nanos, number, entry: Rc::clone(&entry) });
        TimerHandle { when, callback: CallbackHandle { entry }, timers: Rc::downgrade(self) }
    }

    /// When the next one that is not cancelled fires.
    pub(super) fn next(&self) -> Option<Duration> {
        let mut heap = self.heap.borrow_mut();
        while heap.peek()?.entry.cancelled() {
            heap.pop();
            self.dead.set(self.dead.get().saturating_sub(1));
        }
        heap.peek().map(|timer| Duration::from_nanos(timer.when))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.borrow().is_empty()
    }

    /// Takes the earliest, if it is due.
    pub(super) fn due(&self, now: Duration) -> Option<Rc<dyn Scheduled>> {
        if self.next()? > now {
            return None;
        }
        self.heap.borrow_mut().pop().map(|timer| timer.entry)
    }

    /// Drops all; how many would still have fired.
    pub(super) fn clear(&self) -> usize {
        let heap = std::mem::take(&mut *self.heap.borrow_mut());
        self.dead.set(0);
        heap.iter().filter(|timer| discard(&*timer.entry)).count()
    }

    /// One in the heap was cancelled.
    fn died(&self) {
        let dead = self.dead.get() + 1;
        self.dead.set(dead);
        let mut heap = self.heap.borrow_mut();
        if heap.len() > FEW && dead > heap.len() / 2 {
            // Their callbacks are gone already: no code of a user runs here.
            heap.retain(|timer| !timer.entry.cancelled());
            self.dead.set(0);
        }
    }

    /// How many are in the heap, cancelled ones with them.
    pub(super) fn len(&self) -> usize {
        self.heap.borrow().len()
    }
}

impl Ord for Timer {
    /// The earliest is the greatest: the heap's top.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.when, other.number).cmp(&(self.when, self.number))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Timer {}

/// A callback that waits for its time; dropping the handle lets it be.
#[derive(Clone)]
pub struct TimerHandle {
    when: Duration,
    callback: CallbackHandle,
    timers: Weak<Timers>,
}

impl TimerHandle {
    /// When it fires, on the clock of [`EventLoop::time`](super::EventLoop::time).
    pub const fn when(&self) -> Duration {
        self.when
    }

    /// Drops the callback, if it has not run; whether it was still to run.
    pub fn cancel(&self) -> bool {
        let cancelled = self.callback.cancel();
        if let Some(timers) = self.timers.upgrade().filter(|_| cancelled) {
            timers.died();
        }
        cancelled
    }

    /// Whether it was cancelled before it ran.
    pub fn cancelled(&self) -> bool {
        self.callback.cancelled()
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle")
            .field("when", &self.when)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}
