use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_threads::{Condvar, Mutex};

use super::{LIMIT, MOMENT};

#[test]
fn what_one_puts_the_other_gets() {
    let (queue, changed) = (Mutex::new(VecDeque::new()), Condvar::new());
    let sum = within(LIMIT, "a bounded buffer", || {
        thread::scope(|scope| {
            scope.spawn(|| {
                for item in 0..1_000_u64 {
                    let mut queue = queue.lock();
                    changed.wait_while(&mut queue, |queue| queue.len() == 3);
                    queue.push_back(item);
                    changed.notify_all();
                }
            });
            let take = || {
                let mut queue = queue.lock();
                assert!(changed.wait_predicate(&mut queue, None, |queue| !queue.is_empty()));
                changed.notify_all();
                queue.pop_front().expect("the predicate holds")
            };
            (0..1_000).map(|_| take()).sum::<u64>()
        })
    });
    assert_eq!(sum, 499_500);
}

#[test]
fn a_wait_gives_the_lock_away_and_takes_it_again() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    within(LIMIT, "a wait", || {
        thread::scope(|scope| {
            let mut guard = mutex.lock();
            scope.spawn(|| {
                *mutex.lock() = 1;
                changed.notify_one();
            });
            while *guard == 0 {
                changed.wait(&mut guard);
            }
            assert!(mutex.try_lock().is_none(), "it is this guard's again");
        });
    });
}

#[test]
fn waits_with_a_timeout_end_and_say_so() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut guard = mutex.lock();
    assert!(changed.wait_for(&mut guard, MOMENT).timed_out());
    assert!(changed.wait_until(&mut guard, Instant::now()).timed_out());
    assert!(changed.wait_while_for(&mut guard, |zero| *zero == 0, MOMENT).timed_out());
    assert!(!changed.wait_while_for(&mut guard, |zero| *zero == 1, Duration::MAX).timed_out());
    assert!(changed.wait_while_until(&mut guard, |_| true, Instant::now()).timed_out());
    let begun = Instant::now();
    assert!(!changed.wait_predicate(&mut guard, Some(MOMENT), |zero| *zero == 1));
    assert!(begun.elapsed() >= MOMENT);
    assert!(changed.wait_predicate(&mut guard, Some(Duration::ZERO), |zero| *zero == 0));
}

#[test]
fn the_predicate_is_asked_once_more_when_the_time_is_up() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut asked = 0;
    let held = changed.wait_predicate(&mut mutex.lock(), Some(MOMENT), |_| {
        asked += 1;
        asked == 2
    });
    // A wake-up for no reason may have come before.
    assert!(held && asked == 2);
}

#[test]
fn as_many_wake_as_are_notified() {
    const WAITERS: usize = 4;
    #[derive(Default)]
    struct State {
        waiting: usize,
        tickets: usize,
    }
    let (state, changed) = (Mutex::new(State::default()), Condvar::new());
    assert!(!changed.notify_one());
    assert_eq!((changed.notify(3), changed.notify_all()), (0, 0), "nobody waits");
    within(LIMIT, "four waiters", || {
        thread::scope(|scope| {
            for _ in 0..WAITERS {
                scope.spawn(|| {
                    let mut state = state.lock();
                    state.waiting += 1;
                    changed.wait_while(&mut state, |state| state.tickets == 0);
                    state.tickets -= 1;
                    state.waiting -= 1;
                });
            }
            let notify = |from: usize, by: &dyn Fn() -> usize, n: usize| {
                loop {
                    let mut state = state.lock();
                    if state.waiting == from && state.tickets == 0 {
                        state.tickets = n;
                        assert_eq!(by(), n);
                        return;
                    }
                    drop(state);
                    thread::yield_now();
                }
            };
            notify(4, &|| usize::from(changed.notify_one()), 1);
            notify(3, &|| changed.notify(2), 2);
            notify(1, &|| changed.notify_all(), 1);
        });
    });
    assert_eq!(state.lock().tickets, 0);
}
