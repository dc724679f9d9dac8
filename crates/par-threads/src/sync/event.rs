//! A flag that threads wait for.
//!
//! One word: how often the event was set (its *generation*), whether it is set, and [`WAITING`].
//! - `set` counts the generation up, sets the flag and clears `WAITING`, in one step; if the bit was there it wakes all.
//! - `clear` takes the flag away, and leaves generation and bit.
//! - `wait` passes when the flag is set *or* the generation is another one than when it began. So a thread that waited
//!   when `set` was called passes, however soon `clear` follows: it need not have been quick enough to see the flag.
//!
//! `gate.rs` says why no wake-up is lost. The generation wraps after 2⁶² times (2³⁰ where words have 32 bits); to be
//! missed, an event would have to be set exactly that often, and cleared, before a thread that was woken by the first
//! time runs.
//!
//! `set` releases and `wait` acquires. `clear` does both: who clears an event sees what was written before every `set`
//! that it undoes, so "clear, then look what has come" misses nothing.

use std::fmt;
use std::time::{Duration, Instant};

use super::gate::{Gate, WAITING};
use super::model::{AtomicUsize, Ordering, const_fn, look};
use crate::deadlock::{Kind, Tracked};

const SET: usize = WAITING << 1;
const GENERATION: usize = SET << 1;

/// A flag that any number of threads wait for: setting it wakes them all, and it stays set until it is cleared.
///
/// Who waits when it is set goes on, even if it is cleared at once. (Python's `Event` may miss that.)
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_threads::Event;
///
/// static READY: Event = Event::new();
///
/// let thread = std::thread::spawn(|| READY.wait_timeout(Duration::from_secs(20)));
/// READY.set();
/// assert!(thread.join().expect("it does not panic"));
/// READY.clear();
/// assert!(!READY.wait_timeout(Duration::from_millis(10)));
/// ```
pub struct Event {
    tracked: Tracked,
    word: AtomicUsize,
    gate: Gate,
}

impl Event {
    const_fn! {
        /// An event that is not set.
        ///
        /// # Examples
        /// ```
        /// assert!(!par_threads::Event::new().is_set());
        /// ```
        pub fn new() -> Event {
            Event { tracked: Tracked::new(Kind::Event), word: AtomicUsize::new(0), gate: Gate::new() }
        }
    }

    /// Sets the event and wakes every thread that waits for it.
    #[inline]
    pub fn set(&self) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let next = (word & !WAITING).wrapping_add(GENERATION) | SET;
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        if word & WAITING != 0 {
            self.gate.wake(usize::MAX, || ());
        }
    }

    /// Takes the flag away: who comes from now on waits.
    #[inline]
    pub fn clear(&self) {
        self.word.fetch_and(!SET, Ordering::AcqRel);
    }

    /// Whether the event is set now.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.word.load(Ordering::Acquire) & SET != 0
    }

    /// Waits until the event is set; returns at once if it is.
    ///
    /// # Blocking
    /// Until somebody calls [`set`](Self::set); [`wait_timeout`](Self::wait_timeout) waits no longer than it is told.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait(&self) {
        self.wait_until(None);
    }

    /// Waits until the event is set, and at most so long; `false`: it was not. A timeout past the end of the clock is none.
    ///
    /// # Blocking
    /// Until somebody calls [`set`](Self::set), and at most `timeout`.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.is_set() || self.wait_until(Instant::now().checked_add(timeout))
    }

    /// Every wait for the event ends here; `false`: `deadline` has passed first.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        let began = self.begin();
        began & SET != 0 || self.sleep_until(began, deadline)
    }

    /// What a wait has to remember.
    #[inline]
    pub(super) fn begin(&self) -> usize {
        self.word.load(Ordering::Acquire)
    }

    #[cold]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn sleep_until(&self, began: usize, deadline: Option<Instant>) -> bool {
        if look(deadline, || passes(self.word.load(Ordering::Acquire), began)) {
            return true;
        }
        let _asleep = self.tracked.asleep(deadline, "");
        self.gate.sleep(deadline, || self.pass_or_announce(began))
    }

    /// Passes, or says in the same step that somebody waits.
    fn pass_or_announce(&self, began: usize) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if passes(word, began) {
                return true;
            }
            let next = word | WAITING;
            match self.word.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return false,
                Err(now) => word = now,
            }
        }
    }
}

/// Whether the event is set, or was since the word was `began`.
fn passes(word: usize, began: usize) -> bool {
    word & SET != 0 || word / GENERATION != began / GENERATION
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}
