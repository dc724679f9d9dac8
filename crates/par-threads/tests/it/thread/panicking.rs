//! TH-07 and the complaint that exceptions vanish: what becomes of a panic.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use par_core::testing::within;
use par_threads::thread::{self, Builder};

use super::{LIMIT, is_listed, until};

#[test]
fn a_panic_is_an_error_of_join_that_says_who_what_and_where() {
    let handle = Builder::new().name("fated").spawn(|| -> u32 { panic!("number {}", 7) }).expect("it starts");
    let id = handle.thread().id();
    let error = within(LIMIT, "join", || handle.join()).expect_err("it panics");
    assert_eq!((error.thread.as_str(), error.id), ("fated", id));
    assert_eq!(error.panic.message, "number 7");
    let location = error.panic.location.as_deref().expect("it is recorded");
    assert!(location.contains("panicking.rs:"), "{location}");
    let text = error.to_string();
    assert!(
        text.starts_with("the thread `fated` panicked: number 7 (at ") && text.contains(location),
        "{text}"
    );
}

#[test]
fn any_payload_will_do() {
    let number = thread::spawn(|| std::panic::panic_any(7));
    let error = number.join().expect_err("it panics");
    assert!(error.panic.message.contains("not text"), "{error}");
}

#[test]
fn the_threads_hook_is_called_on_the_thread_before_join_returns() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let handle = Builder::new().name("hooked").on_panic(move |panic| {
        let me = thread::current();
        let mut notes = notes.lock().expect("not poisoned");
        notes.push((panic.clone(), me.name().to_owned(), me.is_alive(), is_listed("hooked")));
    });
    let error = handle.spawn(|| panic!("for the hook")).expect("it starts").join().expect_err("it panics");
    let seen = seen.lock().expect("not poisoned");
    assert_eq!(*seen, [(error, "hooked".to_owned(), true, true)]);
}

#[test]
fn a_hook_that_panics_harms_nobody() {
    let handle = Builder::new().on_panic(|_| panic!("the hook itself"));
    let error = handle.spawn(|| panic!("the thread")).expect("it starts").join().expect_err("it panics");
    assert_eq!(error.panic.message, "the thread");
}

#[test]
fn a_hook_is_not_called_without_a_panic_and_is_dropped_with_the_thread() {
    let owned = Arc::new(());
    let captured = Arc::clone(&owned);
    let builder = Builder::new().on_panic(move |_| unreachable!("{captured:?}"));
    builder.spawn(|| ()).expect("it starts").join().expect("it does not panic");
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn a_detached_panic_reaches_the_hook() {
    let (report, reports) = channel();
    let builder = Builder::new().name("detached").on_panic(move |panic| drop(report.send(panic.clone())));
    drop(builder.spawn(|| panic!("nobody joins")).expect("it starts"));
    let panic = reports.recv_timeout(LIMIT).expect("the hook is called");
    assert_eq!(panic.panic.message, "nobody joins");
    until("the thread is gone", || !is_listed("detached"));
}
