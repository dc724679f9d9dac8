//! The state that a handle, its completer and its callbacks share.
//!
//! ```text
//! Queued ──begin──▶ Running ──finish──▶ Finishing ──▶ Done
//!    └──────────────finish──────────────────▲
//! ```
//! - `begin` is the executor's; it may come again when a lost worker's task is started anew.
//! - `finish` is whoever is first: the executor with an outcome, `cancel` while still queued, the deadline, or the
//!   completer that is dropped. It claims the state by going to *Finishing*; everybody later is told that it is taken.
//! - In *Finishing* the callbacks run, without the lock, on the finishing thread; the outcome becomes visible in
//!   *Done*. Callbacks that arrive meanwhile are run before that, callbacks that arrive later run at once, or after the
//!   one that is running.
//!
//! It cannot deadlock: no code of a user, and no other lock, is ever reached under this lock.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use crate::cancellation::{Cancellation, OnCancel};
use crate::options::Options;
use crate::plumbing::contained;
use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, lock};
use crate::task::{Control, Controlled, outside, stack};
use crate::{TaskError, Timing};

type Callback<T> = Box<dyn FnOnce(&Result<T, TaskError>) + Send>;
/// What an executor does to a task that is cancelled after it was begun; `true`: it was taken back in time, its worker
/// had not really begun it and never will.
pub(crate) type StopRunning = Box<dyn FnOnce() -> bool + Send>;

pub(crate) struct Shared<T> {
    control: Control,
    state: Mutex<State<T>>,
    ready: Condvar,
    /// Set in `Done`; so that `is_done` needs no lock.
    done: AtomicBool,
    /// Nobody else may hold it, and yet a parent may cancel it.
    _token: Option<Cancellation>,
}

struct State<T> {
    stage: Stage,
    outcome: Option<Result<T, TaskError>>,
    failed: bool,
    /// A late callback has the outcome in its hands; others that come meanwhile are left to whoever runs it.
    lent: bool,
    timing: Option<Timing>,
    /// Threads in `park`; nobody pays for a wake-up that nobody waits for.
    parked: usize,
    waker: Option<Waker>,
    callbacks: Vec<(u64, Callback<T>)>,
    /// How many callbacks there have been; the key of the next one.
    keys: u64,
    stop: Option<StopRunning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Queued,
    Running,
    Finishing,
    Done,
}

