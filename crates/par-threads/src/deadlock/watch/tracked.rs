//! What the locks call.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::announce::announce;
use super::order;
use super::resource::Resource;
use super::thread::{self, ThreadRecord};
use super::waits::{Target, Waiting};
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
        let Some(thread) = thread::here() else { return (self.unknown(mode), block()) };
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
        let Some(thread) = thread::here() else { return (self.unknown(mode), block()) };
        let guard = if let Some(guard) = now() {
            guard
        } else {
            let mut waiting = wait(&thread, self.target(mode), at);
            let breaks = !std::thread::panicking();
            loop {
                let begun = self.resource().begin_slice();
                if let Some(guard) = slice(SLICE) {
                    break guard;
                }
                let stands_behind = self.resource().end_slice(begun);
                if let Some(report) = stands_behind.and_then(|slice| waiting.stands_behind(slice, breaks)) {
                    announce(&report);
                    assert!(!breaks, "{report}");
                    break block();
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
        let hold = thread::here().map_or_else(|| self.unknown(mode), |thread| self.taken(thread, mode, at));
        Some((hold, guard))
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

    fn unknown(&self, mode: Mode) -> Hold<'_> {
        Hold { tracked: self, mode, thread: None }
    }

    fn taken(&self, thread: Arc<ThreadRecord>, mode: Mode, at: &'static Location<'static>) -> Hold<'_> {
        self.write_down(&thread, mode, at);
        Hold { tracked: self, mode, thread: Some(thread) }
    }

    fn write_down(&self, thread: &Arc<ThreadRecord>, mode: Mode, at: &'static Location<'static>) {
        thread.hold(self.resource(), mode, at);
        self.resource().hold(thread, mode);
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

impl Hold<'_> {
    /// The lock is about to be free.
    pub(crate) fn release(self) {
        drop(self);
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
            self.tracked.write_down(thread, mode, at);
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
        self.tracked.resource().release(thread, self.mode);
        thread.release(self.tracked.resource(), self.mode)
    }
}

/// Written down as waiting; panics if that would never end, or only says so if the thread panics already.
#[track_caller]
pub(super) fn wait(thread: &Arc<ThreadRecord>, target: Target, at: &'static Location<'static>) -> Waiting {
    let breaks = !std::thread::panicking();
    let (waiting, report) = Waiting::begin(thread, target, at, breaks);
    if let Some(report) = report {
        announce(&report);
        assert!(!breaks, "{report}");
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
        let Some(thread) = &self.hold.thread else { return };
        let (waiting, report) =
            Waiting::begin(thread, self.hold.tracked.target(self.hold.mode), self.at, false);
        *self.waiting.borrow_mut() = Some(waiting);
        report.iter().for_each(announce);
    }
}

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        let Some(thread) = &self.hold.thread else { return };
        self.waiting.take();
        let Hold { tracked, mode, .. } = *self.hold;
        order::note(thread, tracked.resource(), mode, self.at);
        tracked.write_down(thread, mode, self.at);
    }
}
