//! A graph on any executor, driven by its own dependences.
//!
//! Every task has a slot with a counter of the dependences that it still waits for. Whoever completes a task stores
//! what it produced, decrements the counters of its dependents, and submits those that reach zero, on its own thread:
//! on a pool nothing goes through the caller, who sleeps until the last task, the first failure or the deadline.
//!
//! - A slot's token is written once, by the thread that completes its task, before the decrements (release); it is
//!   read by whoever makes a dependent's last decrement (acquire).
//! - *Roots*, the tasks without dependences, are submitted up to a window; each that completes admits the next. All
//!   other tasks in flight are at most one per point. So the executor's queue stays short even in a graph (`trivial`)
//!   whose tasks are all ready at once.
//! - It cannot deadlock: nothing is locked while tasks are submitted, and an executor does not block its own threads
//!   in `submit`. It cannot recurse: see [`ready`](super::ready).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use par_core::{Executor, ExecutorExt, SubmitError, TaskError};

use super::node::{pack, taskgraph_node, unpack};
use super::ready;
use super::{FinishedGraph, Graph, Inputs, Produced, Stamp, Token, WrongInputs};

/// Roots in flight per worker.
const ROOTS_PER_WORKER: usize = 32;
/// How long the last callbacks may take to return after the last task.
const LAST_CALLBACKS: Duration = Duration::from_secs(10);

/// Why a graph did not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphRunError {
    /// A task got the wrong inputs.
    #[error("the task at step {step}, point {point} got the wrong inputs")]
    Inputs {
        /// The task's step.
        step: u32,
        /// The task's point.
        point: u32,
        /// Which.
        #[source]
        wrong: WrongInputs,
    },
    /// A task has no output.
    #[error("the task at step {step}, point {point} failed")]
    Task {
        /// The task's step.
        step: u32,
        /// The task's point.
        point: u32,
        /// Why.
        #[source]
        source: TaskError,
    },
    /// A task was not taken.
    #[error("the task at step {step}, point {point} was refused")]
    Refused {
        /// The task's step.
        step: u32,
        /// The task's point.
        point: u32,
        /// Why.
        #[source]
        source: SubmitError,
    },
    /// All tasks were done, but the executor holds on to a callback.
    #[error("all tasks are done, but a callback had not returned {waited:?} later")]
    CallbacksHang {
        /// How long the caller waited.
        waited: Duration,
    },
    /// Tasks were still missing at the deadline.
    #[error("{missing} of {tasks} tasks were not done after {waited:?}")]
    TimedOut {
        /// Tasks that were not done.
        missing: u64,
        /// All tasks.
        tasks: u64,
        /// How long the caller waited.
        waited: Duration,
    },
}

/// A graph with everything allocated that a run needs, so that the run itself only submits.
#[derive(Debug)]
pub struct GraphRun {
    graph: Graph,
    iterations: u64,
    tasks: u64,
    /// Step by step, `width` in each.
    slots: Box<[Slot]>,
    /// The tasks without dependences, by their slots.
    roots: Box<[usize]>,
}

/// The state of one task, on a cache line of its own: neighbours complete on different cores.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Slot {
    /// Dependences that are not there yet.
    missing: AtomicU32,
    /// How many inputs the task checked, plus one; 0 until it is done.
    checked: AtomicU32,
    stamp: AtomicU64,
    checksum: AtomicU64,
}

impl GraphRun {
    /// Counts the dependences of every task of a graph whose tasks compute for `iterations`.
    pub fn prepare(graph: Graph, iterations: u64) -> Self {
        let size = graph.steps() as usize * graph.width() as usize;
        let mut slots: Box<[Slot]> = (0..size).map(|_| Slot::default()).collect();
        let mut roots = Vec::new();
        let mut tasks = 0;
        for step in 0..graph.steps() {
            for point in graph.points_at(step) {
                let index = step as usize * graph.width() as usize + point as usize;
                let missing = graph.dependencies(step, point).len();
                *slots[index].missing.get_mut() = missing as u32;
                if missing == 0 {
                    roots.push(index);
                }
                tasks += 1;
            }
        }
        Self { graph, iterations, tasks, slots, roots: roots.into() }
    }

    /// Runs every task on `executor`, each when its dependences are done.
    ///
    /// # Errors
    /// [`GraphRunError`]: what failed first; tasks that are under way then may still run.
    ///
    /// # Blocking
    /// Until the last task is done, at the longest for `timeout`.
    pub fn execute(
        self,
        executor: &Arc<dyn Executor>,
        timeout: Duration,
    ) -> Result<FinishedGraph, GraphRunError> {
        let begun = Instant::now();
        let window = self.roots.len().min(ROOTS_PER_WORKER * executor.workers().get());
        let run = Arc::new(Run {
            left: AtomicU64::new(self.tasks),
            admitted: AtomicUsize::new(window),
            plan: self,
            executor: Arc::clone(executor),
            failed: AtomicBool::new(false),
            end: Mutex::new(None),
            ended: Condvar::new(),
        });
        for &root in &run.plan.roots[..window] {
            // One by one: with an executor that is its caller, the whole graph may run within.
            ready::submit(&run, root);
        }
        run.wait(begun, timeout)?;
        let wall = begun.elapsed();
        run.into_finished(wall)
    }

    fn stamp(&self, index: usize) -> Stamp {
        let width = self.graph.width() as usize;
        Stamp { step: (index / width) as u32, point: (index % width) as u32 }
    }

