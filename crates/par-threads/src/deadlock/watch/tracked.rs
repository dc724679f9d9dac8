//! What the locks call.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::announce::announce;
use super::order;
use super::resource::Resource;
use super::target::Target;
use super::thread::{self, ThreadRecord};
use super::waits::{Hopeless, Waiting};
use crate::deadlock::{Kind, Mode};

/// How long a reader waits before it sees whether a writer that waits will ever be done.
const SLICE: Duration = Duration::from_millis(100);

/// A lock that is watched: its number and its holders, from its first use on.
pub(crate) struct Tracked {
    kind: Kind,
    resource: OnceLock<Arc<Resource>>,
}

/// A hold that is written down until this is dropped.
pub(crate) struct Hold<'a> {
    tracked: &'a Tracked,
    mode: Mode,
    /// `None`: taken while the thread ended, and not written down.
    thread: Option<Arc<ThreadRecord>>,
    at: &'static Location<'static>,
    /// How many of the thread's waits lie below it.
    above: usize,
}

/// A wait for something that anybody may bring about, written down until this is dropped.
pub(crate) struct Asleep {
    _waiting: Option<Waiting>,
}

/// A lock that is given back, and about to be taken again.
pub(crate) struct Relock<'a> {
    hold: &'a Hold<'a>,
    at: &'static Location<'static>,
    waiting: RefCell<Option<Waiting>>,
}

impl Tracked {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind, resource: OnceLock::new() }
    }

    /// Takes the lock: by `now`, or else by `block`, if that can end.
    #[track_caller]
    pub(crate) fn acquire<G>(
        &self,
        mode: Mode,
        now: impl FnOnce() -> Option<G>,
        block: impl FnOnce() -> G,
    ) -> (Hold<'_>, G) {
        let at = Location::caller();
        let Some(thread) = thread::here() else { return (self.unknown(mode, at), block()) };
        let guard = if let Some(guard) = now() {
            guard
        } else {
            let _waiting = wait(&thread, self.target(mode), at);
            block()
        };
        (self.taken_in_order(thread, mode, at), guard)
    }

    /// Takes the lock in a mode in which writers that wait are let in first: by `now`, or else by `slice`, repeated.
    #[track_caller]
    pub(crate) fn acquire_behind<G>(
        &self,
        mode: Mode,
        now: impl FnOnce() -> Option<G>,
        mut slice: impl FnMut(Duration) -> Option<G>,
        block: impl FnOnce() -> G,
    ) -> (Hold<'_>, G) {
        let at = Location::caller();
        let Some(thread) = thread::here() else { return (self.unknown(mode, at), block()) };
        let guard = if let Some(guard) = now() {
            guard
        } else {
            let mut waiting = wait(&thread, self.target(mode), at);
            loop {
                let begun = self.resource().begin_slice();
                if let Some(guard) = slice(SLICE) {
                    break guard;
                }
                let stands_behind = self.resource().end_slice(begun);
                if let Some(report) = stands_behind.and_then(|slice| waiting.stands_behind(slice)) {
                    announce(&report);
                    if std::thread::panicking() {
                        break block();
                    }
                    panic!("{report}");
                }
            }
        };
        (self.taken_in_order(thread, mode, at), guard)
    }

    /// Takes the lock if `attempt` does; it may wait, but not for ever.
    #[track_caller]
    pub(crate) fn attempt<G>(
        &self,
        mode: Mode,
        attempt: impl FnOnce() -> Option<G>,
    ) -> Option<(Hold<'_>, G)> {
        let at = Location::caller();
        let guard = attempt()?;
        let hold =
            thread::here().map_or_else(|| self.unknown(mode, at), |thread| self.taken(thread, mode, at));
        Some((hold, guard))
    }

    /// Begins to wait, without a lock to get, for something that anybody may bring about; `what` of it, in a word.
    ///
    /// A wait with a deadline ends by itself.
    #[track_caller]
    pub(crate) fn asleep(&self, deadline: Option<Instant>, what: &'static str) -> Asleep {
        let thread = if deadline.is_none() { thread::here() } else { None };
        let Some(thread) = thread else { return Asleep::unknown() };
        let target = Target::Anything { resource: Arc::clone(self.resource()), what };
        Asleep::known(Waiting::begin(&thread, target, Location::caller(), Hopeless::Wait).0)
    }

    /// Notes that permits are about to be given back by hand.
    pub(crate) fn by_hand(&self) {
        self.resource().set_mobile();
    }

    /// As [`attempt`](Self::attempt), for a writer, which keeps readers out while it waits.
    #[track_caller]
    pub(crate) fn attempt_ahead<G>(
        &self,
        mode: Mode,
        attempt: impl FnOnce() -> Option<G>,
    ) -> Option<(Hold<'_>, G)> {
        self.attempt(mode, || self.resource().timed(attempt))
    }

    pub(super) fn resource(&self) -> &Arc<Resource> {
        self.resource.get_or_init(|| Resource::new(self.kind))
    }

    fn target(&self, mode: Mode) -> Target {
        Target::Lock { resource: Arc::clone(self.resource()), mode, behind: None }
    }

    fn unknown(&self, mode: Mode, at: &'static Location<'static>) -> Hold<'_> {
        Hold { tracked: self, mode, thread: None, at, above: 0 }
    }

    fn taken(&self, thread: Arc<ThreadRecord>, mode: Mode, at: &'static Location<'static>) -> Hold<'_> {
        let above = thread.waits();
        self.write_down(&thread, mode, at, above);
        Hold { tracked: self, mode, thread: Some(thread), at, above }
    }

    fn write_down(
        &self,
        thread: &Arc<ThreadRecord>,
        mode: Mode,
        at: &'static Location<'static>,
        above: usize,
    ) {
        thread.hold(self.resource(), mode, at);
        self.resource().hold(thread, mode, above);
    }

    /// As [`taken`](Self::taken), after a wait that might have lasted for ever.
    fn taken_in_order(
        &self,
        thread: Arc<ThreadRecord>,
        mode: Mode,
        at: &'static Location<'static>,
    ) -> Hold<'_> {
        order::note(&thread, self.resource(), mode, at);
        self.taken(thread, mode, at)
    }
}

