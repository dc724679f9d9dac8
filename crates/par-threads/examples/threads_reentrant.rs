//! A reentrant lock: a method that locks calls another one that locks (recipe: `threading.RLock`).
//!
//! Shows that the owner may lock again, that others wait for its last guard, and who the owner is.
//!
//! Run it: `cargo run --release -p par-threads --example threads_reentrant`
//!
//! Expected output:
//! ```text
//! 1 item added, 1 in the box
//! 3 items added, 4 in the box
//! 2 items removed, 2 in the box
//! another thread owns it: false
//! ```

use std::cell::Cell;
use std::thread;

use par_threads::ReentrantMutex;

/// Items that are added and removed one by one, or several at a time without anybody in between.
#[derive(Default)]
struct Crate {
    items: ReentrantMutex<Cell<i32>>,
}

impl Crate {
    fn change(&self, by: i32) {
        let items = self.items.lock();
        items.set(items.get() + by);
    }

    fn change_one_by_one(&self, by: i32) -> i32 {
        let items = self.items.lock();
        // Locks again, at every step.
        (0..by.abs()).for_each(|_| self.change(by.signum()));
        items.get()
    }
}

fn main() {
    let items = Crate::default();
    for (by, expected) in [(1, 1), (3, 4), (-2, 2)] {
        let now = thread::scope(|scope| {
            scope.spawn(|| items.change_one_by_one(by)).join().expect("it does not panic")
        });
        assert_eq!(now, expected);
        let (count, plural) = (by.abs(), if by.abs() == 1 { "" } else { "s" });
        let done = if by > 0 { "added" } else { "removed" };
        println!("{count} item{plural} {done}, {now} in the box");
    }

    let _first = items.items.lock();
    let _second = items.items.lock();
    assert!(items.items.is_owned_by_current_thread());
    let elsewhere = thread::scope(|scope| {
        let asked =
            scope.spawn(|| items.items.is_owned_by_current_thread() || items.items.try_lock().is_some());
        asked.join().expect("it does not panic")
    });
    assert!(!elsewhere);
    println!("another thread owns it: {elsewhere}");
}
