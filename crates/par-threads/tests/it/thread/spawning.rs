//! TH-01, TH-06, TH-11: how a thread is started, what it inherits, and why it is not.

use std::sync::Arc;

use par_core::testing::within;
use par_threads::thread::{self, Builder, SpawnError};

use super::{LIMIT, held, is_listed};

#[test]
fn a_thread_yields_what_its_closure_returns() {
    let handles: Vec<_> = (0..8).map(|i| thread::spawn(move || i * i)).collect();
    let squares: Result<Vec<_>, _> =
        within(LIMIT, "joins", || handles.into_iter().map(|h| h.join()).collect());
    assert_eq!(squares, Ok(vec![0, 1, 4, 9, 16, 25, 36, 49]));
}

#[test]
fn names_are_given_or_counted_up() {
    let number = |name: &str| name.strip_prefix("thread-").and_then(|n| n.parse::<u64>().ok());
    let (one, two) = (thread::spawn(|| ()), thread::spawn(|| ()));
    let numbers = [&one, &two].map(|handle| number(handle.thread().name()).expect("thread-N"));
    assert!(numbers[0] < numbers[1], "{numbers:?}");
    let named =
        Builder::new().name("özgür").spawn(|| thread::current().name().to_owned()).expect("it starts");
    assert_eq!(named.join().as_deref(), Ok("özgür"));
}

#[test]
fn a_name_with_a_nul_is_an_error() {
    let error = Builder::new().name("a\0b").spawn(|| ()).map(drop).expect_err("no system takes it");
    assert!(matches!(&error, SpawnError::NulInName { position: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("byte 1"), "{error}");
}

#[test]
fn a_stack_that_is_too_small_is_an_error_and_the_least_one_works() {
    let spawn = |bytes| Builder::new().stack_size(bytes).spawn(|| thread::current().name().len());
    let Err(SpawnError::StackTooSmall { bytes: 4096, least }) = spawn(4096).map(drop) else {
        panic!("4 KiB are too small");
    };
    assert!(spawn(least - 1).is_err());
    assert!(spawn(least).expect("it starts").join().is_ok());
}

#[test]
fn a_large_stack_is_really_there() {
    #[inline(never)]
    fn deep(levels: usize) -> usize {
        let here = std::hint::black_box([levels; 1024]);
        if levels == 0 { 0 } else { 1 + deep(levels - 1) + (here[17] - levels) }
    }
    let deep = Builder::new().stack_size(64 << 20).spawn(|| deep(4_000)).expect("it starts");
    assert_eq!(within(LIMIT, "32 MiB of frames", || deep.join()), Ok(4_000));
}

#[test]
fn a_refused_thread_leaves_nothing_behind() {
    for bytes in [1 << 60, usize::MAX] {
        let owned = Arc::new(());
        let captured = Arc::clone(&owned);
        let name = format!("refused-{bytes}");
        let error = Builder::new().name(&name).stack_size(bytes).spawn(move || drop(captured));
        let error = error.map(drop).expect_err("no machine has that much");
        assert!(matches!(&error, SpawnError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(&name) && std::error::Error::source(&error).is_some());
        assert_eq!(Arc::strong_count(&owned), 1, "the closure was dropped");
        assert!(!is_listed(&name));
    }
}

#[test]
fn daemons_beget_daemons_unless_told_otherwise() {
    let flags = || {
        let inherited = thread::spawn(|| thread::current().is_daemon()).join()?;
        let told = Builder::new().daemon(false).spawn(|| thread::current().is_daemon()).expect("it starts");
        Ok::<_, thread::ThreadPanic>((inherited, told.join()?))
    };
    for (daemon, expected) in [(true, (true, false)), (false, (false, false))] {
        let parent = Builder::new().daemon(daemon).spawn(flags).expect("it starts");
        assert_eq!(parent.thread().is_daemon(), daemon);
        assert_eq!(parent.join().and_then(|flags| flags), Ok(expected));
    }
}

#[test]
fn a_foreign_thread_passes_no_daemon_on() {
    let child = std::thread::spawn(|| {
        assert!(thread::current().is_daemon());
        thread::spawn(|| thread::current().is_daemon()).join()
    });
    assert_eq!(child.join().expect("it does not panic"), Ok(false));
}

#[test]
fn a_thousand_threads_come_and_go() {
    let (watched, stop) = held(Builder::new().name("churn watcher"));
    let watcher = thread::spawn(move || {
        while watched.thread().is_alive() {
            let ids: Vec<_> = thread::enumerate().iter().map(thread::Thread::id).collect();
            assert!(ids.is_sorted() && ids.first() == Some(&thread::main_thread().id()));
            assert!(thread::active_count() >= 2);
        }
    });
    let mut ids = Vec::new();
    for batch in 0..40 {
        let handles = (0..25).map(|i| {
            let name = format!("churn-{batch}-{i}");
            let handle = Builder::new().name(&name).spawn(thread::current).expect("it starts");
            (name, handle)
        });
        for (name, handle) in handles.collect::<Vec<_>>() {
            let thread = within(LIMIT, "join", || handle.join()).expect("it does not panic");
            assert!(!thread.is_alive() && !is_listed(&name), "it is gone when join returns");
            ids.push(thread.id());
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1000, "no identifier is used twice");
    drop(stop);
    within(LIMIT, "the watcher", || watcher.join()).expect("the list was in order all the time");
}
