//! Factorial, Fibonacci and binomial coefficient as three tasks of one loop that take turns (the cookbook's recipe on
//! tasks).
//!
//! Each task awaits after every step, and the loop lets the next one in the queue go on: one thread, three computations
//! interleaved, in an order that is the same every time.
//!
//! Run it: `cargo run -p par-async --example async_tasks`
//!
//! Expected output:
//! ```text
//! factorial: 2
//! fibonacci: 1
//! binomial: 10
//! factorial: 6
//! fibonacci: 2
//! binomial: 45
//! factorial: 24
//! fibonacci: 3
//! binomial: 120
//! factorial: 120
//! fibonacci: 5
//! fibonacci: 8
//! 5! = 120, fibonacci(6) = 8, binomial(10, 3) = 120
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use par_async::{EventLoop, current, sleep};

type Log = Rc<RefCell<Vec<String>>>;

/// Says how far the task is, and lets the others go on.
async fn turn(log: &Log, value: u64) {
    let name = current().and_then(|task| task.name()).unwrap_or_default();
    let line = format!("{name}: {value}");
    println!("{line}");
    log.borrow_mut().push(line);
    sleep(Duration::ZERO).await;
}

async fn factorial(log: Log, number: u64) -> u64 {
    let mut product = 1;
    for factor in 2..=number {
        product *= factor;
        turn(&log, product).await;
    }
    product
}

async fn fibonacci(log: Log, number: u64) -> u64 {
    let (mut last, mut value) = (0, 1);
    for _ in 1..number {
        (last, value) = (value, last + value);
        turn(&log, value).await;
    }
    value
}

async fn binomial(log: Log, number: u64, chosen: u64) -> u64 {
    let mut value = 1;
    for step in 1..=chosen {
        value = value * (number + 1 - step) / step;
        turn(&log, value).await;
    }
    value
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events = EventLoop::builder().paused_clock().build()?;
    let log = Log::default();
    let one = events.create_named_task("factorial", factorial(Rc::clone(&log), 5))?;
    let two = events.create_named_task("fibonacci", fibonacci(Rc::clone(&log), 6))?;
    let three = events.create_named_task("binomial", binomial(Rc::clone(&log), 10, 3))?;
    let values = events.run_until_complete(async {
        Ok::<_, par_async::JoinError>((one.await?, two.await?, three.await?))
    })??;
    assert_eq!(values, (120, 8, 120));
    let order: Vec<_> = log.borrow().iter().map(|line| line[..2].to_owned()).collect();
    assert_eq!(order.join(" "), "fa fi bi fa fi bi fa fi bi fa fi fi");
    println!("5! = {}, fibonacci(6) = {}, binomial(10, 3) = {}", values.0, values.1, values.2);
    Ok(())
}