impl<T: Send + 'static> Shared<T> {
    pub(crate) fn new(name: &'static str, options: &Options) -> Arc<Self> {
        let shared = Arc::new(Self {
            control: Control::new(name, options.expires()),
            state: Mutex::new(State {
                stage: Stage::Queued,
                outcome: None,
                failed: false,
                lent: false,
                timing: None,
                parked: 0,
                waker: None,
                callbacks: Vec::new(),
                keys: 0,
                stop: None,
            }),
            ready: Condvar::new(),
            done: AtomicBool::new(false),
            _token: options.token().cloned(),
        });
        if let Some(token) = options.token() {
            let listener: Arc<dyn OnCancel> = shared.clone();
            token.listen(&listener);
        }
        shared
    }

    pub(crate) fn stage(&self) -> Stage {
        lock(&self.state).stage
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Queued → Running. `false`: the task was cancelled or has expired, and must not run.
    pub(crate) fn begin(&self) -> bool {
        if self.control.expired() {
            self.expire();
            return false;
        }
        let mut state = lock(&self.state);
        match state.stage {
            Stage::Queued | Stage::Running => {
                state.stage = Stage::Running;
                true
            }
            Stage::Finishing | Stage::Done => false,
        }
    }

    /// Sets what ends the task by force; runs it at once when the task has been cancelled already.
    pub(crate) fn set_stop(&self, stop: StopRunning) {
        let mut state = lock(&self.state);
        if state.stage == Stage::Running && !self.control.is_cancelled() {
            let former = state.stop.replace(stop);
            drop(state);
            drop(former);
            return;
        }
        drop(state);
        stop();
    }

    /// Completes the task, unless somebody else has; tells whether it was this call.
    ///
    /// An output that is there only after the deadline is no output.
    pub(crate) fn finish(&self, outcome: Result<T, TaskError>, timing: Option<Timing>) -> bool {
        // What is late is dropped last: its destructor is the user's, and may panic.
        let (outcome, _late) = if outcome.is_ok() && self.control.expired() {
            (Err(TaskError::DeadlineExceeded), Some(outcome))
        } else {
            (outcome, None)
        };
        let state = lock(&self.state);
        if matches!(state.stage, Stage::Finishing | Stage::Done) {
            return false;
        }
        self.publish(state, outcome, timing);
        true
    }

    fn publish<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
        outcome: Result<T, TaskError>,
        timing: Option<Timing>,
    ) {
        state.stage = Stage::Finishing;
        state.timing = timing;
        let stop = state.stop.take();
        if !state.callbacks.is_empty() {
            // Whoever waits for this task now waits for the callbacks, too.
            let below = stack::push(&self.control);
            state = self.run_callbacks(state, &outcome);
            stack::pop(&self.control, below);
        }
        state.failed = outcome.is_err();
        state.outcome = Some(outcome);
        state.stage = Stage::Done;
        self.done.store(true, Ordering::Release);
        let waker = state.waker.take();
        let parked = state.parked > 0;
        drop(state);
        // Without the lock, which those who wake up take first.
        if parked {
            self.ready.notify_all();
        }
        drop(stop);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Runs callbacks, without the lock, until there are none.
    fn run_callbacks<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
        outcome: &Result<T, TaskError>,
    ) -> MutexGuard<'a, State<T>> {
        while !state.callbacks.is_empty() {
            let callbacks = std::mem::take(&mut state.callbacks);
            drop(state);
            outside(|| callbacks.into_iter().for_each(|(_, callback)| contained(|| callback(outcome))));
            state = lock(&self.state);
        }
        state
    }

    /// The deadline has passed: completes the task with that error and asks a running one to stop.
    pub(crate) fn expire(&self) {
        self.control.set_cancelled();
        let stop = lock(&self.state).stop.take();
        self.finish(Err(TaskError::DeadlineExceeded), None);
        if let Some(stop) = stop {
            stop();
        }
    }

    /// Runs `callback` when the task is done, at once if it is; the key takes it back.
    ///
    /// Never called after `take`: the owner of the handle does both.
    pub(crate) fn on_done(&self, callback: Callback<T>) -> u64 {
        let mut state = lock(&self.state);
        let key = state.keys;
        state.keys += 1;
        state.callbacks.push((key, callback));
        if state.stage != Stage::Done || state.lent {
            return key;
        }
        let outcome = state.outcome.take().expect("the owner takes the outcome last");
        state.lent = true;
        let mut state = self.run_callbacks(state, &outcome);
        state.outcome = Some(outcome);
        state.lent = false;
        key
    }

    /// Takes a callback back, unless it has been called.
    pub(crate) fn forget(&self, key: u64) {
        let mut state = lock(&self.state);
        let place = state.callbacks.iter().position(|(known, _)| *known == key);
        let callback = place.map(|place| state.callbacks.remove(place));
        drop(state);
        drop(callback);
    }

    /// The outcome, once: whoever calls this owns the handle and has seen `is_done`.
    pub(crate) fn take(&self) -> (Result<T, TaskError>, Option<Timing>) {
        let mut state = lock(&self.state);
        let timing = state.timing.take();
        (state.outcome.take().expect("the outcome is taken once, after it is done"), timing)
    }

    pub(crate) fn is_error(&self) -> bool {
        lock(&self.state).failed
    }

    /// Blocks this thread until the task is done or `limit` has passed.
    pub(crate) fn park(&self, limit: Option<Instant>) {
        let mut state = lock(&self.state);
        state.parked += 1;
        while state.stage != Stage::Done {
            state = match limit {
                None => self.ready.wait(state).expect("nothing poisons this lock"),
                Some(limit) => {
                    let now = Instant::now();
                    if now >= limit {
                        break;
                    }
                    self.ready.wait_timeout(state, limit - now).expect("nothing poisons this lock").0
                }
            };
        }
        state.parked -= 1;
    }

    pub(crate) fn poll(&self, waker: &Waker) -> Poll<()> {
        if self.control.expired() {
            self.expire();
        }
        let state = lock(&self.state);
        if state.stage == Stage::Done {
            return Poll::Ready(());
        }
        if state.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return Poll::Pending;
        }
        drop(state);
        // Cloning and dropping a waker is the code of a runtime, so it happens without the lock.
        let waker = waker.clone();
        let mut state = lock(&self.state);
        if state.stage == Stage::Done {
            return Poll::Ready(());
        }
        let former = state.waker.replace(waker);
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl<T: Send + 'static> Controlled for Shared<T> {
    fn control(&self) -> &Control {
        &self.control
    }

    fn cancel(&self) -> bool {
        self.control.set_cancelled();
        let mut state = lock(&self.state);
        match state.stage {
            Stage::Queued => {
                self.publish(state, Err(TaskError::Cancelled), None);
                true
            }
            Stage::Running => {
                let stop = state.stop.take();
                drop(state);
                stop.is_some_and(|stop| stop())
            }
            Stage::Finishing | Stage::Done => false,
        }
    }
}

impl<T: Send + 'static> OnCancel for Shared<T> {
    fn on_cancel(&self, _: Option<&std::borrow::Cow<'static, str>>) {
        self.cancel();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Handle, Until, wait};

    #[test]
    fn a_wait_that_ends_leaves_no_callback_behind() {
        let (handle, _completer) = Handle::<u32>::pair("slow", &Options::new());
        let handles = [handle];
        handles[0].on_done(|_| ());
        for _ in 0..100 {
            assert_eq!(wait(&handles, Until::First, Some(Duration::ZERO)).pending, [0]);
        }
        assert_eq!(lock(&handles[0].shared.state).callbacks.len(), 1, "the test's own is still there");
    }
}
