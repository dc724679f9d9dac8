//! Waits for the end of threads.

use std::sync::mpsc::channel;

use par_core::testing::within;
use par_threads::deadlock::ReportKind;
use par_threads::{Mutex, Timer, thread};

use super::{LIMIT, deadlock_of, is_alone, panic_of, reports_of, reports_of_kind, until, wait_of, waits};

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name)
}

#[test]
fn a_join_that_comes_last_panics() {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock();
    let waiter = named("joined waiter").spawn(|| drop(LOCK.lock())).expect("threads start");
    until("it waits", || waits("joined waiter"));
    let text = within(LIMIT, "a join with its lock in hand", || panic_of(|| waiter.join()));
    let text = text.expect("it would wait for ever");
    assert!(text.contains("waits for the end of thread `joined waiter` at"), "{text}");
    assert!(text.contains("thread `joined waiter` waits for mutex #"), "{text}");
    assert_eq!(text.matches("joins.rs:").count(), 3, "two waits and a hold: {text}");
    drop(guard);
    until("the thread goes on", || !waits("joined waiter"));
}

#[test]
fn a_lock_that_comes_last_panics_in_the_thread_that_is_joined() {
    static LOCK: Mutex<()> = Mutex::new(());
    let joiner = named("joins").spawn(|| {
        let _guard = LOCK.lock();
        let inner = named("is joined").spawn(|| {
            until("it is joined", || waits("joins"));
            drop(LOCK.lock());
        });
        inner.expect("threads start").join()
    });
    let joiner = joiner.expect("threads start");
    let outcome = within(LIMIT, "both threads", || joiner.join()).expect("the joiner goes on");
    let panic = outcome.expect_err("it would wait for ever");
    assert!(panic.to_string().contains("deadlock: 2 threads wait for each other"), "{panic}");
    assert_eq!(deadlock_of("is joined").participants.len(), 2);
}

#[test]
fn two_threads_join_each_other() {
    let (give, given) = (channel(), channel());
    let one = named("joins two").spawn(move || {
        let other: thread::JoinHandle<Option<String>> = given.1.recv().expect("it is sent");
        panic_of(|| other.join())
    });
    let two = named("joins one").spawn(move || {
        let other: thread::JoinHandle<Option<String>> = give.1.recv().expect("it is sent");
        panic_of(|| other.join())
    });
    give.0.send(one.expect("threads start")).expect("it listens");
    given.0.send(two.expect("threads start")).expect("it listens");
    within(LIMIT, "two joins", || until("the report", || !reports_of("joins two").is_empty()));
    let text = deadlock_of("joins one").to_string();
    assert!(
        text.contains("the end of thread `joins two`") && text.contains("the end of thread `joins one`"),
        "{text}"
    );
    until("both go on", || !waits("joins one") && !waits("joins two"));
}

#[test]
fn a_scope_whose_thread_waits_for_its_lock() {
    let mutex = Mutex::new(());
    let panic = within(LIMIT, "a scope that waits for its thread", || {
        panic_of(|| {
            let _guard = mutex.lock();
            let line = line!() + 1;
            thread::scope(|s| {
                let mutex = &mutex;
                let inner = s.builder().name("in scope").spawn(move || {
                    let scope_waits = || {
                        let waits = par_threads::deadlock::waits();
                        waits.into_iter().find(|one| one.wants.resource == "the end of thread `in scope`")
                    };
                    until("the scope waits", || scope_waits().is_some());
                    assert_eq!(scope_waits().expect("it waits").wants.at.line(), line);
                    drop(mutex.lock());
                });
                drop(inner.expect("threads start"));
            });
        })
    });
    let text = panic.expect("the scope says that its thread panicked");
    assert!(text.contains("nobody joined") && text.contains("deadlock: 2 threads"), "{text}");
    assert!(mutex.try_lock().is_some());
    assert_eq!(deadlock_of("in scope").participants.len(), 2);
}

#[test]
fn a_scopes_end_that_comes_last_is_reported() {
    // None of the two threads ever ends: a scope waits for its threads also when it panics.
    static LOCK: Mutex<()> = Mutex::new(());
    let scope = named("stuck scope").daemon(true).spawn(|| {
        let _guard = LOCK.lock();
        thread::scope(|s| {
            drop(s.builder().name("stuck in scope").spawn(|| drop(LOCK.lock())));
            until("its thread waits", || waits("stuck in scope"));
        });
    });
    drop(scope);
    within(LIMIT, "the report", || until("the report", || !reports_of("stuck scope").is_empty()));
    assert_eq!(deadlock_of("stuck scope").participants.len(), 2);
}

#[test]
fn timers_are_joined_as_threads_are() {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock();
    let timer = Timer::after_on(named("ticks"), std::time::Duration::ZERO, || drop(LOCK.lock()));
    let timer = timer.expect("threads start");
    until("it waits", || waits("ticks"));
    let text = within(LIMIT, "a join with its lock in hand", || panic_of(|| timer.join()));
    assert!(text.expect("it would wait for ever").contains("joins.rs:"));
    drop(guard);
}

#[test]
fn a_join_that_ends_is_listed_until_then() {
    let (end, gate) = channel::<()>();
    let slow = named("slow end").spawn(move || gate.recv().is_ok()).expect("threads start");
    let joiner = named("patient joiner").spawn(move || slow.join()).expect("threads start");
    until("it joins", || waits("patient joiner"));
    let one = wait_of("patient joiner").expect("it still joins");
    assert_eq!(one.wants.resource, "the end of thread `slow end`");
    assert!(one.wants.at.file().ends_with("joins.rs"));
    end.send(()).expect("it listens");
    let outcome = within(LIMIT, "both ends", || joiner.join());
    assert!(outcome.expect("no panic").expect("no panic"));
    assert_eq!(reports_of("patient joiner"), []);
    assert!(!waits("patient joiner"));
}

#[test]
fn a_wait_for_all_threads() {
    static LOCK: Mutex<()> = Mutex::new(());
    if !is_alone("joins::a_wait_for_all_threads") {
        return;
    }
    let guard = LOCK.lock();
    let waiter = named("awaited").spawn(|| drop(LOCK.lock())).expect("threads start");
    until("it waits", || waits("awaited"));
    let text = within(LIMIT, "a wait for all", || panic_of(|| thread::join_all(None)));
    assert!(text.expect("it would wait for ever").contains("the end of thread `awaited` at"));
    drop(guard);
    within(LIMIT, "its end", || waiter.join()).expect("no panic");
    assert!(within(LIMIT, "a wait for nobody", || thread::join_all(None)).is_ok());
    // Two that wait for all do not wait for each other.
    let other = named("also awaits").spawn(|| thread::join_all(None)).expect("threads start");
    assert!(within(LIMIT, "two waits for all", || thread::join_all(None)).is_ok());
    assert!(within(LIMIT, "its end", || other.join()).expect("no panic").is_ok());
    assert_eq!(reports_of_kind("also awaits", ReportKind::Deadlock), []);
}
