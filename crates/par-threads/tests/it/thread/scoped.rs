//! Threads that borrow, and whose panics do not vanish.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use par_core::Cancellation;
use par_core::testing::within;
use par_threads::thread::{self, Cancelled, SpawnError};

use super::{HOUR, LIMIT, is_listed};

/// What a scope's panic says.
fn panic_of(f: impl FnOnce()) -> String {
    within(LIMIT, "a scope", || crate::panic_text(f))
}

#[test]
fn threads_borrow_and_the_scope_waits() {
    let (numbers, done) = (vec![1, 2, 3, 4], AtomicUsize::new(0));
    let sums = within(LIMIT, "a scope", || {
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| done.fetch_add(1, Ordering::Relaxed));
            }
            let halves = numbers.chunks(2).map(|half| s.spawn(|| half.iter().sum::<i32>()));
            halves.collect::<Vec<_>>().into_iter().map(|half| half.join()).collect::<Result<Vec<_>, _>>()
        })
    });
    assert_eq!(sums, Ok(vec![3, 7]));
    assert_eq!(done.load(Ordering::Relaxed), 4);
}

#[test]
fn threads_change_what_nobody_else_sees() {
    let mut rows = vec![vec![0; 8]; 4];
    thread::scope(|s| {
        for (index, row) in rows.iter_mut().enumerate() {
            s.spawn(move || row.fill(index));
        }
    });
    assert!(rows.iter().enumerate().all(|(index, row)| row.iter().all(|cell| *cell == index)));
}

#[test]
fn scoped_threads_have_names_and_are_listed() {
    thread::scope(|s| {
        let (release, released) = channel::<()>();
        let named = s.builder().name("scoped").spawn(move || {
            released.recv().ok();
            thread::current()
        });
        let named = named.expect("it starts");
        assert!(is_listed("scoped") && !named.thread().is_daemon() && !named.is_finished());
        let named = named.join_timeout(Duration::from_millis(1)).expect_err("it is held");
        drop(release);
        assert_eq!(named.join().expect("it does not panic").name(), "scoped");
        assert!(!is_listed("scoped"));
    });
}

#[test]
fn a_panic_that_was_joined_does_not_end_the_scope() {
    let message = thread::scope(|s| {
        let error = s.spawn(|| panic!("joined")).join().expect_err("it panics");
        error.panic.message
    });
    assert_eq!(message, "joined");
}

#[test]
fn panics_that_nobody_joined_end_the_scope_with_their_names() {
    let text = panic_of(|| {
        thread::scope(|s| {
            s.builder().name("left").spawn(|| panic!("one")).expect("it starts");
            s.builder().name("right").spawn(|| panic!("two")).expect("it starts");
            s.builder().name("fine").spawn(|| ()).expect("it starts");
            s.builder()
                .name("seen")
                .spawn(|| panic!("three"))
                .expect("it starts")
                .join()
                .expect_err("it panics");
        });
    });
    assert!(
        text.contains("the thread `left` panicked: one") && text.contains("`right` panicked: two"),
        "{text}"
    );
    assert!(!text.contains("fine") && !text.contains("seen"), "{text}");
    // The next scope has nothing to do with it.
    thread::scope(|s| s.spawn(|| ()).join()).expect("it does not panic");
}

#[test]
fn the_scopes_own_panic_goes_first() {
    let text = panic_of(|| {
        thread::scope(|s| {
            s.spawn(|| panic!("the thread"));
            panic!("the scope");
        });
    });
    assert_eq!(text, "the scope");
}

#[test]
fn scopes_nest_and_threads_of_a_scope_start_others_in_it() {
    let count = AtomicUsize::new(0);
    let count = &count;
    within(LIMIT, "nested scopes", || {
        thread::scope(|s| {
            s.spawn(move || {
                s.spawn(move || {
                    s.spawn(move || count.fetch_add(1, Ordering::Relaxed));
                    count.fetch_add(1, Ordering::Relaxed);
                });
                thread::scope(|inner| {
                    inner.spawn(|| count.fetch_add(1, Ordering::Relaxed));
                });
            });
        });
    });
    assert_eq!(count.load(Ordering::Relaxed), 3);
    let text = panic_of(|| {
        thread::scope(|outer| {
            outer.spawn(|| thread::scope(|inner| _ = inner.spawn(|| panic!("deep below"))));
        });
    });
    assert!(text.contains("deep below"), "{text}");
}

#[test]
fn scoped_threads_carry_tokens_and_errors_are_typed() {
    let stop = Cancellation::new();
    within(LIMIT, "a scope", || {
        thread::scope(|s| {
            let asleep = s.builder().cancellation(&stop).spawn(|| thread::sleep(HOUR)).expect("it starts");
            let other = s.spawn(|| thread::sleep(HOUR));
            other.cancel();
            assert_eq!(other.join(), Ok(Err(Cancelled)));
            assert!(!asleep.is_finished());
            stop.cancel();
            assert_eq!(asleep.join(), Ok(Err(Cancelled)));
            let refused = s.builder().stack_size(1).spawn(|| ()).map(drop);
            assert!(matches!(refused, Err(SpawnError::StackTooSmall { .. })));
            let refused = s.builder().stack_size(usize::MAX).spawn(|| ()).map(drop);
            assert!(matches!(refused, Err(SpawnError::Refused { .. })));
        });
    });
}
