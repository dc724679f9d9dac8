//! TH-09: a function that is called later, or never.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use par_core::Cancellation;
use par_core::testing::within;
use par_threads::Timer;
use par_threads::thread::{self, Builder, SpawnError};

use super::{HOUR, LIMIT, is_listed};

#[test]
fn a_timer_fires_after_its_time_and_yields() {
    let (begun, delay) = (Instant::now(), Duration::from_millis(20));
    let timer = Timer::after(delay, || (thread::current().name().to_owned(), Instant::now()));
    let timer = timer.expect("it starts");
    assert!(timer.thread().name().starts_with("timer-"));
    let (name, fired) = within(LIMIT, "the timer", || timer.join()).expect("no panic").expect("it fires");
    assert!(name.starts_with("timer-") && fired >= begun + delay);
}

#[test]
fn a_cancelled_timer_never_fires_and_ends_at_once() {
    let owned = Arc::new(());
    let captured = Arc::clone(&owned);
    let timer = Timer::after(HOUR, move || drop(captured)).expect("it starts");
    let timer = timer.join_timeout(Duration::from_millis(1)).expect_err("not within an hour");
    assert!(!timer.is_finished());
    assert!(timer.cancel() && timer.cancel(), "as often as one likes");
    assert_eq!(within(LIMIT, "the timer", || timer.join()), Ok(None));
    assert_eq!(Arc::strong_count(&owned), 1, "the function was dropped");
}

#[test]
fn a_timer_that_has_fired_cannot_be_cancelled() {
    let (fired, has_fired) = channel();
    let (release, released) = channel::<()>();
    let timer = Timer::after(Duration::ZERO, move || {
        fired.send(()).ok();
        released.recv().ok();
        thread::cancelled()
    });
    let timer = timer.expect("it starts");
    has_fired.recv_timeout(LIMIT).expect("it fires");
    assert!(!timer.cancel() && !timer.is_finished());
    timer.thread().cancel();
    drop(release);
    assert_eq!(timer.join(), Ok(Some(true)), "the thread's token reaches the function");
}

#[test]
fn a_dropped_timer_fires_all_the_same() {
    let (fired, has_fired) = channel();
    drop(Timer::after(Duration::from_millis(1), move || fired.send(7)).expect("it starts"));
    assert_eq!(has_fired.recv_timeout(LIMIT), Ok(7));
}

#[test]
fn one_token_cancels_many() {
    let stop = Cancellation::new();
    let settings = Builder::new().name("many timers").cancellation(&stop).daemon(true);
    let timers: Vec<_> =
        (0..8).map(|_| Timer::after_on(settings.clone(), Duration::MAX, || ()).expect("it starts")).collect();
    assert!(timers.iter().all(|timer| timer.thread().is_daemon()));
    stop.cancel();
    for timer in timers {
        assert_eq!(within(LIMIT, "the timer", || timer.join()), Ok(None));
    }
    assert!(!is_listed("many timers"));
}

#[test]
fn what_goes_wrong_is_an_error() {
    let timer = Timer::after(Duration::ZERO, || panic!("ding dong")).expect("it starts");
    let error = within(LIMIT, "the timer", || timer.join()).expect_err("it panics");
    assert_eq!(error.panic.message, "ding dong");
    let refused = Timer::after_on(Builder::new().stack_size(1), HOUR, || ()).map(drop);
    assert!(matches!(refused, Err(SpawnError::StackTooSmall { .. })));
}

/// Two threads and a token race with the time: whatever happens, all agree, and the function runs once or never.
#[test]
fn fired_or_cancelled_never_both() {
    let mut outcomes = [0, 0];
    for round in 0..400_u64 {
        let calls = AtomicUsize::new(0);
        let calls = Arc::new(calls);
        let counted = Arc::clone(&calls);
        let token = Cancellation::new();
        // The times are spread around what a thread needs to start.
        let delay = Duration::from_micros(round % 40 * 5);
        let settings = Builder::new().cancellation(&token);
        let timer = Timer::after_on(settings, delay, move || counted.fetch_add(1, Ordering::Relaxed));
        let timer = timer.expect("it starts");
        let together = Barrier::new(3);
        let verdicts = within(LIMIT, "the race", || {
            thread::scope(|s| {
                let cancellers = [(); 2].map(|()| {
                    s.spawn(|| {
                        together.wait();
                        timer.cancel()
                    })
                });
                together.wait();
                if round % 3 == 0 {
                    token.cancel();
                }
                cancellers.map(|canceller| canceller.join().expect("it does not panic"))
            })
        });
        let joined = within(LIMIT, "the timer", || timer.join()).expect("it does not panic");
        assert_eq!(verdicts, [joined.is_none(); 2], "all are told the same, and it is the truth");
        assert_eq!(calls.load(Ordering::Relaxed), usize::from(joined.is_some()));
        outcomes[usize::from(joined.is_some())] += 1;
    }
    println!("cancelled {} times, fired {} times", outcomes[0], outcomes[1]);
}
