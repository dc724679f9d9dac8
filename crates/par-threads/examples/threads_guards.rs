//! Guards: whatever way a block is left, the lock is released (recipe: the `with` statement).
//!
//! Shows an early return, `?`, and a panic; and that a panic leaves what it did, with no poison on it.
//!
//! Run it: `cargo run --release -p par-threads --example threads_guards 2>/dev/null`
//!
//! Expected output (the panic itself goes to stderr):
//! ```text
//! early return: released
//! error: released
//! panic: released, and the log has its 2 of 3 lines
//! reader and writer: released
//! ```

use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};

use par_threads::{Mutex, ReentrantMutex, RwLock};

fn first_even(numbers: &Mutex<Vec<u32>>) -> Option<u32> {
    let numbers = numbers.lock();
    for number in numbers.iter() {
        if number % 2 == 0 {
            return Some(*number);
        }
    }
    None
}

fn add_parsed(numbers: &Mutex<Vec<u32>>, text: &str) -> Result<(), ParseIntError> {
    let mut numbers = numbers.lock();
    numbers.push(text.parse()?);
    Ok(())
}

fn main() -> Result<(), ParseIntError> {
    let numbers = Mutex::new(vec![3, 4, 5]);
    assert_eq!(first_even(&numbers), Some(4));
    assert!(!numbers.is_locked());
    println!("early return: released");

    add_parsed(&numbers, "6")?;
    assert!(add_parsed(&numbers, "seven").is_err());
    assert!(!numbers.is_locked());
    println!("error: released");

    let log = Mutex::new(Vec::new());
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut log = log.lock();
        for line in ["begin", "middle", "end"] {
            assert!(line != "end", "this panic is part of the example");
            log.push(line);
        }
    }));
    assert!(panic.is_err() && !log.is_locked());
    assert_eq!(*log.lock(), ["begin", "middle"]);
    println!("panic: released, and the log has its 2 of 3 lines");

    let (shared, again) = (RwLock::new(1), ReentrantMutex::new(()));
    {
        let _reader = shared.read();
        let (_outer, _inner) = (again.lock(), again.lock());
    }
    *shared.write() += 1;
    assert!(!shared.is_locked() && !again.is_locked());
    println!("reader and writer: released");
    Ok(())
}