    fn index(&self, step: u32, point: u32) -> usize {
        step as usize * self.graph.width() as usize + point as usize
    }
}

/// A graph under way; shared by the caller and by the callback of every task in flight.
pub(super) struct Run {
    plan: GraphRun,
    executor: Arc<dyn Executor>,
    /// Tasks that are not done.
    left: AtomicU64,
    /// Roots that were submitted.
    admitted: AtomicUsize,
    /// Nothing more is submitted.
    failed: AtomicBool,
    end: Mutex<Option<Result<(), GraphRunError>>>,
    ended: Condvar,
}

impl Run {
    /// Submits one task, whose dependences are done.
    pub(super) fn submit(self: Arc<Self>, index: usize) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        let Stamp { step, point } = self.plan.stamp(index);
        let plan = &self.plan;
        let tokens = plan.graph.dependencies(step, point).map(|from| plan.token(plan.index(step - 1, from)));
        let task = taskgraph_node::new(plan.graph, step, point, plan.iterations, Inputs::new(tokens));
        match self.executor.submit(task) {
            Ok(handle) => handle.on_done(move |outcome| self.complete(index, outcome)),
            Err(source) => self.finish(Err(GraphRunError::Refused { step, point, source })),
        }
    }

    /// Stores what a task produced and submits what waited for nothing else.
    fn complete(self: Arc<Self>, index: usize, outcome: &Result<Result<Produced, WrongInputs>, TaskError>) {
        let Stamp { step, point } = self.plan.stamp(index);
        let produced = match outcome {
            Ok(Ok(produced)) => produced,
            Ok(Err(wrong)) => {
                return self.finish(Err(GraphRunError::Inputs { step, point, wrong: wrong.clone() }));
            }
            Err(source) => {
                return self.finish(Err(GraphRunError::Task { step, point, source: source.clone() }));
            }
        };
        self.plan.slots[index].store(produced);
        for dependent in self.plan.graph.dependents(step, point) {
            let dependent = self.plan.index(step + 1, dependent);
            if self.plan.slots[dependent].missing.fetch_sub(1, Ordering::AcqRel) == 1 {
                ready::submit(&self, dependent);
            }
        }
        if let Some(root) = self.next_root(step, point) {
            ready::submit(&self, root);
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finish(Ok(()));
        }
    }

    /// The root that takes the place of one which is done.
    fn next_root(&self, step: u32, point: u32) -> Option<usize> {
        // Most graphs have a few roots, and most tasks are none.
        if self.admitted.load(Ordering::Relaxed) >= self.plan.roots.len()
            || self.plan.graph.dependencies(step, point).len() > 0
        {
            return None;
        }
        self.plan.roots.get(self.admitted.fetch_add(1, Ordering::Relaxed)).copied()
    }

    fn finish(&self, how: Result<(), GraphRunError>) {
        if how.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        let mut end = self.lock();
        if end.is_none() {
            *end = Some(how);
            self.ended.notify_all();
        }
    }

    fn wait(&self, begun: Instant, timeout: Duration) -> Result<(), GraphRunError> {
        let mut end = self.lock();
        loop {
            if let Some(how) = end.take() {
                return how;
            }
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                self.failed.store(true, Ordering::Relaxed);
                return Err(self.timed_out(begun));
            }
            end = self.ended.wait_timeout(end, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the last callback has returned, so that this thread is the last that holds the executor.
    fn into_finished(self: Arc<Self>, wall: Duration) -> Result<FinishedGraph, GraphRunError> {
        let patience = Instant::now() + LAST_CALLBACKS;
        let mut run = self;
        loop {
            match Arc::try_unwrap(run) {
                Ok(run) => return Ok(run.plan.into_finished(wall)),
                Err(_) if Instant::now() >= patience => {
                    return Err(GraphRunError::CallbacksHang { waited: LAST_CALLBACKS });
                }
                Err(shared) => run = shared,
            }
            std::thread::yield_now();
        }
    }

    fn timed_out(&self, begun: Instant) -> GraphRunError {
        GraphRunError::TimedOut {
            missing: self.left.load(Ordering::Relaxed),
            tasks: self.plan.tasks,
            waited: begun.elapsed(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Result<(), GraphRunError>>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GraphRun {
    fn token(&self, index: usize) -> Token {
        let slot = &self.slots[index];
        Token {
            stamp: unpack(slot.stamp.load(Ordering::Relaxed)),
            checksum: slot.checksum.load(Ordering::Relaxed),
        }
    }

    fn into_finished(self, wall: Duration) -> FinishedGraph {
        let produced = |(index, slot): (usize, &Slot)| {
            let inputs = slot.checked.load(Ordering::Relaxed).checked_sub(1)?;
            Some((self.stamp(index), Produced { token: self.token(index), inputs }))
        };
        let produced = self.slots.iter().enumerate().filter_map(produced).collect();
        FinishedGraph { graph: self.graph, iterations: self.iterations, wall, produced }
    }
}

impl Slot {
    /// Only the thread that completes the task; the decrements after it publish.
    fn store(&self, produced: &Produced) {
        self.stamp.store(pack(produced.token.stamp), Ordering::Relaxed);
        self.checksum.store(produced.token.checksum, Ordering::Relaxed);
        self.checked.store(produced.inputs.saturating_add(1), Ordering::Relaxed);
    }
}
