//! A deadlock, explained: two threads that lock two accounts in opposite order (what `threading` only hangs at).
//!
//! Shows the report, the panic that ends one of the two so that the other goes on, and the inversion that is found
//! although nothing hangs. Without the feature it shows only the way around: attempts with a timeout.
//!
//! Run it: `cargo run --release -p par-threads --example threads_deadlock --features deadlock-detection`
//!
//! Expected output with the feature (which of the two closes the circle differs):
//! ```text
//! deadlock: 2 threads wait for each other
//!   thread `there` waits for mutex #2 at …, holds mutex #1 taken at …
//!   thread `back` waits for mutex #1 at …, holds mutex #2 taken at …
//! one of the two transfers was ended, the other one was made
//! lock order: two locks are taken in both orders
//!   thread `main` took mutex #3 at … while it held mutex #4 taken at …
//!   thread `main` took mutex #4 at … while it held mutex #3 taken at …
//! nothing hung, and it was found all the same
//! ```
//! Expected output without it:
//! ```text
//! the explainer is not compiled in: run this with --features deadlock-detection
//! both transfers were made: each gave up what it held as long as it did not get the rest
//! ```

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use par_threads::{Mutex, deadlock};

fn main() {
    if deadlock::is_enabled() {
        deadlock::on_report(|report| println!("{report}"));
        explained();
        inverted();
    } else {
        println!("the explainer is not compiled in: run this with --features deadlock-detection");
        avoided();
    }
}

/// Both threads hold one lock and want the other one.
fn explained() {
    let accounts = [Mutex::new(100), Mutex::new(100)];
    let both_hold = Barrier::new(2);
    let transfer = |from: usize, to: usize| {
        let mut from = accounts[from].lock();
        both_hold.wait();
        let mut to = accounts[to].lock();
        *from -= 10;
        *to += 10;
    };
    // The report is printed; the panic would only say it again.
    std::panic::set_hook(Box::new(|_| ()));
    let outcomes = thread::scope(|scope| {
        let spawn = |name: &str, from, to| {
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn_scoped(scope, move || transfer(from, to)).expect("threads start")
        };
        let transfers = [spawn("there", 0, 1), spawn("back", 1, 0)];
        transfers.map(|transfer| transfer.join().is_ok())
    });
    drop(std::panic::take_hook());
    assert!(outcomes == [true, false] || outcomes == [false, true], "{outcomes:?}");
    let mut balances = accounts.map(Mutex::into_inner);
    balances.sort_unstable();
    assert_eq!(balances, [90, 110]);
    println!("one of the two transfers was ended, the other one was made");
}

/// One thread takes two locks in one order, and then in the other.
fn inverted() {
    let (one, two) = (Mutex::new(1), Mutex::new(2));
    {
        let first = one.lock();
        assert_eq!(*first + *two.lock(), 3);
    }
    {
        let second = two.lock();
        assert_eq!(*second + *one.lock(), 3);
    }
    assert_eq!(deadlock::reports().len(), 2, "the deadlock, and this");
    println!("nothing hung, and it was found all the same");
}

/// Gives up what it has when it does not get the rest, and begins anew.
fn avoided() {
    let accounts = [Mutex::new(100), Mutex::new(100)];
    let transfer = |from: usize, to: usize, patience| {
        loop {
            let mut from = accounts[from].lock();
            if let Some(mut to) = accounts[to].try_lock_for(patience) {
                *from -= 10;
                *to += 10;
                return;
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| transfer(0, 1, Duration::from_millis(1)));
        // Not the same patience, or both give up and begin at the same time for ever.
        scope.spawn(|| transfer(1, 0, Duration::from_millis(3)));
    });
    assert_eq!(accounts.map(Mutex::into_inner), [100, 100]);
    println!("both transfers were made: each gave up what it held as long as it did not get the rest");
}
