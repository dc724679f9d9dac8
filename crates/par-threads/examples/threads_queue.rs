//! Producer and consumer (the cookbook's recipe on thread synchronisation with a queue), with an end.
//!
//! A producer puts orders, two cooks take and finish them. `join` returns when all are *done*, which is later than when
//! all are taken; a panic while an order is cooked leaves nobody waiting; `shutdown` ends the cooks' loops. Then an
//! urgent order overtakes, and a kitchen closes at once.
//!
//! Run it: `cargo run --release -p par-threads --example threads_queue`
//!
//! Expected output:
//! ```text
//! 20 orders done, 1 of them burnt, 0 unfinished
//! closed: the queue was shut down and takes nothing more; order 21 came back
//! urgent first: ["urgent: tea", "soup", "cake"]
//! closed at once: 3 orders dropped, 1 still on the stove
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use par_threads::{GetError, PriorityQueue, Queue, QueueShutdown, Taken};

/// Any number of threads may use it, so it may be a static; it holds four orders, and who has a fifth one waits.
static ORDERS: Queue<u32> = Queue::bounded(4);

static COOKED: AtomicU32 = AtomicU32::new(0);
static BURNT: AtomicU32 = AtomicU32::new(0);

fn cook(order: u32) {
    if order == 13 {
        BURNT.fetch_add(1, Ordering::Relaxed);
        panic!("order 13 burns");
    }
    COOKED.fetch_add(1, Ordering::Relaxed);
}

/// Takes orders until the queue is shut down and empty.
fn work() {
    for order in ORDERS.tasks() {
        // The order moves into the closure: when that ends, or panics, the order is done, and the cook goes on.
        catch_unwind(AssertUnwindSafe(move || cook(*order))).ok();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A panic is expected here, and its message would only be in the way.
    std::panic::set_hook(Box::new(|_| {}));
    let (put, joined) = thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
        let put = (1..=20).try_for_each(|order| ORDERS.put(order));
        let joined = ORDERS.join_timeout(Duration::from_secs(10));
        // In any case: without this the cooks would wait for ever, and so would the scope.
        ORDERS.shutdown(QueueShutdown::Drain);
        (put, joined)
    });
    drop(std::panic::take_hook());
    put?;
    joined?;
    let (cooked, burnt) = (COOKED.load(Ordering::Relaxed), BURNT.load(Ordering::Relaxed));
    assert_eq!((cooked, burnt, ORDERS.unfinished()), (19, 1, 0));
    println!("{} orders done, {burnt} of them burnt, {} unfinished", cooked + burnt, ORDERS.unfinished());

    let refused = ORDERS.put(21).expect_err("it was shut down");
    print!("closed: {refused}; ");
    println!("order {} came back", refused.into_inner());

    let menu = PriorityQueue::bounded(8);
    menu.put(5, "soup")?;
    menu.put(5, "cake")?;
    menu.put(1, "urgent: tea")?;
    let served: Vec<_> = menu.try_iter().map(|(_, dish)| dish).collect();
    assert_eq!(served, ["urgent: tea", "soup", "cake"]);
    println!("urgent first: {served:?}");

    let late = Queue::bounded(4);
    (1..=4).try_for_each(|order| late.put(order))?;
    let on_the_stove = late.take()?;
    let waiting = late.len();
    late.shutdown(QueueShutdown::Immediate);
    assert_eq!(late.get(), Err(GetError::ShutDown));
    println!("closed at once: {waiting} orders dropped, {} still on the stove", late.unfinished());
    assert_eq!((waiting, Taken::done(on_the_stove)), (3, 1));
    late.join();
    Ok(())
}
