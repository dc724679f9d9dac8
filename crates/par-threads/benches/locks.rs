//! The price of a lock, beside the ones it is made of: `cargo bench -p par-threads --bench locks`.
//!
//! Without features both sides are the same machine code, so every ratio should be 1. With `--features
//! deadlock-detection` the ratios are the price of being explained. All run in turns, so the ratios hold on a busy machine.

use std::thread;

use par_core::testing::Paired;
use par_threads::{Condvar, Mutex, ReentrantMutex, RwLock, deadlock};

/// One sample locks so often.
struct Sizes {
    rounds: usize,
    alone: u64,
    contended: u64,
    pings: u64,
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let sizes = if quick {
        Sizes { rounds: 1, alone: 1_000, contended: 1_000, pings: 100 }
    } else {
        Sizes { rounds: 31, alone: 2_000_000, contended: 500_000, pings: 20_000 }
    };
    let explained = if deadlock::is_enabled() { "on" } else { "off" };
    println!("deadlock detection is {explained}");
    println!("{} times: lock, add, unlock; nobody else is there", sizes.alone);
    println!("{}", alone(&sizes));
    println!("{} times: lock two, one in the other", sizes.alone);
    println!("{}", nested(&sizes));
    println!("{} times by each of two threads: lock, add, unlock", sizes.contended);
    println!("{}", contended(&sizes));
    println!("{} times there and back between two threads, by a condition variable", sizes.pings);
    println!("{}", ping_pong(&sizes));
}

/// Adds 1 so often under a lock, and checks the sum.
macro_rules! count {
    ($lock:expr, $times:expr, |$guard:ident| $add:expr) => {{
        for _ in 0..$times {
            let $guard = std::hint::black_box(&$lock).lock();
            $add;
        }
    }};
}

fn alone(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (Mutex::new(0_u64), parking_lot::Mutex::new(0_u64));
    let (std, reentrant) = (std::sync::Mutex::new(0_u64), ReentrantMutex::new(std::cell::Cell::new(0_u64)));
    let (read, their_read) = (RwLock::new(1_u64), parking_lot::RwLock::new(1_u64));
    Paired::measure(
        rounds,
        vec![
            ("parking_lot::Mutex", Box::new(|| count!(theirs, times, |guard| *{ guard } += 1))),
            ("Mutex", Box::new(|| count!(ours, times, |guard| *{ guard } += 1))),
            (
                "std::sync::Mutex",
                Box::new(|| count!(std, times, |guard| *guard.expect("nothing panics") += 1)),
            ),
            ("ReentrantMutex", Box::new(|| count!(reentrant, times, |guard| guard.set(guard.get() + 1)))),
            (
                "parking_lot::RwLock, read",
                Box::new(|| {
                    let sum: u64 = (0..times).map(|_| *std::hint::black_box(&their_read).read()).sum();
                    assert_eq!(sum, times);
                }),
            ),
            (
                "RwLock, read",
                Box::new(|| {
                    let sum: u64 = (0..times).map(|_| *std::hint::black_box(&read).read()).sum();
                    assert_eq!(sum, times);
                }),
            ),
        ],
    )
}

fn nested(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (
        [Mutex::new(0_u64), Mutex::new(0_u64)],
        [parking_lot::Mutex::new(0_u64), parking_lot::Mutex::new(0_u64)],
    );
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot::Mutex, two",
                Box::new(|| {
                    for _ in 0..times {
                        let outer = theirs[0].lock();
                        *theirs[1].lock() += 1 + *outer;
                    }
                }),
            ),
            (
                "Mutex, two",
                Box::new(|| {
                    for _ in 0..times {
                        let outer = ours[0].lock();
                        *ours[1].lock() += 1 + *outer;
                    }
                }),
            ),
        ],
    )
}

/// Runs `f` on two threads at once.
fn both(f: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(&f);
        }
    });
}

fn contended(&Sizes { rounds, contended: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (Mutex::new(0_u64), parking_lot::Mutex::new(0_u64));
    let (read, their_read) = (RwLock::new(1_u64), parking_lot::RwLock::new(1_u64));
    let result = Paired::measure(
        rounds,
        vec![
            ("parking_lot::Mutex", Box::new(|| both(|| count!(theirs, times, |guard| *{ guard } += 1)))),
            ("Mutex", Box::new(|| both(|| count!(ours, times, |guard| *{ guard } += 1)))),
            (
                "parking_lot::RwLock, read",
                Box::new(|| both(|| assert_eq!((0..times).map(|_| *their_read.read()).sum::<u64>(), times))),
            ),
            (
                "RwLock, read",
                Box::new(|| both(|| assert_eq!((0..times).map(|_| *read.read()).sum::<u64>(), times))),
            ),
        ],
    );
    assert_eq!(*ours.lock(), *theirs.lock(), "both were counted as often");
    result
}

/// One thread makes the number odd, the other one even.
macro_rules! ping_pong {
    ($mutex:expr, $condvar:expr, $pings:expr) => {{
        let (mutex, condvar) = ($mutex, $condvar);
        let turns = |parity: u64| {
            for _ in 0..$pings {
                let mut number = mutex.lock();
                condvar.wait_while(&mut number, |number| *number % 2 != parity);
                *number += 1;
                condvar.notify_one();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| turns(0));
            turns(1);
        });
        assert_eq!(mutex.into_inner(), 2 * $pings);
    }};
}

fn ping_pong(&Sizes { rounds, pings, .. }: &Sizes) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "parking_lot::Condvar",
                Box::new(|| ping_pong!(parking_lot::Mutex::new(0_u64), parking_lot::Condvar::new(), pings)),
            ),
            ("Condvar", Box::new(|| ping_pong!(Mutex::new(0_u64), Condvar::new(), pings))),
        ],
    )
}
