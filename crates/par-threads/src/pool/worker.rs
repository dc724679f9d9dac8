//! One thread of a pool.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

use crossbeam::deque::Worker as Deque;
use crossbeam::sync::{Parker, Unparker};
use par_core::plumbing::{Helper, Ran, enter_worker};
use par_core::{Counter, Executor, TaskError};

use super::queues::{BoxedJob, Found};
use super::shared::Shared;

/// A worker that is idle yields and looks this often before it sleeps: 10 to 20 µs on an idle machine, which is about what
/// it costs to be woken, so callers that submit one task after the other find it awake.
const SEARCHES_BEFORE_SLEEP: u32 = 50;
/// Every so many jobs a worker takes one of those that have waited longest.
const TURN_OF_THE_OLDEST: u32 = 64;
/// A worker whose tasks submit into a full queue runs queued jobs on top of them, but not deeper than this.
const DEEPEST_ROOM_MAKING: usize = 16;

thread_local! {
    static LOCAL: RefCell<Option<Rc<Local>>> = const { RefCell::new(None) };
}

/// What a worker keeps to itself.
pub(super) struct Local {
    shared: Arc<Shared>,
    index: usize,
    deque: Deque<BoxedJob>,
    parker: Parker,
    waker: Waker,
    searching: Cell<bool>,
    room_making: Cell<usize>,
    /// How many jobs this worker has run.
    jobs: Cell<u32>,
}

/// Runs `f` with this thread's worker, if it is one of the pool `shared`.
pub(super) fn with_local<R>(shared: &Shared, f: impl FnOnce(&Local) -> R) -> Option<R> {
    let local = LOCAL.with_borrow(Clone::clone)?;
    std::ptr::eq(&raw const *local.shared, shared).then(|| f(&local))
}

/// What a new thread runs.
pub(super) fn worker(
    shared: Arc<Shared>,
    index: usize,
    (deque, parker): (Deque<BoxedJob>, Parker),
) -> impl FnOnce() + Send {
    move || {
        let waker = Waker::from(Arc::new(Unpark(parker.unparker().clone())));
        let (searching, room_making, jobs) = (Cell::new(false), Cell::new(0), Cell::new(0));
        let local = Rc::new(Local { shared, index, deque, parker, waker, searching, room_making, jobs });
        LOCAL.set(Some(Rc::clone(&local)));
        let guard = enter_worker(Rc::new(PoolHelper(Rc::clone(&local))));
        while !local.shared.is_terminated() {
            local.work(&|| local.shared.is_terminated(), None);
        }
        // Nobody comes after this worker: what reached its deque on the way from another queue is cancelled here.
        local.shared.cancel_queued();
        drop(guard);
        LOCAL.set(None);
    }
}

struct Unpark(Unparker);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Local {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn deque(&self) -> &Deque<BoxedJob> {
        &self.deque
    }

    /// Runs one job, or searches and sleeps until there may be one, or `done`, or `deadline`.
    fn work(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        if let Some(found) = self.find() {
            return self.run(found);
        }
        if !self.searching.replace(true) {
            self.shared.sleep.start_searching();
        }
        for _ in 0..SEARCHES_BEFORE_SLEEP {
            if done() {
                return;
            }
            if let Some(found) = self.find() {
                return self.run(found);
            }
            std::thread::yield_now();
        }
        let awake = || done() || !self.shared.queues.is_empty();
        self.shared.sleep.sleep(self.index, &self.parker, awake, deadline);
    }

    fn find(&self) -> Option<Found> {
        let (queues, jobs) = (&self.shared.queues, self.jobs.get());
        let turn = jobs.is_multiple_of(TURN_OF_THE_OLDEST);
        turn.then(|| queues.find_oldest(self.index, (jobs / TURN_OF_THE_OLDEST).is_multiple_of(2)))
            .flatten()
            .or_else(|| queues.find(self.index, &self.deque))
    }

    fn run(&self, found: Found) {
        if self.searching.get() {
            self.stop_searching();
        } else if found.batch && !self.deque.is_empty() {
            self.shared.sleep.job_queued();
        }
        self.jobs.set(self.jobs.get().wrapping_add(1));
        let Shared { metrics, gauge, .. } = &*self.shared;
        if found.stolen {
            metrics.add(self.index, Counter::Stolen, 1);
        }
        // A shutdown does not see a job that is on its way from one queue to another.
        let ran = if self.shared.is_cancelling() {
            found.job.fail(TaskError::Cancelled);
            Ran::SKIPPED
        } else {
            found.job.run(self.index)
        };
        metrics.add_ran(self.index, &ran);
        gauge.leave();
    }

    fn stop_searching(&self) {
        if self.searching.replace(false) {
            self.shared.sleep.stop_searching(|| !self.shared.queues.is_empty());
        }
    }

    /// Runs a queued job on top of a task that submits into a full queue.
    pub(super) fn make_room(&self, shared: &Shared) {
        if self.room_making.get() < DEEPEST_ROOM_MAKING
            && let Some(found) = shared.queues.find(self.index, &self.deque)
        {
            self.room_making.set(self.room_making.get() + 1);
            self.run(found);
            self.room_making.set(self.room_making.get() - 1);
        }
    }
}

/// What a task's wait does meanwhile: the worker's own loop, on top of the task.
struct PoolHelper(Rc<Local>);

impl Helper for PoolHelper {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        while !done() && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            self.0.work(done, deadline);
        }
        // The task goes on, so this worker looks for nothing.
        self.0.stop_searching();
    }

    fn waker(&self) -> Waker {
        self.0.waker.clone()
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        Some(Arc::clone(&self.0.shared) as Arc<dyn Executor>)
    }

    fn stopping(&self) -> bool {
        self.0.shared.is_stopping()
    }
}
