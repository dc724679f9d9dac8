//! What is no deadlock is not called one, and leaves nothing behind.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_threads::deadlock::{self, ReportKind};
use par_threads::{
    Barrier as Meeting, Condvar, Mutex, Party, ReentrantMutex, RwLock, RwLockUpgradableReadGuard, Semaphore,
};

use super::{LIMIT, reports_of, waits};

/// Deadlocks that some thread of this name was part of.
fn deadlocks(thread: &str) -> usize {
    reports_of(thread).iter().filter(|report| report.kind == ReportKind::Deadlock).count()
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

#[test]
fn a_circle_with_a_timeout_in_it_ends_by_itself() {
    let (one, two) = (Mutex::new(()), Mutex::new(()));
    let both_hold = Barrier::new(2);
    within(LIMIT, "a wait with a timeout", || {
        thread::scope(|scope| {
            let patient = named("patient").spawn_scoped(scope, || {
                let _one = one.lock();
                both_hold.wait();
                drop(two.lock());
            });
            let hasty = named("hasty").spawn_scoped(scope, || {
                let _two = two.lock();
                both_hold.wait();
                one.try_lock_for(Duration::from_millis(300)).is_some()
            });
            patient.expect("threads start").join().expect("it goes on when the other one gives up");
            assert!(!hasty.expect("threads start").join().expect("it gives up"));
        });
    });
    assert_eq!((deadlocks("patient"), deadlocks("hasty")), (0, 0));
}

#[test]
fn a_reader_behind_a_writer_with_a_timeout_is_let_in() {
    let lock = RwLock::new(0);
    within(LIMIT, "a reader that reads twice", || {
        thread::scope(|scope| {
            let first = lock.read();
            let writer = named("brief")
                .spawn_scoped(scope, || lock.try_write_for(Duration::from_millis(350)).is_some());
            while lock.try_read().is_some() {
                thread::yield_now();
            }
            // Longer than a slice, so that a slice ends behind the writer.
            drop(lock.read());
            drop(first);
            writer.expect("threads start").join().expect("it gives up, or writes");
        });
    });
    assert_eq!(deadlocks("brief"), 0);
}

#[test]
fn a_long_wait_is_no_deadlock() {
    let mutex = Mutex::new(());
    within(LIMIT, "a wait for one who sleeps", || {
        thread::scope(|scope| {
            let guard = mutex.lock();
            let waiter = named("long").spawn_scoped(scope, || drop(mutex.lock())).expect("threads start");
            while !waits("long") {
                thread::yield_now();
            }
            assert!(!waiter.is_finished());
            drop(guard);
        });
    });
    assert_eq!(deadlocks("long"), 0);
}

/// Everything at once, in an order that cannot deadlock: the mutexes by index, then the rest.
struct Everything {
    mutexes: Vec<Mutex<u64>>,
    shared: RwLock<u64>,
    reentrant: ReentrantMutex<()>,
    turns: Mutex<usize>,
    turned: Condvar,
    /// As a lock, and as room for some.
    single: Semaphore,
    several: Semaphore,
    meeting: Meeting,
}

const THREADS: usize = 8;
const ROUNDS: usize = 400;

impl Everything {
    fn churn(&self, thread: usize, round: usize) {
        let (low, high) = (round % 4, 4 + (round + thread) % 4);
        let mut one = self.mutexes[low].lock();
        let mut two = self.mutexes[high].lock();
        *one += 1;
        *two += 1;
        match (thread + round) % 4 {
            0 => *self.shared.write() += 1,
            1 => drop(self.shared.read()),
            2 => {
                let reader = self.shared.upgradable_read();
                *RwLockUpgradableReadGuard::upgrade(reader) += 1;
            }
            // The wrong way round, but only if it is free.
            _ => drop(self.mutexes[low.saturating_sub(1)].try_lock()),
        }
        drop(two);
        let _single = self.single.acquire();
        let _some = match round % 3 {
            0 => self.several.try_acquire(),
            1 => self.several.acquire_timeout(Duration::from_micros(50)),
            _ => Some(self.several.acquire()),
        };
        let _outer = self.reentrant.lock();
        drop(self.reentrant.lock());
        drop(one);
    }

    /// Everybody waits until it is his turn.
    fn take_turn(&self, thread: usize) {
        let mut turn = self.turns.lock();
        self.turned.wait_while(&mut turn, |turn| *turn % THREADS != thread);
        *turn += 1;
        self.turned.notify_all();
    }

    /// A thread with locks of its own, which is joined while it uses what others hold.
    fn join(&self, round: usize) {
        let lock = Mutex::new(0);
        par_threads::thread::scope(|scope| {
            let (lock, all) = (&lock, self);
            let joined = scope.builder().name("churn joined").spawn(move || {
                *lock.lock() += 1;
                drop(all.several.acquire());
                *all.mutexes[round % 8].lock() += 0;
            });
            *lock.lock() += 1;
            if round % 100 == 40 {
                joined.expect("threads start").join().expect("it does not panic");
            }
            *lock.lock() += 1;
        });
        assert_eq!(*lock.lock(), 3);
    }

    /// Everybody comes, some with a permit, and those who have come keep nobody from coming.
    fn meet(&self, member: &Party<'_>, thread: usize) {
        let permit = (thread == 0).then(|| self.several.acquire());
        member.wait().expect("all come");
        drop(permit);
        drop(self.mutexes[thread].lock());
        member.wait().expect("all come");
        let _all = self.single.acquire();
    }
}

#[test]
fn no_alarm_under_contention() {
    let all = Everything {
        mutexes: (0..8).map(Mutex::new).collect(),
        shared: RwLock::new(0),
        reentrant: ReentrantMutex::new(()),
        turns: Mutex::new(0),
        turned: Condvar::new(),
        single: Semaphore::new(1),
        several: Semaphore::new(3),
        meeting: Meeting::new(THREADS),
    };
    let members: Vec<_> = (0..THREADS).map(|_| all.meeting.join()).collect();
    within(Duration::from_mins(2), "eight threads and all kinds of waits", || {
        thread::scope(|scope| {
            for (index, member) in members.into_iter().enumerate() {
                let all = &all;
                let run = move || {
                    for round in 0..ROUNDS {
                        all.churn(index, round);
                        match round % 50 {
                            0 => all.take_turn(index),
                            20 => all.meet(&member, index),
                            40 => all.join(round),
                            _ => {}
                        }
                    }
                };
                named("churn").spawn_scoped(scope, run).expect("threads start");
            }
        });
    });
    for name in ["churn", "churn joined"] {
        assert_eq!(reports_of(name), [], "neither deadlocks nor orders that contradict each other");
        assert!(!waits(name), "it is struck out");
    }
    let sum: u64 = all.mutexes.iter().map(|mutex| *mutex.lock()).sum();
    assert_eq!(sum as usize, 28 + 2 * THREADS * ROUNDS);
}

#[test]
fn a_thousand_threads_leave_nothing() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    static LOCK: Mutex<()> = Mutex::new(());
    within(Duration::from_mins(2), "a thousand threads", || {
        for _ in 0..20 {
            thread::scope(|scope| {
                for _ in 0..50 {
                    let run = || {
                        let own: Vec<_> = (0..10).map(Mutex::new).collect();
                        let _guards: Vec<_> = own.iter().map(Mutex::lock).collect();
                        let _lock = LOCK.lock();
                        DONE.fetch_add(1, Ordering::Relaxed);
                    };
                    named("brief life").spawn_scoped(scope, run).expect("threads start");
                }
            });
        }
    });
    assert_eq!(DONE.load(Ordering::Relaxed), 1_000);
    assert!(!waits("brief life"));
    assert_eq!(reports_of("brief life"), []);
}

