//! What all threads of a pool share: the queue, and who works for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use par_core::plumbing::{Job, Ran, help_for};
use par_core::{Counter, Level, Metrics, SubmitError, TaskError, WorkerLost};

use super::bell::Bell;
use super::call::Call;
use super::central::{Central, Place};
use super::on_pool_thread;
use super::peer::{Peer, Standing};
use crate::config::Builder;
use crate::event::{EventLog, KillReason};
use crate::wire::Message;

pub(crate) const NAME: &str = "process-pool";

/// A call that was sent so long ago and is not begun may be taken to an idle worker.
pub(super) const STALE: Duration = Duration::from_millis(2);
/// A worker of another executor that waits for room looks so often, between jobs of its own executor.
const HELP: Duration = Duration::from_millis(1);

/// What all threads of a pool share.
pub(crate) struct Shared {
    /// Itself, for closures that outlive a borrow.
    pub(super) this: Weak<Self>,
    pub(crate) config: Builder,
    pub(crate) metrics: Metrics,
    pub(crate) events: EventLog,
    pub(super) bell: Bell,
    central: Mutex<Central>,
    /// Room in the queue.
    space: Condvar,
    /// Nothing unfinished, no process left, all ready: whatever a user's thread waits for.
    pub(super) changed: Condvar,
    roster: Mutex<Vec<Place>>,
    next_id: AtomicU64,
    born: Instant,
    /// When the supervisor looks next, in nanoseconds since `born`.
    pub(super) looks_at: AtomicU64,
}

/// The call is not in the hands of that worker.
struct NotHere;

impl Shared {
    pub(super) fn new(config: Builder) -> std::io::Result<Arc<Self>> {
        let bell = Bell::new()?;
        let workers = config.workers;
        let hook = config.hook.clone();
        Ok(Arc::new_cyclic(|this| Self {
            this: this.clone(),
            metrics: Metrics::new(workers + 1),
            events: EventLog::new(hook),
            bell,
            central: Mutex::default(),
            space: Condvar::new(),
            changed: Condvar::new(),
            roster: Mutex::new((0..workers).map(|_| Place::default()).collect()),
            next_id: AtomicU64::new(1),
            born: Instant::now(),
            looks_at: AtomicU64::new(u64::MAX),
            config,
        }))
    }

