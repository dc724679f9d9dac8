//! What the explainer sees, and what it must not see.

mod barriers;
mod calm;
mod circles;
mod joins;
mod orders;
mod permits;
mod stalls;
mod tasks;
mod torture;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use par_threads::deadlock::{self, Participant, Report, ReportKind};

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

/// What a thread of this name waits for.
fn wait_of(thread: &str) -> Option<Participant> {
    deadlock::waits().into_iter().find(|one| one.thread == thread)
}

/// Those of the reports of this kind in which a thread of this name takes part.
fn reports_of_kind(thread: &str, kind: ReportKind) -> Vec<Report> {
    let mut reports = reports_of(thread);
    reports.retain(|report| report.kind == kind);
    reports
}

/// The one deadlock in which this thread takes part.
fn deadlock_of(thread: &str) -> Report {
    let mut reports = reports_of_kind(thread, ReportKind::Deadlock);
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

fn spawn<'scope, R: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    f: impl FnOnce() -> R + Send + 'scope,
) -> ScopedJoinHandle<'scope, R> {
    Builder::new().name(name.to_owned()).spawn_scoped(scope, f).expect("threads start")
}

/// Runs the test of this module again, in a process that runs nothing else; `true`: this is that process.
///
/// For tests that set the handler, wait for all threads, or report so much that those of others would be forgotten.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "PAR_DEADLOCK_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut again = Command::new(std::env::current_exe().expect("tests are a file"));
    again.args(["--exact", &format!("deadlock::{test}")]);
    let ended = again.env(ALONE, "1").output().expect("a process starts");
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && output.contains("1 passed"), "{output}");
    false
}
