//! Producers and consumers with a queue between tasks: a bound, a join, and an end.
//!
//! Two producers put orders into a queue with room for two; three cooks take and finish them. `join` returns when all
//! are *done*, which is later than when all are taken; an order whose cook gives up is done, too, and a get that is
//! cancelled loses nothing. `shutdown` ends the cooks' loops. The clock is that of the tests, so every run is the same.
//!
//! Run it: `cargo run -p par-async --example async_queue`
//!
//! Expected output:
//! ```text
//! 10 orders done after 4s, 0 unfinished
//! closed: the queue was shut down and takes nothing more; order 99 came back
//! a get that gave up lost nothing: order 7 is still there
//! urgent first: ["urgent: tea", "soup", "cake"]
//! closed at once: 2 orders dropped, 1 still on the stove
//! ```

use std::time::Duration;

use par_async::{LifoQueue, PriorityQueue, Queue, Taken, TaskGroup, sleep, testing, timeout};
use par_core::{GetError, PutError, QueueShutdown};

static ORDERS: Queue<u32> = Queue::bounded(2);

const SECOND: Duration = Duration::from_secs(1);

type Failure = PutError<u32>;

/// Takes orders until the queue is shut down and empty; how many it has finished.
async fn cook() -> Result<u32, Failure> {
    let mut finished = 0;
    while let Ok(order) = ORDERS.take().await {
        sleep(SECOND).await; // the order is done when the guard is dropped, whatever happens here
        finished += u32::from(*order < 10);
    }
    Ok(finished)
}

/// A day in the kitchen.
async fn kitchen() -> Result<(), Box<dyn std::error::Error>> {
    let begun = tokio::time::Instant::now();
    let finished = TaskGroup::<Failure>::scope(|group| async move {
        let cooks = [(); 3].map(|()| group.spawn(cook()));
        let producers = [0, 5].map(|first| {
            group.spawn(async move {
                for order in first..first + 5 {
                    ORDERS.put(order).await?; // waits while there is no room
                }
                Ok(())
            })
        });
        for producer in producers {
            producer.await.ok(); // what fails is in the error of the group
        }
        ORDERS.join().await;
        ORDERS.shutdown(QueueShutdown::Drain);
        let mut finished = 0;
        for cook in cooks {
            finished += cook.await.unwrap_or(0);
        }
        Ok(finished)
    })
    .await?;
    assert_eq!((finished, ORDERS.unfinished(), begun.elapsed()), (10, 0, 4 * SECOND));
    println!("{finished} orders done after {:?}, {} unfinished", begun.elapsed(), ORDERS.unfinished());

    let refused = ORDERS.put(99).await.expect_err("it was shut down");
    print!("closed: {refused}; ");
    println!("order {} came back", refused.into_inner());
    Ok(())
}

/// What cancellation, priorities and an immediate end do.
async fn after_hours() -> Result<(), Box<dyn std::error::Error>> {
    let late = LifoQueue::bounded(4);
    assert!(timeout(SECOND, late.get()).await.is_err(), "nothing comes");
    late.put(7).await?;
    assert_eq!(late.try_get(), Ok(7));
    println!("a get that gave up lost nothing: order 7 is still there");

    let menu = PriorityQueue::bounded(8);
    menu.put(5, "soup").await?;
    menu.put(5, "cake").await?;
    menu.put(1, "urgent: tea").await?;
    let served: Vec<_> = menu.try_iter().map(|(_, dish)| dish).collect();
    assert_eq!(served, ["urgent: tea", "soup", "cake"]);
    println!("urgent first: {served:?}");

    let closing = Queue::bounded(4);
    for order in 1..=3 {
        closing.put(order).await?;
    }
    let on_the_stove = closing.take().await?;
    let waiting = closing.len();
    closing.shutdown(QueueShutdown::Immediate);
    assert_eq!(closing.get().await, Err(GetError::ShutDown));
    println!("closed at once: {waiting} orders dropped, {} still on the stove", closing.unfinished());
    assert_eq!((waiting, Taken::done(on_the_stove)), (2, 1));
    closing.join().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    testing::run(async {
        kitchen().await?;
        after_hours().await
    })?
}
