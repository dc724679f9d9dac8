//! One thread tells others that something has happened.
//!
//! The cookbook's recipe "thread synchronization with events": workers wait for the news, and all of them hear it; and
//! with latches, which open once, when enough has happened.
//!
//! Run it: `cargo run --release -p par-threads --example threads_event`
//!
//! Expected output:
//! ```text
//! worker 0 has heard: the configuration is version 7
//! worker 1 has heard: the configuration is version 7
//! worker 2 has heard: the configuration is version 7
//! nothing new within 10 ms
//! all three are through the door
//! ```

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use par_threads::{Event, Latch};

static NEWS: Event = Event::new();
static VERSION: AtomicU32 = AtomicU32::new(0);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let workers: Vec<_> = (0..3)
        .map(|worker| {
            thread::spawn(move || {
                NEWS.wait();
                // Relaxed is enough: the event says that it was written.
                (worker, VERSION.load(Ordering::Relaxed))
            })
        })
        .collect();
    VERSION.store(7, Ordering::Relaxed);
    NEWS.set();
    for worker in workers {
        let (worker, version) = worker.join().map_err(|_| "a worker panicked")?;
        assert_eq!(version, 7);
        println!("worker {worker} has heard: the configuration is version {version}");
    }

    NEWS.clear();
    assert!(!NEWS.wait_timeout(Duration::from_millis(10)));
    println!("nothing new within 10 ms");

    // A latch opens once and for good.
    let door = Latch::new(3);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| door.arrive_and_wait());
        }
        door.wait();
    });
    assert_eq!(door.remaining(), 0);
    println!("all three are through the door");
    Ok(())
}
