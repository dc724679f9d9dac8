//! How to define a thread: a function, its argument, a start, a join. And what Python's recipe cannot do: the result, and
//! the panic, come out of `join`.
//!
//! Run it: `cargo run --release -p par-threads --example threads_define`
//!
//! Expected output (after the panic's own message on standard error):
//! ```text
//! my_func called by thread N°0
//! my_func called by thread N°1
//! my_func called by thread N°2
//! my_func called by thread N°3
//! my_func called by thread N°4
//! their results: [0, 1, 4, 9, 16]
//! the thread `unlucky` panicked: thread N°13 is not called
//! everybody has ended
//! ```

use std::time::Duration;

use par_threads::thread::{self, Builder};

fn my_func(number: u32) -> u32 {
    assert!(number != 13, "thread N°13 is not called");
    println!("my_func called by thread N°{number}");
    number * number
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut results = Vec::new();
    for number in 0..5 {
        let handle = thread::spawn(move || my_func(number));
        // Joined before the next one starts, as in the recipe, so the lines come in order.
        results.push(handle.join()?);
    }
    assert_eq!(results, [0, 1, 4, 9, 16]);
    println!("their results: {results:?}");

    let unlucky = Builder::new().name("unlucky").stack_size(256 << 10).spawn(|| my_func(13))?;
    let error = unlucky.join().expect_err("thirteen is refused");
    assert_eq!(error.panic.message, "thread N°13 is not called");
    println!("the thread `{}` panicked: {}", error.thread, error.panic.message);

    // What Python does by itself at the end of a program.
    thread::join_all(Some(Duration::from_secs(10)))?;
    assert_eq!(thread::active_count(), 1);
    println!("everybody has ended");
    Ok(())
}
