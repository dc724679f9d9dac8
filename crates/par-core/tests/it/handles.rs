//! Handles without an executor.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use par_core::{Handle, Options, TaskError, Until, as_completed, wait};

fn with_timeout(milliseconds: u64) -> Options {
    Options::new().timeout(Duration::from_millis(milliseconds))
}

#[test]
fn a_deadline_completes_a_handle_that_nobody_else_completes() {
    let (handle, completer) = Handle::<u32>::pair("lost in space", &with_timeout(30));
    let begun = Instant::now();
    assert_eq!(handle.wait(), Err(TaskError::DeadlineExceeded));
    assert!(begun.elapsed() >= Duration::from_millis(30));
    assert!(completer.is_done() && completer.is_cancelled());
    assert!(!completer.begin(), "it must not run any more");
}

#[test]
fn a_timeout_gives_the_handle_back() {
    let (handle, completer) = Handle::<u32>::pair("slow", &Options::new());
    let handle = handle.wait_timeout(Duration::from_millis(10)).expect_err("nobody completes it");
    completer.complete(Ok(1), None);
    assert_eq!(handle.wait_timeout(Duration::ZERO).expect("it is there"), Ok(1));
}

#[test]
fn a_dropped_completer_is_a_lost_worker() {
    let (handle, completer) = Handle::<u32>::pair("orphan", &Options::new());
    drop(completer);
    let error = handle.wait().expect_err("nobody completed it");
    assert!(error.to_string().contains("`orphan`"), "{error}");
}

#[test]
fn deadlines_end_as_completed_and_wait_without_any_executor() {
    let (late, _late) = Handle::<u32>::pair("late", &with_timeout(20));
    let (done, completer) = Handle::<u32>::pair("done", &Options::new());
    completer.complete(Ok(5), None);
    let handles = [late, done];
    let waited = wait(&handles, Until::All, Some(Duration::from_secs(10)));
    assert_eq!(waited.finished, [0, 1]);
    let outcomes: Vec<_> =
        as_completed(handles, None).map(|finished| finished.expect("no timeout")).collect();
    assert!(outcomes.contains(&(0, Err(TaskError::DeadlineExceeded))), "{outcomes:?}");
    assert!(outcomes.contains(&(1, Ok(5))), "{outcomes:?}");

    let (late, _late) = Handle::<u32>::pair("late", &with_timeout(20));
    let mut results = as_completed([late], None);
    assert_eq!(
        results.next().expect("one handle").expect("no timeout"),
        (0, Err(TaskError::DeadlineExceeded))
    );
    assert!(results.next().is_none());
}

#[test]
fn wait_stops_at_the_first_error() {
    let (pending, _completer) = Handle::<u32>::pair("pending", &Options::new());
    let (failing, completer) = Handle::<u32>::pair("failing", &Options::new());
    let worker = thread::spawn(move || completer.complete(Err(TaskError::Cancelled), None));
    let waited = wait(&[pending, failing], Until::FirstError, Some(Duration::from_secs(10)));
    assert_eq!((waited.finished, waited.pending), (vec![1], vec![0]));
    worker.join().expect("no panic");
}

#[test]
fn progress_is_clamped() {
    let (handle, completer) = Handle::<u32>::pair("slow", &Options::new());
    for (said, read) in [(0.25, 0.25), (2.0, 1.0), (-1.0, 0.0), (f32::NAN, 0.0)] {
        completer.set_progress(said);
        assert!((handle.progress() - read).abs() < f32::EPSILON);
    }
}

#[test]
fn callbacks_may_come_while_a_late_one_runs() {
    let (handle, completer) = Handle::<u32>::pair("done", &Options::new());
    completer.complete(Err(TaskError::Cancelled), None);
    let (entered, inside) = channel();
    let (release, held) = channel::<()>();
    let (ran, runs) = channel();
    thread::scope(|scope| {
        let handle = &handle;
        scope.spawn(move || {
            handle.on_done(move |_| {
                entered.send(()).expect("the test waits");
                held.recv().ok();
            });
        });
        inside.recv().expect("the first callback runs");
        handle.on_done(move |outcome| ran.send(outcome.clone()).expect("the test waits"));
        assert!(handle.is_finished() && handle.is_failed(), "whoever has the outcome in hand");
        drop(release);
    });
    assert_eq!(runs.recv(), Ok(Err(TaskError::Cancelled)));
    assert_eq!(handle.wait(), Err(TaskError::Cancelled));
}

#[test]
fn many_handles_are_completed_in_linear_time() {
    let pairs = (0..50_000).map(|_| Handle::<u32>::pair("one of many", &Options::new()));
    let (handles, completers): (Vec<_>, Vec<_>) = pairs.unzip();
    for completer in completers {
        completer.complete(Ok(1), None);
    }
    let begun = Instant::now();
    assert_eq!(wait(&handles, Until::All, None).finished.len(), 50_000);
    assert_eq!(as_completed(handles, None).count(), 50_000);
    // In quadratic time it would be more than ten.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
