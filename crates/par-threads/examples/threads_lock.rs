//! A lock: many threads change one value, one at a time (recipe: `threading.Lock`).
//!
//! Shows that the value is inside the lock, so that nobody can forget to lock; attempts, and attempts with a timeout.
//!
//! Run it: `cargo run --release -p par-threads --example threads_lock`
//!
//! Expected output:
//! ```text
//! up and down by two threads: 0
//! it is taken: another thread gets it neither at once nor within 10 ms
//! it is free: and now it does
//! ```

use std::thread;
use std::time::Duration;

use par_threads::Mutex;

static SHARED: Mutex<i64> = Mutex::new(0);
const TIMES: usize = 100_000;

fn main() {
    thread::scope(|scope| {
        for step in [1, -1] {
            scope.spawn(move || (0..TIMES).for_each(|_| *SHARED.lock() += step));
        }
    });
    println!("up and down by two threads: {}", *SHARED.lock());
    assert_eq!(*SHARED.lock(), 0);

    let elsewhere = || {
        thread::scope(|scope| {
            let attempts = || {
                // Two statements: the guard of the first attempt is dropped before the second.
                let at_once = SHARED.try_lock().is_some();
                let soon = SHARED.try_lock_for(Duration::from_millis(10)).is_some();
                (at_once, soon)
            };
            scope.spawn(attempts).join().expect("attempts do not panic")
        })
    };
    let guard = SHARED.lock();
    assert_eq!(elsewhere(), (false, false));
    println!("it is taken: another thread gets it neither at once nor within 10 ms");
    drop(guard);
    assert_eq!(elsewhere(), (true, true));
    println!("it is free: and now it does");
}
