//! A door that opens once, when enough has happened.
//!
//! One word: what is still missing, times two, and [`WAITING`]. It only ever counts down; the step that comes to zero
//! clears the bit and wakes all who sleep. Zero is for ever, so whoever sees it may pass without looking again.
//! `gate.rs` says why no wake-up is lost.
//!
//! Every step down releases and is a read-modify-write, so who passes sees what was written before *every* step.

use std::fmt;
use std::time::{Duration, Instant};

use super::gate::{Gate, WAITING};
use super::model::{AtomicUsize, Ordering, const_fn, look};
use crate::deadlock::{Kind, Tracked};

/// One step, in the word.
const ONE: usize = WAITING << 1;

/// A door that opens once, for good, when it was counted down to zero.
///
/// Threads that count need not wait, and threads that wait need not count: a [`Barrier`](crate::Barrier) is where the
/// same ones do both, again and again.
///
/// # Examples
/// ```
/// use par_threads::Latch;
///
/// let loaded = Latch::new(3);
/// std::thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| loaded.count_down());
///     }
///     loaded.wait();
/// });
/// assert!(loaded.is_open());
/// ```
pub struct Latch {
    tracked: Tracked,
    word: AtomicUsize,
    gate: Gate,
}

impl Latch {
    const_fn! {
        /// A latch that opens after so many steps; with 0 it is open.
        ///
        /// # Panics
        /// When `count` is more than half of [`usize::MAX`].
        ///
        /// # Examples
        /// ```
        /// static STARTED: par_threads::Latch = par_threads::Latch::new(2);
        /// STARTED.count_down_by(2);
        /// STARTED.wait();
        /// ```
        #[track_caller]
        pub fn new(count: usize) -> Latch {
            assert!(count <= usize::MAX / ONE, "a latch counts at most to half of `usize::MAX`");
            Latch { tracked: Tracked::new(Kind::Latch), word: AtomicUsize::new(count * ONE), gate: Gate::new() }
        }
    }

    /// One step down. At zero the latch is open, and further steps change nothing.
    #[inline]
    pub fn count_down(&self) {
        self.count_down_by(1);
    }

    /// So many steps down at once, but never below zero.
    #[inline]
    pub fn count_down_by(&self, steps: usize) {
        let mut word = self.word.load(Ordering::Relaxed);
        let next = loop {
            let left = (word / ONE).saturating_sub(steps);
            let next = if left == 0 { 0 } else { (left * ONE) | (word & WAITING) };
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break next,
                Err(now) => word = now,
            }
        };
        if next == 0 && word & WAITING != 0 {
            self.gate.wake(usize::MAX, || ());
        }
    }

    /// Waits until the latch is open.
    ///
    /// # Blocking
    /// Until it was counted down to zero; [`wait_timeout`](Self::wait_timeout) waits no longer than it is told.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait(&self) {
        self.wait_until(None);
    }

    /// Waits until the latch is open, and at most so long; `false`: it is not. A timeout past the end of the clock is none.
    ///
    /// # Blocking
    /// Until it was counted down to zero, and at most `timeout`.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.is_open() || self.wait_until(Instant::now().checked_add(timeout))
    }

    /// One step down, and then waits for the others.
    ///
    /// # Blocking
    /// Until the latch was counted down to zero.
    ///
    /// # Examples
    /// ```
    /// let together = par_threads::Latch::new(2);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| together.arrive_and_wait());
    ///     together.arrive_and_wait();
    /// });
    /// ```
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn arrive_and_wait(&self) {
        self.count_down();
        self.wait();
    }

    /// How many steps are missing: it never grows.
    pub fn remaining(&self) -> usize {
        self.word.load(Ordering::Acquire) / ONE
    }

    /// Whether it was counted down to zero.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.word.load(Ordering::Acquire) < ONE
    }

    /// Every wait for the latch ends here; `false`: `deadline` has passed first.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        self.is_open() || self.sleep_until(deadline)
    }

    #[cold]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn sleep_until(&self, deadline: Option<Instant>) -> bool {
        if look(deadline, || self.is_open()) {
            return true;
        }
        let _asleep = self.tracked.asleep(deadline, "");
        self.gate.sleep(deadline, || self.pass_or_announce())
    }

    /// Passes, or says in the same step that somebody waits.
    fn pass_or_announce(&self) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while word >= ONE {
            let next = word | WAITING;
            match self.word.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return false,
                Err(now) => word = now,
            }
        }
        true
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}
