//! The price of a permit, an event, a latch, a barrier, beside the best that `parking_lot`, `std` and tokio offer:
//! `cargo bench -p par-threads --bench sync`.
//!
//! Contenders run in turns, so the ratios hold on a busy machine; every count is checked. The first of each table is the
//! one to beat.

use std::hint::black_box;
use std::thread;

use par_core::testing::Paired;
use par_threads::{Barrier, Event, Latch, Semaphore};
use parking_lot::{Condvar, Mutex};

/// What is built by hand where there is nothing better: a value and who waits for it to change.
struct ByHand<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> ByHand<T> {
    const fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }
}

/// A semaphore by hand.
impl ByHand<usize> {
    fn acquire(&self) {
        let mut free = self.value.lock();
        while *free == 0 {
            self.changed.wait(&mut free);
        }
        *free -= 1;
    }

    fn release(&self) {
        *self.value.lock() += 1;
        self.changed.notify_one();
    }

    fn count_down(&self) {
        let mut left = self.value.lock();
        *left -= 1;
        if *left == 0 {
            drop(left);
            self.changed.notify_all();
        }
    }

    fn wait_for_zero(&self) {
        let mut left = self.value.lock();
        while *left > 0 {
            self.changed.wait(&mut left);
        }
    }
}

/// An event by hand.
impl ByHand<bool> {
    fn set(&self) {
        *self.value.lock() = true;
        self.changed.notify_all();
    }

    fn clear(&self) {
        *self.value.lock() = false;
    }

    fn wait(&self) {
        let mut set = self.value.lock();
        while !*set {
            self.changed.wait(&mut set);
        }
    }
}

/// Runs both halves at once, `times` times each, and checks that both have.
fn both(times: usize, mut there: impl FnMut() + Send, mut here: impl FnMut()) {
    let count = |run: &mut dyn FnMut()| {
        let mut ran = 0;
        for _ in 0..times {
            run();
            ran += 1;
        }
        ran
    };
    let ran = thread::scope(|scope| {
        let other = scope.spawn(move || count(&mut there));
        count(&mut here) + other.join().expect("it does not panic")
    });
    assert_eq!(ran, 2 * times);
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, alone, together) = if quick { (1, 100, 20) } else { (21, 1_000_000, 20_000) };
    println!("{alone} times: take a permit that is free, give it back");
    println!("{}", permit(rounds, alone));
    println!("{} times each, two threads: take the only permit, give it back", alone / 4);
    println!("{}", one_permit(rounds, alone / 4));
    println!("{together} times: hand over to another thread and back, by two semaphores");
    println!("{}", handover(rounds, together));
    println!("{alone} times: set an event, wait for it, clear it");
    println!("{}", event(rounds, alone));
    println!("{together} times: tell another thread by an event, and hear back");
    println!("{}", events(rounds, together));
    println!("{alone} times: a latch of one is made, opened, and waited for");
    println!("{}", latch(rounds, alone));
    println!("{together} times: two threads meet at a latch");
    println!("{}", latches(rounds, together));
    println!("{alone} times: a barrier of one");
    println!("{}", barrier(rounds, alone, 1));
    println!("{together} times: two threads meet at a barrier");
    println!("{}", barrier(rounds, together, 2));
}

fn permit(rounds: usize, times: usize) -> Paired {
    let (ours, tokio, by_hand) = (Semaphore::new(3), tokio::sync::Semaphore::new(3), ByHand::new(3_usize));
    Paired::measure(
        rounds,
        vec![
            (
                "tokio Semaphore::try_acquire",
                Box::new(|| {
                    let taken = (0..times).filter(|_| black_box(tokio.try_acquire()).is_ok()).count();
                    assert_eq!((taken, tokio.available_permits()), (times, 3));
                }),
            ),
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    for _ in 0..times {
                        by_hand.acquire();
                        by_hand.release();
                    }
                    assert_eq!(*by_hand.value.lock(), 3);
                }),
            ),
            (
                "Semaphore::try_acquire",
                Box::new(|| {
                    let taken = (0..times).filter(|_| black_box(ours.try_acquire()).is_some()).count();
                    assert_eq!((taken, ours.available()), (times, 3));
                }),
            ),
            (
                "Semaphore::acquire",
                Box::new(|| {
                    for _ in 0..times {
                        drop(black_box(ours.acquire()));
                    }
                    assert_eq!(ours.available(), 3);
                }),
            ),
        ],
    )
}

fn one_permit(rounds: usize, times: usize) -> Paired {
    let (ours, by_hand) = (Semaphore::new(1), ByHand::new(1_usize));
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    let once = || {
                        by_hand.acquire();
                        by_hand.release();
                    };
                    both(times, once, once);
                    assert_eq!(*by_hand.value.lock(), 1);
                }),
            ),
            (
                "Semaphore",
                Box::new(|| {
                    both(times, || drop(ours.acquire()), || drop(ours.acquire()));
                    assert_eq!(ours.available(), 1);
                }),
            ),
        ],
    )
}

