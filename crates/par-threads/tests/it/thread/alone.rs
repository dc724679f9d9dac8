//! What concerns the whole process, and is tested in one of its own: hooks, counts, and waiting for all.

use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use par_core::testing::within;
use par_threads::thread::{self, Builder};

use super::{HOUR, LIMIT, held};

const ALONE: &str = "PAR_THREADS_TEST_ALONE";

/// Runs the test `name` again in a process that runs nothing else; `true`: this is that process.
fn is_alone(name: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let test = format!("thread::alone::{name}");
    let output = Command::new(std::env::current_exe().expect("a test has a file"))
        .args(["--exact", &test, "--nocapture"])
        .env(ALONE, "1")
        .env("RUST_BACKTRACE", "1")
        .output()
        .expect("a test can run itself");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

fn names(threads: &[thread::Thread]) -> Vec<&str> {
    threads.iter().map(thread::Thread::name).collect()
}

#[test]
fn the_list_has_everybody_and_nobody_else() {
    if !is_alone("the_list_has_everybody_and_nobody_else") {
        return;
    }
    let me = thread::current();
    assert_eq!((names(&thread::enumerate()), thread::active_count()), (vec!["main", me.name()], 2));
    let (one, release_one) = held(Builder::new().name("one"));
    let (two, release_two) = held(Builder::new().name("two").daemon(true));
    assert_eq!(names(&thread::enumerate()), ["main", me.name(), "one", "two"]);
    drop(release_one);
    one.join().expect("it does not panic");
    assert_eq!((names(&thread::enumerate()), thread::active_count()), (vec!["main", me.name(), "two"], 3));
    drop(release_two);
    two.join().expect("it does not panic");
    assert_eq!(thread::active_count(), 2);
}

#[test]
fn all_are_waited_for_but_daemons() {
    if !is_alone("all_are_waited_for_but_daemons") {
        return;
    }
    thread::join_all(None).expect("there is nobody to wait for");
    let (daemon, _release) = held(Builder::new().name("daemon").daemon(true));
    let (worker, release) = held(Builder::new().name("worker"));
    let (other, release_other) = held(Builder::new().name("other"));
    let error = thread::join_all(Some(Duration::from_millis(20))).expect_err("two are held");
    assert_eq!(names(&error.threads), ["worker", "other"]);
    assert!(error.waited >= Duration::from_millis(20));
    assert!(error.to_string().ends_with("2 threads are still running: `worker`, `other`"), "{error}");
    drop(release_other);
    other.join().expect("it does not panic");
    let error = thread::join_all(Some(Duration::ZERO)).expect_err("one is held");
    assert!(error.to_string().ends_with("1 thread is still running: `worker`"), "{error}");

    // Ends while somebody waits, and starts another one first.
    let (begun, begins) = channel();
    let waiting = Builder::new().daemon(true).spawn(move || {
        begun.send(()).ok();
        thread::join_all(None).is_ok()
    });
    begins.recv_timeout(LIMIT).expect("it begins");
    let chain = thread::spawn(|| drop(thread::spawn(|| drop(thread::spawn(|| ())))));
    drop(chain);
    drop(release);
    let waited = within(LIMIT, "join_all", || waiting.expect("it starts").join());
    assert_eq!(waited, Ok(true));
    assert!(!worker.thread().is_alive() && daemon.thread().is_alive());
    assert!(thread::enumerate().iter().all(|thread| thread.is_main() || thread.is_daemon()));
    within(LIMIT, "nobody", || thread::join_all(Some(HOUR))).expect("only the daemon is left");
}

#[test]
fn whoever_is_off_the_list_has_ended() {
    if !is_alone("whoever_is_off_the_list_has_ended") {
        return;
    }
    within(LIMIT, "many ends", || {
        for _ in 0..500 {
            let handle = thread::spawn(|| ());
            thread::join_all(None).expect("there is no limit");
            assert!(handle.is_finished(), "waited for by all, and not ended");
            let handle = thread::spawn(|| ());
            while !handle.is_finished() {
                std::thread::yield_now();
            }
            assert!(!thread::enumerate().contains(handle.thread()), "ended, and still on the list");
        }
    });
}

#[test]
fn those_who_wait_for_all_do_not_wait_for_each_other() {
    if !is_alone("those_who_wait_for_all_do_not_wait_for_each_other") {
        return;
    }
    let waiters: Vec<_> = (0..4).map(|_| thread::spawn(|| thread::join_all(None).is_ok())).collect();
    for waiter in waiters {
        assert_eq!(within(LIMIT, "a waiter", || waiter.join()), Ok(true));
    }
}

#[test]
fn the_hook_of_the_process_stands_in_for_those_without() {
    if !is_alone("the_hook_of_the_process_stands_in_for_those_without") {
        return;
    }
    let (report, reports) = channel();
    assert!(thread::set_panic_hook(move |panic| drop(report.send(panic.thread.clone()))).is_none());
    let panics =
        |builder: Builder| builder.spawn(|| panic!("as planned")).expect("it starts").join().is_err();
    assert!(panics(Builder::new().name("plain")));
    assert!(panics(Builder::new().name("has its own").on_panic(|_| ())));
    thread::scope(|s| s.builder().name("scoped").spawn(|| panic!("too")).expect("it starts").join().is_err());
    assert_eq!(reports.try_iter().collect::<Vec<_>>(), ["plain", "scoped"]);
    // A hook may set another one, and may panic.
    thread::set_panic_hook(|_| {
        thread::take_panic_hook();
        panic!("and is the last of its kind");
    });
    assert!(panics(Builder::new()) && panics(Builder::new()));
    assert!(thread::take_panic_hook().is_none());
}

#[test]
fn the_least_stack_holds_a_panic_with_its_backtrace() {
    if !is_alone("the_least_stack_holds_a_panic_with_its_backtrace") {
        return;
    }
    let small = Builder::new().name("small").stack_size(64 << 10);
    let error = small.spawn(|| panic!("tight")).expect("it starts").join().expect_err("it panics");
    assert!(error.panic.backtrace.is_some(), "the process was told to take them");
    assert_eq!(thread::active_count(), 1, "nobody has asked who this thread is");
}
