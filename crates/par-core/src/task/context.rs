//! What a running task may ask about itself.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::control::{Control, Controlled};
use super::stack;
use crate::plumbing::worker;
use crate::{Executor, Phase, Phases};

thread_local! {
    /// The task that runs on this thread; the one below it is kept on the stack of [`Frame::enter`].
    static CURRENT: RefCell<Option<Frame>> = const { RefCell::new(None) };
}

/// The running task's bookkeeping.
pub(crate) struct Frame {
    controlled: Arc<dyn Controlled>,
    attempt: u32,
    phases: Phases,
    /// Time in which the task waited for others, or others ran on top of it; neither its compute time nor any other
    /// phase.
    waited: Duration,
}

impl Frame {
    pub(crate) fn new(controlled: Arc<dyn Controlled>, attempt: u32) -> Self {
        Self { controlled, attempt, phases: Phases::default(), waited: Duration::ZERO }
    }

    /// Makes this the current task while `f` runs; the elapsed time that no other phase claims is compute.
    ///
    /// `f` must not unwind: it catches the panics of the task.
    pub(crate) fn enter<R>(self, f: impl FnOnce() -> R) -> (R, Span) {
        let on_stack = stack::push(self.controlled.control());
        #[cfg(feature = "deadlock-detection")]
        let observed = crate::plumbing::observer::Running::begin(self.controlled.control());
        let mut below = CURRENT.replace(Some(self));
        let started = Instant::now();
        let result = f();
        let finished = Instant::now();
        if let Some(below) = &mut below {
            below.waited += finished - started;
        }
        let frame = CURRENT.replace(below).expect("put here above, and every nested frame restores it");
        #[cfg(feature = "deadlock-detection")]
        drop(observed);
        stack::pop(frame.controlled.control(), on_stack);
        let mut phases = frame.phases;
        phases.add(Phase::Compute, (finished - started).saturating_sub(phases.total() + frame.waited));
        (result, Span { started, finished, phases })
    }
}

/// When a task ran, and on what it spent the time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) started: Instant,
    pub(crate) finished: Instant,
    pub(crate) phases: Phases,
}

/// Asks the current task; `None`: there is none, be it that the thread's own state has gone, and the destructor of
/// another thread-local still submits and waits.
fn with_current<R>(ask: impl FnOnce(&mut Frame) -> R) -> Option<R> {
    CURRENT.try_with(|frame| frame.borrow_mut().as_mut().map(ask)).ok().flatten()
}

/// How long the current task has waited so far.
pub(crate) fn waited() -> Duration {
    with_current(|frame| frame.waited).unwrap_or_default()
}

/// Says how long the current task has waited, at the end of a wait: what ran on top of it meanwhile is part of that.
pub(crate) fn set_waited(time: Duration) {
    with_current(|frame| frame.waited = time);
}

/// Runs `f`, which must not unwind, as no part of the task that happens to be on this thread: a callback.
pub(crate) fn outside<R>(f: impl FnOnce() -> R) -> R {
    let below = CURRENT.try_with(RefCell::take).ok().flatten();
    let result = f();
    if below.is_some() {
        CURRENT.set(below);
    }
    result
}

/// The deadline that a task submitted from here inherits.
pub(crate) fn inherited_deadline() -> Option<Instant> {
    with_current(|frame| frame.controlled.control().deadline()).flatten()
}

/// The task that runs on this thread: its cancellation, deadline, attempt, progress and phases.
///
/// Outside a task it is a context that nobody cancels, so that a task's function can also be called as it is.
#[derive(Clone)]
pub struct Context {
    task: Option<(Arc<dyn Controlled>, u32)>,
}

/// The context of the task that runs on this thread.
///
/// # Examples
/// ```
/// use par_core::task;
///
/// fn search(limit: u64) -> Option<u64> {
///     let me = task::current();
///     (0..limit).take_while(|_| !me.cancelled()).find(|x| x * x > 1000)
/// }
/// assert_eq!(search(100), Some(32)); // outside a task nobody cancels
/// ```
pub fn current() -> Context {
    Context { task: with_current(|frame| (frame.controlled.clone(), frame.attempt)) }
}

impl Context {
    /// The task's name, or `None` outside a task.
    pub fn name(&self) -> Option<&'static str> {
        self.task.as_ref().map(|(task, _)| task.control().name())
    }

    /// Whether the task should stop: it was cancelled, its deadline has passed, or its executor is shut down.
    pub fn cancelled(&self) -> bool {
        let asked = |control: &Control| control.is_cancelled() || control.expired() || worker::stopping();
        self.task.as_ref().is_some_and(|(task, _)| asked(task.control()))
    }

    /// When the task's output is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.task.as_ref().and_then(|(task, _)| task.control().deadline())
    }

    /// 1 when the task runs for the first time, one more for every lost worker before.
    pub fn attempt(&self) -> u32 {
        self.task.as_ref().map_or(1, |(_, attempt)| *attempt)
    }

    /// Says how far the task is, from 0 to 1; [`Handle::progress`](crate::Handle::progress) reads it.
    pub fn set_progress(&self, progress: f32) {
        if let Some((task, _)) = &self.task {
            task.control().set_progress(progress);
        }
    }

    /// Accounts the time of `f` to `phase` instead of to [`Phase::Compute`]; not nested.
    ///
    /// A kernel makes its inputs in [`Phase::Setup`], so that reports can tell kernel time from end-to-end time.
    pub fn phase<R>(&self, phase: Phase, f: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let result = f();
        let elapsed = started.elapsed();
        with_current(|frame| frame.phases.add(phase, elapsed));
        result
    }

    /// The executor that runs the task, to submit more tasks to; `None` outside a task.
    pub fn executor(&self) -> Option<Arc<dyn Executor>> {
        self.task.as_ref().and(worker::helper()).and_then(|helper| helper.executor())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("task", &self.name()).field("attempt", &self.attempt()).finish()
    }
}
