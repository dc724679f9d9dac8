//! The price of a lock, beside the ones it is made of: `cargo bench -p par-threads --bench locks`.
//!
//! The first of each table is what ours is made of. Without features both are the same machine code, so their ratio should
//! be 1. With `--features deadlock-detection` it is the price of being explained. All run in turns, so the ratios hold on a
//! busy machine; every count is checked.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::PoisonError;
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
    println!("{} times: lock twice, add, unlock twice", sizes.alone);
    println!("{}", alone_reentrant(&sizes));
    println!("{} times: lock to read, read, unlock", sizes.alone);
    println!("{}", alone_reading(&sizes));
    println!("{} times: lock two, one in the other", sizes.alone);
    println!("{}", nested(&sizes));
    println!("{} times by each of two threads: lock, add, unlock", sizes.contended);
    println!("{}", contended(&sizes));
    println!("{} times by each of two threads: lock to read, read, unlock", sizes.contended);
    println!("{}", contended_reading(&sizes));
    println!("{} times there and back between two threads, by a condition variable", sizes.pings);
    println!("{}", ping_pong(&sizes));
}

/// Adds 1 so often under a lock; the guard is what `$lock` yields.
macro_rules! add {
    ($lock:expr, $times:expr) => {
        for _ in 0..$times {
            *$lock += 1;
        }
    };
}

/// Reads 1 so often, and checks the sum.
macro_rules! read {
    ($lock:expr, $times:expr) => {
        assert_eq!((0..$times).map(|_| *black_box(&$lock).read()).sum::<u64>(), $times)
    };
}

/// How often every contender has run: once in every round, and once before.
fn runs(rounds: usize) -> u64 {
    rounds as u64 + 1
}

fn alone(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs, std) =
        (Mutex::new(0_u64), parking_lot::Mutex::new(0_u64), std::sync::Mutex::new(0_u64));
    let result = Paired::measure(
        rounds,
        vec![
            ("parking_lot::Mutex", Box::new(|| add!(black_box(&theirs).lock(), times))),
            ("Mutex", Box::new(|| add!(black_box(&ours).lock(), times))),
            (
                "std::sync::Mutex",
                Box::new(|| add!(black_box(&std).lock().unwrap_or_else(PoisonError::into_inner), times)),
            ),
        ],
    );
    let counts =
        [ours.into_inner(), theirs.into_inner(), *std.lock().unwrap_or_else(PoisonError::into_inner)];
    assert_eq!(counts, [times * runs(rounds); 3]);
    result
}

fn alone_reentrant(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) =
        (ReentrantMutex::new(Cell::new(0_u64)), parking_lot::ReentrantMutex::new(Cell::new(0_u64)));
    /// Locks twice for each 1 that it adds.
    macro_rules! twice {
        ($lock:expr) => {
            for _ in 0..times {
                let outer = black_box(&$lock).lock();
                let inner = black_box(&$lock).lock();
                inner.set(outer.get() + 1);
            }
        };
    }
    let result = Paired::measure(
        rounds,
        vec![
            ("parking_lot::ReentrantMutex", Box::new(|| twice!(theirs))),
            ("ReentrantMutex", Box::new(|| twice!(ours))),
        ],
    );
    assert_eq!([ours.into_inner().get(), theirs.into_inner().get()], [times * runs(rounds); 2]);
    result
}

fn alone_reading(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (RwLock::new(1_u64), parking_lot::RwLock::new(1_u64));
    Paired::measure(
        rounds,
        vec![
            ("parking_lot::RwLock", Box::new(|| read!(theirs, times))),
            ("RwLock", Box::new(|| read!(ours, times))),
        ],
    )
}

fn nested(&Sizes { rounds, alone: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (
        [Mutex::new(1_u64), Mutex::new(0_u64)],
        [parking_lot::Mutex::new(1_u64), parking_lot::Mutex::new(0_u64)],
    );
    /// Adds what is in the outer one, which is 1, to the inner one.
    macro_rules! nest {
        ($locks:expr) => {
            for _ in 0..times {
                let outer = $locks[0].lock();
                *$locks[1].lock() += *outer;
            }
        };
    }
    let result = Paired::measure(
        rounds,
        vec![
            ("parking_lot::Mutex, two", Box::new(|| nest!(theirs))),
            ("Mutex, two", Box::new(|| nest!(ours))),
        ],
    );
    assert_eq!([*ours[1].lock(), *theirs[1].lock()], [times * runs(rounds); 2]);
    result
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
    let result = Paired::measure(
        rounds,
        vec![
            ("parking_lot::Mutex", Box::new(|| both(|| add!(theirs.lock(), times)))),
            ("Mutex", Box::new(|| both(|| add!(ours.lock(), times)))),
        ],
    );
    assert_eq!([ours.into_inner(), theirs.into_inner()], [2 * times * runs(rounds); 2]);
    result
}

fn contended_reading(&Sizes { rounds, contended: times, .. }: &Sizes) -> Paired {
    let (ours, theirs) = (RwLock::new(1_u64), parking_lot::RwLock::new(1_u64));
    Paired::measure(
        rounds,
        vec![
            ("parking_lot::RwLock", Box::new(|| both(|| read!(theirs, times)))),
            ("RwLock", Box::new(|| both(|| read!(ours, times)))),
        ],
    )
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