#[test]
fn a_handler_may_lock_and_panic() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    deadlock::on_report(|report| {
        SEEN.lock().push(report.to_string());
        // Nothing comes of it.
        if report.participants.iter().any(|one| one.thread == "handled") {
            std::panic::resume_unwind(Box::new("expected here"));
        }
    });
    let handled = named("handled").spawn(|| {
        let mutex = Mutex::new(());
        let _guard = mutex.lock();
        super::panic_of(|| mutex.lock()).is_some()
    });
    let thread = handled.expect("threads start");
    assert!(within(LIMIT, "the handled deadlock", || thread.join()).expect("caught"));
    assert!(SEEN.lock().iter().any(|text| text.contains("`handled`")));
}

#[test]
fn a_thread_may_hold_thousands_of_locks() {
    let thread = named("greedy").spawn(|| {
        let locks: Vec<_> = (0..2_000).map(Mutex::new).collect();
        for _ in 0..2 {
            let guards: Vec<_> = locks.iter().map(Mutex::lock).collect();
            assert_eq!(guards.len(), 2_000);
        }
    });
    let thread = thread.expect("threads start");
    within(Duration::from_mins(2), "two thousand locks at once", || thread.join())
        .expect("it does not panic");
    assert_eq!(reports_of("greedy"), []);
}
