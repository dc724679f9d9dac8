//! Conditions: TH-14.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::held::{Held, PATIENCE, eventually, hold, is_woken, let_wait, on_threads, times_out};

/// A condition and its lock, with a number under it, as the suite sees it.
pub trait Condition: Send + Sync + 'static {
    /// Runs `f` on the number, under the lock.
    fn with(&self, f: &mut dyn FnMut(&mut u64));
    /// Waits until `predicate` holds, at most so long if a time is given; whether it held.
    ///
    /// It is asked under the lock, which is free while the thread waits; after `true` it is not asked again, so what it
    /// does to the number then belongs to the wait.
    fn wait_for(&self, predicate: &mut dyn FnMut(&mut u64) -> bool, timeout: Option<Duration>) -> bool;
    /// Wakes one who waits.
    fn notify_one(&self);
    /// Wakes so many of those who wait.
    fn notify(&self, n: usize);
    /// Wakes all who wait.
    fn notify_all(&self);
}

/// Checks everything that a condition does; `make` makes one whose number is 0.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_condition<C: Condition>(make: impl Fn() -> C) -> Held {
    hold(
        "condition",
        &[
            ("what holds already is not waited for", &|| holds_already(&make())),
            ("a wait ends when its time is up, and says so", &|| gives_up(&make())),
            ("the lock is free while a thread waits, and held when it goes on", &|| unlocks(&make())),
            ("who waits without a timeout is woken", &|| wakes(&make())),
            ("a notification without a change wakes nobody for good", &|| asks_again(&make())),
            ("notify_one lets one go on who waits, and each time another", &|| notifies_one(&make())),
            ("notify lets as many go on as it is told", &|| notifies_some(&make())),
            ("notify_all lets all go on", &|| notifies_all(&make())),
            ("two threads take turns, and no notification is lost", &|| takes_turns(&make())),
        ],
    )
}

/// Takes one from the number, if there is one.
fn take(number: &mut u64) -> bool {
    let takes = *number > 0;
    *number -= u64::from(takes);
    takes
}

fn holds_already(condition: &impl Condition) {
    condition.with(&mut |number| *number = 3);
    assert!(condition.wait_for(&mut take, None));
    assert!(condition.wait_for(&mut take, Some(Duration::ZERO)));
    assert!(condition.wait_for(&mut take, Some(Duration::MAX)));
    condition.with(&mut |number| assert_eq!(*number, 0));
}

fn gives_up(condition: &impl Condition) {
    assert!(!condition.wait_for(&mut take, Some(Duration::ZERO)));
    assert!(!times_out(|brief| condition.wait_for(&mut take, Some(brief))), "there is nothing to take");
    condition.with(&mut |number| assert_eq!(*number, 0));
}

fn unlocks(condition: &impl Condition) {
    for _ in 0..50 {
        let asked = AtomicUsize::new(0);
        on_threads(2, |thread| {
            if thread == 0 {
                let mut predicate = |number: &mut u64| {
                    asked.fetch_add(1, SeqCst);
                    take(number)
                };
                is_woken(|patience| condition.wait_for(&mut predicate, Some(patience)));
            } else {
                eventually("the other one waits", || asked.load(SeqCst) > 0);
                condition.with(&mut |number| *number += 1);
                condition.notify_one();
            }
        });
    }
}

fn wakes(condition: &impl Condition) {
    for _ in 0..100 {
        on_threads(2, |thread| {
            if thread == 0 {
                assert!(condition.wait_for(&mut take, None));
            } else {
                condition.with(&mut |number| *number += 1);
                condition.notify_one();
            }
        });
    }
}

fn asks_again(condition: &impl Condition) {
    let asked = AtomicUsize::new(0);
    on_threads(2, |thread| {
        if thread == 0 {
            let mut predicate = |number: &mut u64| {
                asked.fetch_add(1, SeqCst);
                *number == 7
            };
            is_woken(|patience| condition.wait_for(&mut predicate, Some(patience)));
            condition.with(&mut |number| assert_eq!(*number, 7));
            return;
        }
        for step in 1..=7 {
            let before = asked.load(SeqCst);
            eventually("the other one asks again when it is woken", || {
                condition.notify_all();
                asked.load(SeqCst) > before
            });
            condition.with(&mut |number| *number = step);
        }
        condition.notify_all();
    });
}

fn notifies_one(condition: &impl Condition) {
    const WAITERS: usize = 4;
    let passed = AtomicUsize::new(0);
    on_threads(WAITERS + 1, |thread| {
        if thread > 0 {
            assert!(condition.wait_for(&mut take, Some(2 * PATIENCE)), "there was nothing to take");
            passed.fetch_add(1, SeqCst);
            return;
        }
        for given in 1..=WAITERS {
            condition.with(&mut |number| *number += 1);
            condition.notify_one();
            eventually("one goes on", || passed.load(SeqCst) == given);
        }
    });
}

fn notifies_some(condition: &impl Condition) {
    const WAITERS: usize = 5;
    for some in [2, 3, 5] {
        let (coming, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        on_threads(WAITERS + 1, |thread| {
            if thread > 0 {
                coming.fetch_add(1, SeqCst);
                is_woken(|patience| condition.wait_for(&mut take, Some(patience)));
                passed.fetch_add(1, SeqCst);
                return;
            }
            let_wait(&coming, WAITERS);
            for (count, total) in [(some, some), (WAITERS - some, WAITERS)] {
                condition.with(&mut |number| *number += count as u64);
                condition.notify(count);
                eventually("as many go on as were notified", || passed.load(SeqCst) == total);
            }
        });
    }
    condition.with(&mut |number| assert_eq!(*number, 0));
    condition.notify(0);
    condition.notify(usize::MAX);
}

fn notifies_all(condition: &impl Condition) {
    for _ in 0..20 {
        condition.with(&mut |number| *number = 0);
        let coming = AtomicUsize::new(0);
        on_threads(5, |thread| {
            if thread > 0 {
                coming.fetch_add(1, SeqCst);
                is_woken(|patience| condition.wait_for(&mut |number| *number == 1, Some(patience)));
            } else {
                let_wait(&coming, 4);
                condition.with(&mut |number| *number = 1);
                condition.notify_all();
            }
        });
    }
}

fn takes_turns(condition: &impl Condition) {
    const TURNS: u64 = 1_000;
    on_threads(2, |thread| {
        let thread = thread as u64;
        for turn in (thread..TURNS).step_by(2) {
            is_woken(|patience| condition.wait_for(&mut |number| *number == turn, Some(patience)));
            condition.with(&mut |number| *number += 1);
            condition.notify_one();
        }
    });
    condition.with(&mut |number| assert_eq!(*number, TURNS));
}
