//! Futures with callbacks (the cookbook's recipe on `asyncio` and futures): the sum of the first n numbers, and n!.
//!
//! Two tasks of an event loop compute, and each keeps a promise; the callback of the promise's handle prints the result,
//! on whichever thread keeps the promise. Then what the recipe leaves out: a promise that is broken, one that nobody waits
//! for any more, and a handle that a thread waits for while a task keeps the promise.
//!
//! Run it: `cargo run --release -p par-async --example async_futures -- 10 5`
//!
//! Expected output:
//! ```text
//! first future: the sum of the first 10 numbers is 55
//! second future: the factorial of 5 is 120
//! broken: `a number` was dropped by whoever had promised it
//! cancelled: nobody waits for 42
//! from a task to a thread: 7
//! ```

use std::sync::Arc;
use std::time::Duration;

use par_async::{EventLoop, Promise, gather_all, sleep, testing};
use par_core::TaskError;
use parking_lot::Mutex;

/// What was printed, in order.
type Lines = Arc<Mutex<Vec<String>>>;

fn say(lines: &Lines, line: String) {
    println!("{line}");
    lines.lock().push(line);
}

/// Sums up, a number at a time, and keeps the promise.
async fn sum(n: u64, promise: Promise<String>) {
    let mut total = 0;
    for number in 1..=n {
        total += number;
        sleep(Duration::from_millis(1)).await;
    }
    promise.set(format!("the sum of the first {n} numbers is {total}")).expect("its handle is waited for");
}

/// Multiplies, a number at a time, and keeps the promise.
async fn factorial(n: u64, promise: Promise<String>) {
    let mut product = 1_u64;
    for number in 2..=n {
        product = product.saturating_mul(number);
        sleep(Duration::from_millis(5)).await;
    }
    promise.set(format!("the factorial of {n} is {product}")).expect("its handle is waited for");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let (n, m) = (arguments.next().transpose()?.unwrap_or(10), arguments.next().transpose()?.unwrap_or(5));

    let lines = Lines::default();
    let events = EventLoop::builder().paused_clock().build()?;
    let (first, sum_of) = Promise::new("the sum");
    let (second, product_of) = Promise::new("the factorial");
    for (which, handle) in [("first", &sum_of), ("second", &product_of)] {
        let lines = Arc::clone(&lines);
        handle.on_done(move |outcome| match outcome {
            Ok(result) => say(&lines, format!("{which} future: {result}")),
            Err(error) => say(&lines, format!("{which} future failed: {error}")),
        });
    }
    let tasks = [events.create_task(sum(n, first))?, events.create_task(factorial(m, second))?];
    for ended in events.run_until_complete(gather_all(tasks))? {
        ended?;
    }
    assert!(sum_of.is_finished() && product_of.is_finished());
    events.close()?;

    let (promise, handle) = Promise::<u32>::new("a number");
    drop(promise);
    let Err(TaskError::WorkerLost(loss)) = handle.wait() else {
        return Err("it was promised, and not kept".into());
    };
    say(&lines, format!("broken: `{}` was dropped by whoever had promised it", loss.task));

    let (promise, handle) = Promise::<u32>::new("a number");
    handle.cancel();
    testing::run(promise.cancelled())?;
    let refused = promise.set(42).expect_err("its handle was cancelled");
    say(&lines, format!("cancelled: nobody waits for {refused}"));

    let (promise, handle) = Promise::<u32>::new("a number");
    let thread = std::thread::spawn(move || handle.wait());
    testing::run(async {
        sleep(Duration::from_secs(1)).await;
        promise.set(7)
    })?
    .map_err(|number| format!("nobody waits for {number}"))?;
    let number = thread.join().expect("it does not panic")?;
    say(&lines, format!("from a task to a thread: {number}"));

    if (n, m) == (10, 5) {
        let wanted = [
            "first future: the sum of the first 10 numbers is 55",
            "second future: the factorial of 5 is 120",
        ];
        assert_eq!(lines.lock()[..2], wanted);
    }
    Ok(())
}
