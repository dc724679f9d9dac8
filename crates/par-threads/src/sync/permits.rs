//! The count under both semaphores.
//!
//! One word: how many permits are free, times two, and [`WAITING`]. A permit is taken by whoever counts it down, never
//! handed over: a thread that comes at the right moment overtakes those that sleep. `release(n)` wakes up to `n` of them;
//! a sleeper whose permit was taken by a faster thread sleeps again, and that thread's release finds the bit still set.
//!
//! Taking a permit acquires, giving it back releases, and every change is a read-modify-write: so what was written before
//! *any* release is seen by whoever takes a permit after it.

use std::time::{Duration, Instant};

use super::gate::{Gate, WAITING};
use super::model::{AtomicUsize, Ordering, const_fn, look};
use super::permit::Permit;
use crate::deadlock::{Kind, Mode, Tracked};

/// One permit, in the word.
const ONE: usize = WAITING << 1;

/// The most permits that fit beside the bit.
pub(super) const MAX: usize = usize::MAX / ONE;

pub(super) struct Permits {
    tracked: Tracked,
    word: AtomicUsize,
    /// There are never more free permits than this.
    limit: usize,
    gate: Gate,
}

impl Permits {
    const_fn! {
        /// `free` is at most `limit`, which is at most [`MAX`].
        pub(super) fn new(free: usize, limit: usize) -> Permits {
            let tracked = Tracked::new(Kind::Semaphore { permits: free });
            Permits { tracked, word: AtomicUsize::new(free * ONE), limit, gate: Gate::new() }
        }
    }

    /// Waits for a permit.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn acquire(&self) -> Permit<'_> {
        let now = || self.try_take().then_some(());
        let (hold, ()) = self.tracked.acquire(Mode::Exclusive, now, || {
            self.wait_until(None);
        });
        Permit::taken(self, hold)
    }

    /// Takes a permit if there is one.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn try_acquire(&self) -> Option<Permit<'_>> {
        let (hold, ()) = self.tracked.attempt(Mode::Exclusive, || self.try_take().then_some(()))?;
        Some(Permit::taken(self, hold))
    }

    /// Waits for a permit, and at most so long.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        // Who need not wait asks no clock.
        if let Some(permit) = self.try_acquire() {
            return Some(permit);
        }
        let Some(deadline) = Instant::now().checked_add(timeout) else { return Some(self.acquire()) };
        let attempt = || self.wait_until(Some(deadline)).then_some(());
        let (hold, ()) = self.tracked.attempt(Mode::Exclusive, attempt)?;
        Some(Permit::taken(self, hold))
    }

    #[inline]
    fn try_take(&self) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word >= ONE {
            match self.word.compare_exchange_weak(word, word - ONE, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Every wait for a permit ends here; `false`: `deadline` has passed first.
    #[cold]
    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        look(deadline, || self.try_take()) || self.gate.sleep(deadline, || self.take_or_announce())
    }

    /// Takes a permit, or says in the same step that somebody waits.
    fn take_or_announce(&self) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let next = if word >= ONE { word - ONE } else { word | WAITING };
            match self.word.compare_exchange_weak(word, next, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return word >= ONE,
                Err(now) => word = now,
            }
        }
    }

    /// As [`release`](Self::release), of permits that nobody holds.
    #[inline]
    pub(super) fn release_by_hand(&self, count: usize) -> Result<(), usize> {
        self.tracked.by_hand();
        self.release(count)
    }

    /// Frees `count` permits and wakes as many sleepers; with more than the limit it changes nothing and tells how many
    /// are free.
    #[inline]
    pub(super) fn release(&self, count: usize) -> Result<(), usize> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let free = word / ONE;
            if count > self.limit - free {
                return Err(free);
            }
            let next = word + count * ONE;
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        if word & WAITING != 0 {
            self.gate.wake(count, || {
                self.word.fetch_and(!WAITING, Ordering::Relaxed);
            });
        }
        Ok(())
    }

    pub(super) fn available(&self) -> usize {
        self.word.load(Ordering::Acquire) / ONE
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }
}
