//! What the program's threads and the driver share: the queue, and the pool's fate.
//!
//! Threads of the program put calls in and say what they want; the driver, which alone talks to workers, does it.
//! No lock is held while a job is begun, completed or failed, for that may run callbacks, and callbacks may submit.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use par_core::plumbing::{Job, help_for};
use par_core::{Counter, Level, Metrics, Priority, Shutdown, ShutdownTimedOut, SubmitError};

use super::builder::Settings;
use super::call::Call;
use super::{NAME, on_driver};

/// A worker of another executor that waits for room looks so often, between jobs of its own executor.
const HELP: Duration = Duration::from_millis(1);
/// Whoever waits for the driver looks so often; the driver also says when there is something to see.
const LOOK: Duration = Duration::from_millis(5);

pub(super) struct Shared {
    this: Weak<Self>,
    pub(super) settings: Settings,
    pub(super) workers: NonZeroUsize,
    pub(super) metrics: Metrics,
    state: Mutex<State>,
    /// Room in the queue.
    space: Condvar,
    /// Nothing unfinished, another worker ready, the end: whatever a thread of the program waits for.
    pub(super) changed: Condvar,
    driver: OnceLock<Thread>,
    next_id: AtomicU64,
}

#[derive(Default)]
pub(super) struct State {
    /// High, normal, low.
    lanes: [VecDeque<Call>; 3],
    /// Tasks that were taken and have no outcome.
    pub(super) unfinished: usize,
    /// Calls that workers hold.
    pub(super) held: usize,
    /// Workers that can be given calls.
    pub(super) ready: usize,
    /// Threads that wait for room.
    submitters: usize,
    pub(super) closing: Option<Level>,
    /// The program is done: the workers may go.
    pub(super) quit: bool,
    pub(super) broken: Option<String>,
    /// Calls whose handles want them stopped.
    pub(super) stops: Vec<u64>,
}

impl State {
    pub(super) fn queued(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    fn push(&mut self, call: Call) {
        self.lanes[lane(call.priority)].push_back(call);
    }

    pub(super) fn push_front(&mut self, call: Call) {
        self.lanes[lane(call.priority)].push_front(call);
    }

    fn pop(&mut self) -> Option<Call> {
        self.lanes.iter_mut().find_map(VecDeque::pop_front)
    }

    /// Everything that is queued and answers to `wanted`.
    pub(super) fn take_if(&mut self, wanted: impl Fn(&Call) -> bool) -> Vec<Call> {
        let mut taken = Vec::new();
        for lane in &mut self.lanes {
            if lane.iter().any(&wanted) {
                let (theirs, others): (Vec<Call>, Vec<Call>) =
                    std::mem::take(lane).into_iter().partition(&wanted);
                *lane = others.into();
                taken.extend(theirs);
            }
        }
        taken
    }
}

fn lane(priority: Priority) -> usize {
    match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

impl Shared {
    pub(super) fn new(settings: Settings, workers: NonZeroUsize) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            settings,
            workers,
            metrics: Metrics::new(workers.get() + 1),
            state: Mutex::default(),
            space: Condvar::new(),
            changed: Condvar::new(),
            driver: OnceLock::new(),
            next_id: AtomicU64::new(1),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The metrics' shard of callers.
    pub(super) fn callers(&self) -> usize {
        self.workers.get()
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// This thread is the driver.
    pub(super) fn set_driver(&self) {
        let _ = self.driver.set(std::thread::current());
    }

    pub(super) fn wake_driver(&self) {
        if let Some(driver) = self.driver.get() {
            driver.unpark();
        }
    }

    /// Takes a job; blocks while the queue is full, unless this is the driver, in a callback.
    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let call = Call::own(self.next_id(), job, self.settings.retries);
        let refused = self.enqueue(call).err();
        // A refused job is dropped here, outside the lock: that completes a handle, and may run callbacks.
        refused.map_or(Ok(()), |refused| {
            let (call, error) = *refused;
            drop(call);
            Err(error)
        })
    }

    fn enqueue(&self, call: Call) -> Result<(), Box<(Call, SubmitError)>> {
        let bound = self.settings.queue_bound;
        let mut state = self.state();
        loop {
            if let Some(error) = refusal(&state) {
                return Err(Box::new((call, error)));
            }
            if state.queued() < bound || on_driver() {
                break;
            }
            drop(state);
            // A worker of another executor keeps that one going meanwhile, so two that fill each other's queues go on.
            let has_room = || self.state().queued() < bound;
            let helped = help_for(HELP, &has_room);
            state = self.state();
            if state.queued() < bound || refusal(&state).is_some() || (helped && !call.is_overdue()) {
                continue;
            }
            let left = call.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Box::new((call, SubmitError::DeadlineExceeded { executor: NAME.to_owned() })));
            }
            state.submitters += 1;
            let nap = left.map_or(LOOK, |left| left.min(LOOK));
            state = self.space.wait_timeout(state, nap).unwrap_or_else(PoisonError::into_inner).0;
            state.submitters -= 1;
        }
        self.metrics.add(self.callers(), Counter::Submitted, 1);
        state.unfinished += 1;
        state.push(call);
        drop(state);
        self.wake_driver();
        Ok(())
    }

