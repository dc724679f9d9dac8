//! One thread of a pool.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

use crossbeam::deque::Worker as Deque;
use crossbeam::sync::{Parker, Unparker};
use par_core::plumbing::{Helper, Ran, enter_worker};
use par_core::{Counter, Executor, Panic, TaskError};

use super::queues::{BoxedJob, Found};
use super::record::{Activity, NameCache, Record};
use super::roster::Parts;
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
    /// How many jobs are on its stack.
    depth: Cell<usize>,
    names: NameCache,
}

/// Runs `f` with this thread's worker, if it is one of the pool `shared`.
pub(super) fn with_local<R>(shared: &Shared, f: impl FnOnce(&Local) -> R) -> Option<R> {
    // A pool that lives in a thread-local may be dropped after ours has gone; no worker does that.
    let local = LOCAL.try_with(|local| local.borrow().clone()).ok().flatten()?;
    std::ptr::eq(&raw const *local.shared, shared).then(|| f(&local))
}

/// What a new thread does once it has a slot: it works until the pool ends or has fewer workers.
pub(super) fn run(shared: &Arc<Shared>, index: usize, parts: Parts) {
    // From here to the end of this function the thread is a worker, under the name that it was started with.
    shared.records[index].set_thread();
    let mut seated = Some(parts);
    while let Some(parts) = seated {
        let parts = serve(shared, index, parts);
        seated = shared.vacate(index, parts);
    }
}

/// Works until the pool ends or has fewer workers, and leaves nothing behind in the deque.
fn serve(shared: &Arc<Shared>, index: usize, Parts { deque, parker }: Parts) -> Parts {
    let local = Rc::new(Local {
        shared: Arc::clone(shared),
        index,
        waker: Waker::from(Arc::new(Unpark(parker.unparker().clone()))),
        deque,
        parker,
        searching: Cell::new(false),
        room_making: Cell::new(0),
        jobs: Cell::new(0),
        depth: Cell::new(0),
        names: NameCache::default(),
    });
    LOCAL.set(Some(Rc::clone(&local)));
    let guard = enter_worker(Rc::new(PoolHelper(Rc::clone(&local))));
    local.switch(Activity::Running);
    let over = || shared.is_terminated() || !shared.roster.is_wanted(index);
    while !over() {
        local.work(&over, None);
    }
    if shared.queues.hand_over(index) {
        shared.sleep.job_queued();
    }
    local.stop_searching();
    // What was on its way from one queue to another when all were cancelled, and what nobody comes for any more.
    if shared.is_cancelling() {
        shared.cancel_queued();
    }
    local.switch(Activity::Retired);
    drop(guard);
    LOCAL.set(None);
    let Local { deque, parker, .. } =
        Rc::into_inner(local).expect("only tasks borrow it, and none runs here");
    Parts { deque, parker }
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

    fn record(&self) -> &Record {
        &self.shared.records[self.index]
    }

    fn switch(&self, to: Activity) {
        self.record().switch(to, self.shared.birth);
    }

    /// Runs one job, or searches and sleeps until there may be one, or `done`, or `deadline`.
    fn work(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        if let Some(found) = self.find() {
            return self.run(found);
        }
        if !self.searching.replace(true) {
            self.switch(if self.depth.get() == 0 { Activity::Idle } else { Activity::Waiting });
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
        let Shared { metrics, gauge, names, recorder, .. } = &*self.shared;
        if found.stolen {
            metrics.add(self.index, Counter::Stolen, 1);
        }
        let task = found.job.name();
        let below = self.record().set_task(self.names.number(task, names));
        let depth = self.depth.replace(self.depth.get() + 1);
        // A shutdown does not see a job that is on its way from one queue to another.
        let ran = if self.shared.is_cancelling() {
            found.job.fail(TaskError::Cancelled);
            Ran::SKIPPED
        } else {
            found.job.run(self.index)
        };
        self.depth.set(depth);
        if depth > 0 {
            self.record().set_task(below);
        }
        if let Some(recorder) = recorder {
            recorder.record(self.index, task, depth, &ran);
        }
        metrics.add_ran(self.index, &ran);
        gauge.leave();
    }

    fn stop_searching(&self) {
        if self.searching.replace(false) {
            self.switch(Activity::Running);
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

    fn panicked(&self, task: &'static str, panic: &Panic) {
        if self.0.shared.panics.panicked(self.0.index, task, panic) {
            self.0.shared.break_down();
        }
    }
}
