//! Behaviours, and the list of those that hold.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::plumbing::catch_panic;
use crate::testing::within;

/// Each behaviour has this long; the slowest is meant to take two seconds on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// How long a wait may take that somebody ends: whoever needs longer has missed it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long a wait takes that nobody ends.
pub(super) const BRIEF: Duration = Duration::from_millis(20);

/// What a suite found: behaviours that hold, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What was checked: `semaphore`, `barrier`, …
    pub subject: &'static str,
    /// Every behaviour of the suite.
    pub behaviours: Vec<&'static str>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for behaviour in &self.behaviours {
            writeln!(f, "{:18} holds {behaviour}", self.subject)?;
        }
        Ok(())
    }
}

/// A behaviour: what it says, and the test, which panics where it does not hold.
pub(super) type Behaviour<'b> = (&'static str, &'b dyn Fn());

/// Checks behaviours one after the other; the panic of the first that does not hold names it.
pub(super) fn hold(subject: &'static str, behaviours: &[Behaviour<'_>]) -> Held {
    for (says, test) in behaviours {
        let what = format!("{subject}: {says}");
        if let Err(panic) = within(LIMIT, &what, || catch_panic(test)) {
            panic!("this does not hold: {what} ({panic})");
        }
    }
    Held { subject, behaviours: behaviours.iter().map(|(says, _)| *says).collect() }
}

/// Runs `run` on so many threads at once, with a number for each, and yields what they return, in order.
///
/// # Panics
/// When one of them panics, with its message, after all have ended.
pub(super) fn on_threads<R: Send>(count: usize, run: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let run = &run;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || run(number))).collect();
        let ended: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended
            .into_iter()
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Waits until something becomes true that nobody announces.
pub(super) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        thread::yield_now();
    }
}

/// Waits until so many threads are on their way into a wait, and gives them time to get there.
///
/// Nobody tells when a thread really waits. Whoever has not begun by then begins later and finds what it waits for: that
/// makes a test weaker once, and never wrong.
pub(super) fn let_wait(coming: &AtomicUsize, count: usize) {
    eventually("all are on their way", || coming.load(Ordering::SeqCst) >= count);
    let since = Instant::now();
    while since.elapsed() < BRIEF / 10 {
        thread::yield_now();
    }
}

/// Asserts that a wait of [`BRIEF`] ends when its time is up: not before, and not only much later.
pub(super) fn times_out<R>(wait: impl FnOnce(Duration) -> R) -> R {
    let begun = Instant::now();
    let result = wait(BRIEF);
    let waited = begun.elapsed();
    assert!(waited >= BRIEF, "a wait of {BRIEF:?} ended after {waited:?}");
    assert!(waited < PATIENCE, "a wait of {BRIEF:?} took {waited:?}");
    result
}

/// Asserts that a wait is ended by somebody else, and yields its answer.
///
/// A thread that was not woken finds out when its time is up that it could have gone on long ago; so the time counts, and
/// not only the answer.
pub(super) fn in_time<R>(wait: impl FnOnce(Duration) -> R) -> R {
    let begun = Instant::now();
    let answer = wait(PATIENCE);
    assert!(begun.elapsed() < PATIENCE, "it was not woken within {PATIENCE:?}");
    answer
}

/// Asserts that a wait is ended by somebody else, who makes what it waits for happen.
pub(super) fn is_woken(wait: impl FnOnce(Duration) -> bool) {
    assert!(in_time(wait), "it was woken, but what it waited for did not happen");
}

/// Whether a call panics.
pub(super) fn panics(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

/// Code that a barrier or a lock is to run.
pub type Action = Arc<dyn Fn() + Send + Sync>;