    /// Takes a call that a task submitted: never blocks, so that nesting cannot deadlock.
    ///
    /// The last comes first: a tree of tasks is walked in depth, so that it needs no more stack than it is deep.
    pub(super) fn take_forwarded(&self, call: Call) {
        self.metrics.add(self.callers(), Counter::Submitted, 1);
        let mut state = self.state();
        state.unfinished += 1;
        state.push_front(call);
    }

    /// The call that goes next.
    pub(super) fn pop(&self) -> Option<Call> {
        let mut state = self.state();
        let call = state.pop()?;
        let waited_for = state.submitters > 0;
        drop(state);
        if waited_for {
            self.space.notify_one();
        }
        Some(call)
    }

    /// Tells the handle how its call is stopped, once it was given to a worker.
    pub(super) fn hook(&self, call: &mut Call) {
        if let Some(job) = call.job().filter(|_| !call.hooked) {
            let (shared, id) = (self.this.clone(), call.id);
            job.on_stop(Box::new(move || {
                if let Some(shared) = shared.upgrade() {
                    shared.state().stops.push(id);
                    shared.wake_driver();
                }
                // Only the worker knows whether it has begun, and it is a message away.
                false
            }));
            call.hooked = true;
        }
    }

    /// Counts calls that have their outcome, and says how many workers hold.
    pub(super) fn settled(&self, calls: usize, held: usize) {
        let mut state = self.state();
        state.unfinished -= calls;
        state.held = held;
        if state.unfinished == 0 {
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Everybody who waits looks again.
    pub(super) fn notify(&self) {
        self.space.notify_all();
        self.changed.notify_all();
    }

    /// Takes no more tasks, and ends those that there are as hard as `how` says; the driver does that.
    pub(super) fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        let begun = Instant::now();
        {
            let mut state = self.state();
            state.closing = Some(state.closing.map_or(how.level, |known| known.max(how.level)));
        }
        self.notify();
        self.wake_driver();
        if self.wait_for(begun.checked_add(how.timeout), |state| state.unfinished == 0) {
            return Ok(());
        }
        let running = self.state().held;
        Err(ShutdownTimedOut { executor: NAME.to_owned(), running, waited: begun.elapsed() })
    }

    /// Waits until something is so; `false` when the time is up, or at once on the driver, which must not wait.
    pub(super) fn wait_for(&self, until: Option<Instant>, is_so: impl Fn(&State) -> bool) -> bool {
        let mut state = self.state();
        loop {
            if is_so(&state) {
                return true;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if on_driver() || left.is_some_and(|left| left.is_zero()) {
                return false;
            }
            let nap = left.map_or(LOOK, |left| left.min(LOOK));
            state = self.changed.wait_timeout(state, nap).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Why nothing more is taken.
fn refusal(state: &State) -> Option<SubmitError> {
    if let Some(reason) = &state.broken {
        return Some(SubmitError::Broken { executor: NAME.to_owned(), reason: reason.clone() });
    }
    let closed = state.closing.is_some() || state.quit;
    closed.then(|| SubmitError::ShutDown { executor: NAME.to_owned() })
}
