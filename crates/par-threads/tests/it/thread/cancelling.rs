//! The complaint that a thread cannot be stopped: tokens, and sleeps that end.

use std::time::{Duration, Instant};

use par_core::Cancellation;
use par_core::testing::within;
use par_threads::thread::{self, Builder, Cancelled};

use super::{HOUR, LIMIT, foreign};

#[test]
fn a_sleep_ends_when_its_thread_is_cancelled() {
    for _ in 0..100 {
        let sleeper = thread::spawn(|| thread::sleep(HOUR));
        sleeper.cancel();
        assert_eq!(within(LIMIT, "the sleeper", || sleeper.join()), Ok(Err(Cancelled)));
    }
}

#[test]
fn a_sleep_that_nobody_interrupts_takes_its_time() {
    let begun = Instant::now();
    let pause = Duration::from_millis(20);
    let slept = thread::spawn(move || thread::sleep(pause)).join();
    assert_eq!(slept, Ok(Ok(())));
    assert!(begun.elapsed() >= pause);
}

#[test]
fn a_sleep_past_the_end_of_the_clock_ends_only_by_cancellation() {
    let sleeper = thread::spawn(|| thread::sleep(Duration::MAX));
    let sleeper = sleeper.join_timeout(Duration::from_millis(10)).expect_err("it sleeps");
    sleeper.cancel();
    assert_eq!(within(LIMIT, "the sleeper", || sleeper.join()), Ok(Err(Cancelled)));
}

#[test]
fn after_a_cancellation_no_sleep_begins() {
    let handle = thread::spawn(|| {
        thread::current().cancel();
        (thread::cancelled(), thread::sleep(Duration::ZERO), thread::sleep(HOUR))
    });
    assert_eq!(within(LIMIT, "sleeps", || handle.join()), Ok((true, Err(Cancelled), Err(Cancelled))));
}

#[test]
fn one_token_stops_many_and_each_can_be_stopped_alone() {
    let token = Cancellation::new();
    let spawn = || Builder::new().cancellation(&token).spawn(|| thread::sleep(HOUR)).expect("it starts");
    let (alone, others) = (spawn(), [spawn(), spawn()]);
    alone.cancel();
    assert_eq!(within(LIMIT, "the one", || alone.join()), Ok(Err(Cancelled)));
    assert!(!token.is_cancelled() && others.iter().all(|other| !other.thread().is_cancelled()));
    token.cancel();
    for other in others {
        assert_eq!(within(LIMIT, "the others", || other.join()), Ok(Err(Cancelled)));
    }
}

#[test]
fn a_thread_hands_its_token_on() {
    let parent = thread::spawn(|| {
        let child = Builder::new().cancellation(&thread::current().cancellation());
        child.spawn(|| thread::sleep(HOUR)).expect("it starts").join()
    });
    parent.cancel();
    assert_eq!(within(LIMIT, "both", || parent.join()), Ok(Ok(Err(Cancelled))));
}

#[test]
fn foreign_threads_can_be_asked_too() {
    let (thread, release, os) = foreign("asked");
    assert!(!thread.is_cancelled());
    thread.cancel();
    assert!(thread.is_cancelled() && thread.cancellation().is_cancelled());
    drop(release);
    os.join().expect("it does not panic");
}

#[test]
fn a_cancelled_thread_can_still_yield_and_does_not_stop_by_force() {
    let handle = thread::spawn(|| {
        while !thread::cancelled() {
            std::thread::yield_now();
        }
        "cleaned up"
    });
    handle.cancel();
    assert_eq!(within(LIMIT, "the end", || handle.join()), Ok("cleaned up"));
}
