//! What the explainer sees, and what it must not see.

mod calm;
mod circles;
mod orders;
mod tasks;
mod torture;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use par_threads::deadlock::{self, Report};

/// The explainer answers within this time; otherwise the test ends with the whole process.
const LIMIT: Duration = Duration::from_secs(20);

/// What `f` panics with.
fn panic_of<R>(f: impl FnOnce() -> R) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(f()))).err()?;
    Some(panic.downcast_ref::<String>().expect("the explainer's panics have a text").clone())
}

/// Those of the reports in which a thread of this name takes part; tests run beside each other.
fn reports_of(thread: &str) -> Vec<Report> {
    let is_in = |report: &Report| report.participants.iter().any(|one| one.thread == thread);
    deadlock::reports().into_iter().filter(is_in).collect()
}

/// Looks until `seen`, for as long as a test may last.
fn until(what: &str, seen: impl Fn() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < LIMIT, "never seen: {what}");
        std::thread::yield_now();
    }
}

/// Whether a thread of this name is known to wait.
fn waits(thread: &str) -> bool {
    deadlock::waits().iter().any(|one| one.thread == thread)
}