fn handover(rounds: usize, times: usize) -> Paired {
    let ours = [Semaphore::new(0), Semaphore::new(0)];
    let by_hand = [ByHand::new(0_usize), ByHand::new(0_usize)];
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    let [ping, pong] = &by_hand;
                    let answer = || {
                        ping.acquire();
                        pong.release();
                    };
                    both(times, answer, || {
                        ping.release();
                        pong.acquire();
                    });
                    assert_eq!(*ping.value.lock() + *pong.value.lock(), 0);
                }),
            ),
            (
                "Semaphore",
                Box::new(|| {
                    let [ping, pong] = &ours;
                    let answer = || {
                        ping.acquire().forget();
                        pong.release(1);
                    };
                    both(times, answer, || {
                        ping.release(1);
                        pong.acquire().forget();
                    });
                    assert_eq!(ping.available() + pong.available(), 0);
                }),
            ),
        ],
    )
}

fn event(rounds: usize, times: usize) -> Paired {
    let (ours, by_hand) = (Event::new(), ByHand::new(false));
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    for _ in 0..times {
                        by_hand.set();
                        by_hand.wait();
                        by_hand.clear();
                    }
                    assert!(!*by_hand.value.lock());
                }),
            ),
            (
                "Event",
                Box::new(|| {
                    for _ in 0..times {
                        ours.set();
                        ours.wait();
                        ours.clear();
                    }
                    assert!(!ours.is_set());
                }),
            ),
        ],
    )
}

fn events(rounds: usize, times: usize) -> Paired {
    let ours = [Event::new(), Event::new()];
    let by_hand = [ByHand::new(false), ByHand::new(false)];
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    let [ping, pong] = &by_hand;
                    let answer = || {
                        ping.wait();
                        ping.clear();
                        pong.set();
                    };
                    both(times, answer, || {
                        ping.set();
                        pong.wait();
                        pong.clear();
                    });
                }),
            ),
            (
                "Event",
                Box::new(|| {
                    let [ping, pong] = &ours;
                    let answer = || {
                        ping.wait();
                        ping.clear();
                        pong.set();
                    };
                    both(times, answer, || {
                        ping.set();
                        pong.wait();
                        pong.clear();
                    });
                }),
            ),
        ],
    )
}

fn latch(rounds: usize, times: usize) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    for _ in 0..times {
                        let latch = black_box(ByHand::new(1_usize));
                        latch.count_down();
                        latch.wait_for_zero();
                        assert_eq!(*latch.value.lock(), 0);
                    }
                }),
            ),
            (
                "Latch",
                Box::new(|| {
                    for _ in 0..times {
                        let latch = black_box(Latch::new(1));
                        latch.count_down();
                        latch.wait();
                        assert!(latch.is_open());
                    }
                }),
            ),
        ],
    )
}

fn latches(rounds: usize, times: usize) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot Mutex and Condvar",
                Box::new(|| {
                    let latches: Vec<_> = (0..times).map(|_| ByHand::new(2_usize)).collect();
                    let meet = |latch: &ByHand<usize>| {
                        latch.count_down();
                        latch.wait_for_zero();
                    };
                    let (mut there, mut here) = (latches.iter(), latches.iter());
                    both(
                        times,
                        || there.by_ref().take(1).for_each(meet),
                        || here.by_ref().take(1).for_each(meet),
                    );
                    assert!(latches.iter().all(|latch| *latch.value.lock() == 0));
                }),
            ),
            (
                "Latch",
                Box::new(|| {
                    let latches: Vec<_> = (0..times).map(|_| Latch::new(2)).collect();
                    let (mut there, mut here) = (latches.iter(), latches.iter());
                    both(
                        times,
                        || there.by_ref().take(1).for_each(Latch::arrive_and_wait),
                        || here.by_ref().take(1).for_each(Latch::arrive_and_wait),
                    );
                    assert!(latches.iter().all(Latch::is_open));
                }),
            ),
        ],
    )
}

fn barrier(rounds: usize, times: usize, parties: usize) -> Paired {
    let (ours, std) = (Barrier::new(parties), std::sync::Barrier::new(parties));
    let run = |wait: &(dyn Fn() -> bool + Sync)| {
        let led = |times| (0..times).filter(|_| wait()).count();
        let led = thread::scope(|scope| {
            let others: Vec<_> = (1..parties).map(|_| scope.spawn(|| led(times))).collect();
            led(times)
                + others.into_iter().map(|other| other.join().expect("it does not panic")).sum::<usize>()
        });
        assert_eq!(led, times, "one leads in each phase");
    };
    Paired::measure(
        rounds,
        vec![
            ("std::sync::Barrier", Box::new(|| run(&|| std.wait().is_leader()))),
            ("Barrier", Box::new(|| run(&|| ours.wait().expect("nobody breaks it").is_leader()))),
        ],
    )
}