    pub(super) fn central(&self) -> MutexGuard<'_, Central> {
        self.central.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn roster(&self) -> MutexGuard<'_, Vec<Place>> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The metrics' shard of callers.
    pub(crate) fn callers(&self) -> usize {
        self.config.workers
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether all processes are gone and none will come.
    pub(crate) fn is_over(&self) -> bool {
        let central = self.central();
        central.ending && central.alive == 0
    }

    /// All worker processes.
    pub(crate) fn peers(&self) -> Vec<Arc<Peer>> {
        self.roster().iter().flat_map(|place| place.current.iter().chain(&place.standby).cloned()).collect()
    }

    // Taking calls.

    /// Takes a job; blocks while the queue is full, unless this is a thread of the pool.
    pub(crate) fn submit(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let call = Call::own(self.next_id(), job, self.config.retries);
        let refused = self.enqueue(call).err();
        // A refused job is dropped here, outside the lock: that completes a handle, and may run callbacks.
        match refused {
            None => Ok(()),
            Some(refused) => {
                let (call, error) = *refused;
                drop(call);
                Err(error)
            }
        }
    }

    fn enqueue(&self, call: Call) -> Result<(), Box<(Call, SubmitError)>> {
        let mut central = self.central();
        loop {
            if let Some(reason) = &central.broken {
                let reason = reason.clone();
                return Err(Box::new((call, SubmitError::Broken { executor: NAME.to_owned(), reason })));
            }
            if central.closing.is_some() {
                return Err(Box::new((call, SubmitError::ShutDown { executor: NAME.to_owned() })));
            }
            if central.queued() < self.config.queue_bound || on_pool_thread() {
                break;
            }
            drop(central);
            // A worker of another executor keeps that one going meanwhile, so two that fill each other's queues go on.
            let is_full = || self.central().queued() >= self.config.queue_bound;
            let helped = help_for(HELP, &|| !is_full());
            central = self.central();
            // Looked at again before sleeping: what changed meanwhile has woken nobody.
            let changed = central.broken.is_some() || central.closing.is_some() || {
                central.queued() < self.config.queue_bound
            };
            if changed || (helped && !call.is_overdue()) {
                continue;
            }
            central.submitters += 1;
            let left = call.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                central.submitters -= 1;
                return Err(Box::new((call, SubmitError::DeadlineExceeded { executor: NAME.to_owned() })));
            }
            central = match left {
                None => self.space.wait(central).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.space.wait_timeout(central, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            central.submitters -= 1;
        }
        self.metrics.add(self.callers(), Counter::Submitted, 1);
        Self::take_in(central, call);
        Ok(())
    }

    /// Queues a call and wakes a worker for it.
    fn take_in(mut central: MutexGuard<'_, Central>, call: Call) {
        central.unfinished += 1;
        central.push(call);
        let hungry = central.pop_hungry();
        drop(central);
        if let Some(peer) = hungry {
            peer.wake();
        }
    }

    /// A worker holds more than it can be running: if another is idle, it is to look whether that goes on.
    pub(super) fn wake_idle(&self) {
        let idle = {
            let central = self.central();
            central.hungry.iter().find(|peer| peer.lock().flights.is_empty()).cloned()
        };
        if let Some(peer) = idle {
            peer.wake();
        }
    }

    /// Takes a call that a task submits: never blocks, and the error is for its handle there.
    pub(super) fn take_forwarded(&self, call: Call) -> Result<(), Box<(Call, TaskError)>> {
        let central = self.central();
        if let Some(reason) = &central.broken {
            let error = WorkerLost::because(call.name(), format!("the pool is broken: {reason}"));
            return Err(Box::new((call, TaskError::WorkerLost(error))));
        }
        if central.closing.is_some_and(|level| level >= Level::CancelQueued) {
            return Err(Box::new((call, TaskError::Cancelled)));
        }
        self.metrics.add(self.callers(), Counter::Submitted, 1);
        Self::take_in(central, call);
        Ok(())
    }

    /// The calls that a worker is sent next, at most `room`; when there are none it counts as hungry.
    pub(super) fn take(&self, peer: &Arc<Peer>, room: usize) -> Vec<Call> {
        let mut central = self.central();
        let queued = central.queued();
        if queued == 0 {
            if !central.hungry.iter().any(|known| Arc::ptr_eq(known, peer)) {
                central.hungry.push(Arc::clone(peer));
            }
            return Vec::new();
        }
        let fair = queued.div_ceil(self.config.workers);
        let calls: Vec<Call> = (0..room.min(fair)).map_while(|_| central.pop()).collect();
        let submitters = central.submitters;
        drop(central);
        if submitters > 0 {
            self.space.notify_all();
        }
        calls
    }

    /// Puts calls that a worker did not begin, or that are retried, in front of all others of their priority.
    pub(super) fn requeue(&self, calls: Vec<Call>) {
        if calls.is_empty() {
            return;
        }
        let mut central = self.central();
        let refuse =
            central.broken.is_some() || central.closing.is_some_and(|level| level >= Level::CancelQueued);
        if refuse {
            let reason = central.broken.clone();
            drop(central);
            self.fail_all(calls, reason.as_deref());
            return;
        }
        let mut hungry = Vec::new();
        for call in calls.into_iter().rev() {
            central.push_front(call);
            hungry.extend(central.pop_hungry());
        }
        drop(central);
        for peer in hungry {
            peer.wake();
        }
    }

    pub(super) fn not_hungry(&self, peer: &Arc<Peer>) {
        self.central().hungry.retain(|known| !Arc::ptr_eq(known, peer));
    }

    // Ending calls.

    /// Counts calls that have their outcome.
    pub(super) fn settled(&self, calls: usize) {
        if calls == 0 {
            return;
        }
        let mut central = self.central();
        central.unfinished -= calls;
        if central.unfinished == 0 {
            drop(central);
            self.changed.notify_all();
        }
    }

    /// Fails calls that will not run: cancelled, or because the pool is broken.
    pub(super) fn fail_all(&self, calls: Vec<Call>, broken: Option<&str>) {
        let count = calls.len();
        for call in calls {
            self.metrics.add_ran(self.callers(), &Ran::SKIPPED);
            let error = match broken {
                Some(reason) => TaskError::WorkerLost(WorkerLost::because(
                    call.name(),
                    format!("the pool is broken: {reason}"),
                )),
                None => call.stopped(),
            };
            call.fail(error);
        }
        self.settled(count);
    }

    /// A handle wants its call to stop; `true` if no worker has begun it, nor will.
    pub(super) fn stop(&self, id: u64, reason: KillReason) -> bool {
        for peer in self.peers() {
            if let Ok(call) = self.stop_at(&peer, id, reason) {
                let taken_back = call.is_some();
                self.fail_all(call.into_iter().collect(), None);
                return taken_back;
            }
        }
        // A call of this process that is queued needs nothing: it is dropped when its turn comes. A nested one does.
        let queued = self.central().take_one(id);
        let taken_back = queued.is_some();
        self.fail_all(queued.into_iter().collect(), None);
        taken_back
    }

    /// Stops a call that the peer may hold; yields the call if it had not begun.
    fn stop_at(&self, peer: &Peer, id: u64, reason: KillReason) -> Result<Option<Call>, NotHere> {
        let mut state = peer.lock();
        let place = state.flights.iter().position(|flight| flight.id == id).ok_or(NotHere)?;
        if peer.board.recall(state.flights[place].slot, id) {
            let flight = state.flights.remove(place);
            state.free.push(flight.slot);
            state.taken -= 1;
            drop(state);
            peer.wake();
            return Ok(flight.call);
        }
        if state.flights[place].stopping.is_none() {
            let now = Instant::now();
            let late = state.flights[place].deadline.is_some_and(|deadline| deadline <= now);
            let reason = if late { KillReason::Deadline } else { reason };
            let kill_at = now + self.config.cancel_grace;
            state.flights[place].stopping = Some((reason, kill_at));
            state.outbox.push(&Message::Cancel { id });
            drop(state);
            peer.wake();
            self.look_before(kill_at);
        }
        Ok(None)
    }

    /// Stops all calls that tasks of a dead worker had submitted.
    pub(super) fn stop_children(&self, peer: &Peer) {
        let (queued, submitted) = {
            let queued = self.central().take_from(peer);
            let nested: Vec<u64> = peer.lock().nested.drain().map(|(_, id)| id).collect();
            (queued, nested)
        };
        self.fail_all(queued, None);
        for id in submitted {
            self.stop(id, KillReason::Cancelled);
        }
    }

    /// Ends everything: no worker can be had any more.
    pub(super) fn break_down(&self, reason: &str) {
        let calls = {
            let mut central = self.central();
            if central.broken.is_some() {
                return;
            }
            central.broken = Some(reason.to_owned());
            central.ending = true;
            central.take_all()
        };
        self.space.notify_all();
        self.changed.notify_all();
        self.peers().iter().for_each(|peer| self.kill(peer, KillReason::Shutdown));
        self.bell.ring();
        self.fail_all(calls, Some(reason));
    }

    /// Ends a worker by force.
    pub(super) fn kill(&self, peer: &Peer, reason: KillReason) {
        if peer.lock().standing != Standing::Gone && peer.kill(reason) {
            self.events.record(peer.index, peer.pid, crate::event::WorkerEventKind::Killed(reason));
        }
    }

    /// Asks the supervisor for the worker that replaces one which has nearly run its share.
    pub(super) fn want_standby(&self, index: usize) {
        let mut roster = self.roster();
        if roster[index].standby.is_none() {
            roster[index].start_at = Some(Instant::now());
        }
        drop(roster);
        self.bell.ring();
    }

    pub(super) fn wake_submitters(&self) {
        self.space.notify_all();
    }

    /// Makes sure that the supervisor looks at its watch at that time.
    pub(super) fn look_before(&self, instant: Instant) {
        let due = instant.saturating_duration_since(self.born).as_nanos() as u64;
        if due < self.looks_at.load(Ordering::Acquire) {
            self.bell.ring();
        }
    }

    pub(super) fn set_looks_at(&self, instant: Option<Instant>) {
        let at = instant.map_or(u64::MAX, |at| at.saturating_duration_since(self.born).as_nanos() as u64);
        self.looks_at.store(at, Ordering::Release);
    }
}
