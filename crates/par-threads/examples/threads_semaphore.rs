//! Producer and consumer, synchronised by a semaphore that begins with no permits.
//!
//! The cookbook's recipe "thread synchronization with semaphores", and what goes wrong where it is done by hand: a
//! consumer never takes what is not there, a permit that is released once too often is an error.
//!
//! Run it: `cargo run --release -p par-threads --example threads_semaphore`
//!
//! Expected output:
//! ```text
//! 10 items produced, 10 consumed: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
//! never more than 2 of 6 at the database at once
//! cannot release 1 more: of the semaphore's 2 permits 2 are free; release once for each that was acquired
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_threads::{BoundedSemaphore, Mutex, Semaphore};

const ITEMS: u64 = 10;

/// How many items are on the shelf: the producer releases, the consumer acquires.
static ON_THE_SHELF: Semaphore = Semaphore::new(0);
static SHELF: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn produce() {
    for item in 0..ITEMS {
        SHELF.lock().push(item * item);
        ON_THE_SHELF.release(1);
    }
}

fn consume() -> Result<Vec<u64>, &'static str> {
    let mut taken = Vec::new();
    for _ in 0..ITEMS {
        let permit = ON_THE_SHELF.acquire_timeout(Duration::from_secs(10)).ok_or("the producer is gone")?;
        // The item is consumed, so the permit does not go back.
        permit.forget();
        taken.push(SHELF.lock().pop().ok_or("a permit is an item")?);
    }
    Ok(taken)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let consumer = thread::spawn(consume);
    produce();
    let mut taken = consumer.join().map_err(|_| "the consumer panicked")??;
    taken.sort_unstable();
    assert!(taken.iter().copied().eq((0..ITEMS).map(|item| item * item)));
    assert_eq!(ON_THE_SHELF.available(), 0);
    println!("{ITEMS} items produced, {} consumed: {taken:?}", taken.len());

    let connections = BoundedSemaphore::new(2);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let _connection = connections.acquire();
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    assert!(most.into_inner() <= 2);
    println!("never more than 2 of 6 at the database at once");

    let error = connections.release(1).err().ok_or("both connections are free already")?;
    println!("{error}");
    Ok(())
}