impl Asleep {
    pub(super) const fn known(waiting: Waiting) -> Self {
        Self { _waiting: Some(waiting) }
    }

    /// It ends by itself, or on a thread that ends.
    pub(super) const fn unknown() -> Self {
        Self { _waiting: None }
    }
}

impl Hold<'_> {
    /// The lock is about to be free.
    pub(crate) fn release(self) {
        drop(self);
    }

    /// The permit is given away, and will be given back by hand, if at all.
    pub(crate) fn forget(self) {
        self.tracked.by_hand();
    }

    /// Runs `f`, which releases the lock and takes it again; it says when it begins to wait for that.
    #[track_caller]
    pub(crate) fn released<R>(&self, f: impl FnOnce(&Relock<'_>) -> R) -> R {
        self.strike_out();
        let relock = Relock { hold: self, at: Location::caller(), waiting: RefCell::new(None) };
        f(&relock)
    }

    /// Goes on in another mode; the lock was never free in between.
    pub(crate) fn become_mode(mut self, mode: Mode) -> Self {
        let at = self.strike_out();
        self.mode = mode;
        if let (Some(thread), Some(at)) = (&self.thread, at) {
            self.tracked.write_down(thread, mode, at, self.above);
        }
        self
    }

    /// Upgrades: by `now`, or else by `block`, if that can end.
    #[track_caller]
    pub(crate) fn upgrade<U, W>(
        self,
        inner: U,
        now: impl FnOnce(U) -> Result<W, U>,
        block: impl FnOnce(U) -> W,
    ) -> (Self, W) {
        let at = Location::caller();
        let guard = match (now(inner), &self.thread) {
            (Ok(guard), _) => guard,
            (Err(inner), None) => block(inner),
            (Err(inner), Some(thread)) => {
                let _waiting = wait(thread, self.tracked.target(Mode::Upgrade), at);
                block(inner)
            }
        };
        if let Some(thread) = &self.thread {
            order::note(thread, self.tracked.resource(), Mode::Upgrade, at);
        }
        (self.become_mode(Mode::Exclusive), guard)
    }

    /// Upgrades if `attempt` does; it may keep readers out while it waits.
    pub(crate) fn try_upgrade<W, U>(self, attempt: impl FnOnce() -> Result<W, U>) -> (Self, Result<W, U>) {
        let upgraded = self.tracked.resource().timed(attempt);
        let hold = if upgraded.is_ok() { self.become_mode(Mode::Exclusive) } else { self };
        (hold, upgraded)
    }

    /// The line that took the lock first, if it was written down.
    fn strike_out(&self) -> Option<&'static Location<'static>> {
        let thread = self.thread.as_ref()?;
        self.tracked.resource().release(thread, self.mode, self.above);
        thread.release(self.tracked.resource(), self.mode, self.at)
    }
}

/// Written down as waiting; panics if that would never end, or only says so if the thread panics already.
#[track_caller]
pub(super) fn wait(thread: &Arc<ThreadRecord>, target: Target, at: &'static Location<'static>) -> Waiting {
    let hopeless = Hopeless::panics();
    let (waiting, report) = Waiting::begin(thread, target, at, hopeless);
    if let Some(report) = report {
        announce(&report);
        assert!(hopeless == Hopeless::Wait, "{report}");
    }
    waiting
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.strike_out();
    }
}

impl Relock<'_> {
    /// From here on it may block. A deadlock is reported only: whatever comes, the lock must be taken again.
    pub(crate) fn begin(&self) {
        self.begin_for(self.hold.tracked.target(self.hold.mode));
    }

    /// As [`begin`](Self::begin), with a notification or a timeout before that.
    pub(crate) fn begin_timed(&self) {
        self.begin_notified(None);
    }

    /// As [`begin`](Self::begin), with a notification before that, for which nothing but `condvar` stands if there is one.
    pub(super) fn begin_notified(&self, condvar: Option<Arc<Resource>>) {
        let Hold { tracked, mode, .. } = *self.hold;
        self.begin_for(Target::Notice { mutex: Arc::clone(tracked.resource()), mode, condvar });
    }

    fn begin_for(&self, target: Target) {
        let Some(thread) = &self.hold.thread else { return };
        let (waiting, report) = Waiting::begin(thread, target, self.at, Hopeless::Wait);
        *self.waiting.borrow_mut() = Some(waiting);
        report.iter().for_each(announce);
    }
}

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        let Some(thread) = &self.hold.thread else { return };
        self.waiting.take();
        let Hold { tracked, mode, above, .. } = *self.hold;
        order::note(thread, tracked.resource(), mode, self.at);
        tracked.write_down(thread, mode, self.at, above);
    }
}
