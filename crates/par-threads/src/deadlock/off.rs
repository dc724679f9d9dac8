//! Nothing: what the locks call when the explainer is not compiled in.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use super::{Kind, Mode};

/// A lock that nobody watches: no field, no code.
pub(crate) struct Tracked;

/// A hold that nobody records.
pub(crate) struct Hold<'a>(PhantomData<&'a Tracked>);

/// A lock that is about to be taken again, which nobody records either.
pub(crate) struct Relock;

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl Tracked {
    #[inline]
    pub(crate) const fn new(_: Kind) -> Self {
        Self
    }

    /// Takes the lock by `block`.
    #[inline]
    pub(crate) fn acquire<G>(
        &self,
        _: Mode,
        _: impl FnOnce() -> Option<G>,
        block: impl FnOnce() -> G,
    ) -> (Hold<'_>, G) {
        (Hold(PhantomData), block())
    }

    /// Takes the lock by `block`.
    #[inline]
    pub(crate) fn acquire_behind<G>(
        &self,
        _: Mode,
        _: impl FnOnce() -> Option<G>,
        _: impl FnMut(Duration) -> Option<G>,
        block: impl FnOnce() -> G,
    ) -> (Hold<'_>, G) {
        (Hold(PhantomData), block())
    }

    /// Takes the lock if `attempt` does.
    #[inline]
    pub(crate) fn attempt<G>(&self, _: Mode, attempt: impl FnOnce() -> Option<G>) -> Option<(Hold<'_>, G)> {
        Some((Hold(PhantomData), attempt()?))
    }

    /// Begins to wait.
    #[inline]
    pub(crate) fn asleep(&self, _: Option<Instant>, _: &'static str) -> Asleep {
        Asleep
    }

    /// Notes that permits are about to be given back by hand.
    #[inline]
    pub(crate) fn by_hand(&self) {}

    /// Takes the lock if `attempt` does.
    #[inline]
    pub(crate) fn attempt_ahead<G>(
        &self,
        mode: Mode,
        attempt: impl FnOnce() -> Option<G>,
    ) -> Option<(Hold<'_>, G)> {
        self.attempt(mode, attempt)
    }
}

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl Hold<'_> {
    /// The lock is about to be free.
    #[inline]
    pub(crate) fn release(self) {}

    /// The permit is given away.
    #[inline]
    pub(crate) fn forget(self) {}

    /// Runs `f`, which releases the lock and takes it again.
    #[inline]
    pub(crate) fn released<R>(&self, f: impl FnOnce(&Relock) -> R) -> R {
        f(&Relock)
    }

    #[inline]
    pub(crate) fn become_mode(self, _: Mode) -> Self {
        self
    }

    /// Upgrades by `block`.
    #[inline]
    pub(crate) fn upgrade<U, W>(
        self,
        inner: U,
        _: impl FnOnce(U) -> Result<W, U>,
        block: impl FnOnce(U) -> W,
    ) -> (Self, W) {
        let upgraded = block(inner);
        (self, upgraded)
    }

    /// Upgrades if `attempt` does.
    #[inline]
    pub(crate) fn try_upgrade<W, U>(self, attempt: impl FnOnce() -> Result<W, U>) -> (Self, Result<W, U>) {
        let attempt = attempt();
        (self, attempt)
    }
}

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl Relock {
    /// From here on it may block.
    #[inline]
    pub(crate) fn begin(&self) {}

    /// From here on it may block, at first with a timeout.
    #[inline]
    pub(crate) fn begin_timed(&self) {}
}

/// A thread that nobody watches.
#[derive(Clone)]
pub(crate) struct ThreadMark;

/// A wait for threads, which nobody records.
pub(crate) struct Joining;

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl ThreadMark {
    #[inline]
    pub(crate) fn new(_: &str) -> Self {
        Self
    }

    /// This thread is the one.
    #[inline]
    pub(crate) fn adopt(&self) {}

    /// Begins to wait for all of these threads.
    #[inline]
    pub(crate) fn joining(_: impl Fn() -> Vec<Self> + Send + 'static) -> Joining {
        Joining
    }

    /// A thread of this scope.
    #[inline]
    pub(crate) fn listed(&self, _: u64) -> Listed {
        Listed
    }
}

/// A thread's place on a list that nobody keeps.
pub(crate) struct Listed;

impl Listed {
    /// The thread ends.
    #[inline]
    #[expect(clippy::unused_self, reason = "the other implementation uses it")]
    pub(crate) fn end(self) {}
}

/// The end of a scope, which nobody records.
pub(crate) struct ScopeEnd;

/// What runs in a scope.
pub(crate) struct Ending;

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl ScopeEnd {
    #[inline]
    pub(crate) const fn new(_: u64) -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn ending(&self) -> Ending {
        Ending
    }
}

/// A wait that nobody records.
pub(crate) struct Asleep;

/// A condition variable whose notifications nobody counts.
#[derive(Default)]
pub(crate) struct Notices;

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl Notices {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self
    }

    /// Somebody notifies, now.
    #[inline]
    pub(crate) fn add(&self) {}

    /// Waits by `sleep`, without a limit.
    #[inline]
    pub(crate) fn wait(&self, _: &Relock, sleep: impl FnOnce(Option<Duration>) -> bool) {
        sleep(None);
    }
}

/// A barrier whose parties nobody knows.
pub(crate) struct Roll;

/// A membership that nobody records.
pub(crate) struct Member;

/// An arrival that nobody records.
pub(crate) struct Came;

#[expect(clippy::unused_self, reason = "the other implementation uses it")]
impl Roll {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self
    }

    /// Somebody has become a member.
    #[inline]
    pub(crate) fn enrol(&self) -> Member {
        Member
    }

    /// A member has left.
    #[inline]
    pub(crate) fn strike(&self, _: &Member) {}

    /// This thread has come.
    #[inline]
    pub(crate) fn came(&self, _: Option<&Member>, _: usize, _: Option<Instant>) -> Came {
        Came
    }

    /// The phase is over.
    #[inline]
    pub(crate) fn phase_ended(&self) {}
}

impl Came {
    /// Begins to wait for the others, which may always end.
    #[inline]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the other implementation is no constant"
    )]
    pub(crate) fn wait(self, _: Option<Instant>) -> Option<Asleep> {
        Some(Asleep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Condvar, OwnedPermit, Party, Permit};

    #[test]
    fn nothing_takes_no_room() {
        let watched = size_of::<(Tracked, Hold<'_>, Notices, Roll, Member)>();
        let waits = size_of::<(ThreadMark, Joining, Listed, ScopeEnd, Ending, Asleep, Came, Relock)>();
        assert_eq!((watched, waits), (0, 0));
        assert_eq!(size_of::<Condvar>(), size_of::<parking_lot::Condvar>());
        assert_eq!(size_of::<Permit<'_>>(), size_of::<usize>());
        assert_eq!(size_of::<OwnedPermit>(), 2 * size_of::<usize>());
        assert_eq!(size_of::<Party<'_>>(), 2 * size_of::<usize>());
    }
}
