//! Nothing: what the locks call when the explainer is not compiled in.

use std::marker::PhantomData;
use std::time::Duration;

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

impl Relock {
    /// From here on it may block.
    #[inline]
    #[expect(clippy::unused_self, reason = "the other implementation uses it")]
    pub(crate) fn begin(&self) {}
}

/// A thread that nobody watches.
#[derive(Clone, Default)]
pub(crate) struct ThreadMark;

/// A wait for threads, which nobody records.
pub(crate) struct Joining;

#[expect(dead_code, clippy::unused_self, reason = "for the joins of threads of our own")]
impl ThreadMark {
    #[inline]
    pub(crate) fn new() -> Self {
        Self
    }

    /// This thread is the one.
    #[inline]
    pub(crate) fn adopt(&self) {}

    /// Begins to wait for all of these threads.
    #[inline]
    pub(crate) fn joining(_: Vec<Self>) -> Joining {
        Joining
    }
}
