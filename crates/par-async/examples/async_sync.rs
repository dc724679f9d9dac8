//! Lock, event, condition, semaphore and barrier in one scene: a race with a flag, two lanes, and a photo at the end.
//!
//! Four runners wait for the flag (an event), share two lanes (a semaphore), write their times down (a lock); a
//! reporter waits until three have arrived (a condition); and all meet for a photo (a barrier), whose action takes it.
//! One runner is cancelled while it waits for a lane: the lane goes to the next one, and the barrier learns that a
//! party has left instead of waiting for ever. The clock is that of the tests, so every run is the same.
//!
//! Run it: `cargo run -p par-async --example async_sync`
//!
//! Expected output:
//! ```text
//! the flag falls after 3s
//! runner 0 arrives after 5s
//! runner 1 arrives after 5s
//! runner 3 arrives after 7s
//! the reporter has seen three: [0, 1, 3]
//! a photo with all four will not be: the barrier is broken: a party left; `reset` it when every party knows
//! a photo of three is taken, 1 time
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use par_async::{Barrier, Condition, Event, Lock, Party, Semaphore, TaskGroup, sleep, testing};
use par_core::{BreakCause, BrokenBarrier};
use tokio::time::Instant;

static FLAG: Event = Event::new();
static LANES: Semaphore = Semaphore::new(2);
static ARRIVED: Lock<Vec<usize>> = Lock::new(Vec::new());
static ONE_MORE: Condition = Condition::new();

const SECOND: Duration = Duration::from_secs(1);

/// Runs, and says how the photo went.
async fn runner(
    number: usize,
    begun: Instant,
    photo: Party<'static>,
) -> Result<Result<(), BrokenBarrier>, BrokenBarrier> {
    FLAG.wait().await;
    {
        let _lane = LANES.acquire().await;
        sleep(2 * SECOND).await;
    }
    println!("runner {number} arrives after {:?}", begun.elapsed());
    ARRIVED.lock().await.push(number);
    ONE_MORE.notify_all();
    Ok(photo.wait().await.map(drop))
}

async fn race() -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let photo = Arc::new(Barrier::new(4));
    let told = TaskGroup::<BrokenBarrier>::scope(|group| async move {
        let runners: Vec<_> =
            (0..4).map(|number| group.spawn(runner(number, begun, photo.join_owned()))).collect();
        let reporter = group.spawn(async {
            let seen = ONE_MORE.wait_for(ARRIVED.lock().await, |arrived| arrived.len() == 3).await;
            println!("the reporter has seen three: {seen:?}");
            assert_eq!(*seen, [0, 1, 3]);
            Ok(())
        });
        sleep(3 * SECOND).await;
        println!("the flag falls after {:?}", begun.elapsed());
        FLAG.set();
        sleep(SECOND).await;
        runners[2].cancel("a cramp"); // it waits for a lane, which goes to runner 3
        reporter.await.ok();
        let mut told = Vec::new();
        for runner in runners {
            told.extend(runner.await);
        }
        Ok(told)
    })
    .await?;
    assert_eq!(told, [Err(BrokenBarrier { cause: BreakCause::PartyLeft }); 3]);
    assert_eq!((LANES.available(), begun.elapsed()), (2, 7 * SECOND));
    println!("a photo with all four will not be: {}", told[0].expect_err("a party left"));
    Ok(())
}

async fn photo_of_three() -> Result<(), Box<dyn std::error::Error>> {
    let photos = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&photos);
    let photo = Arc::new(Barrier::new(3).action(move || {
        counts.fetch_add(1, Ordering::Relaxed);
    }));
    TaskGroup::<BrokenBarrier>::scope(|group| async move {
        for _ in 0..3 {
            let photo = photo.join_owned();
            group.spawn(async move { photo.wait().await });
        }
        Ok(())
    })
    .await?;
    let photos = photos.load(Ordering::Relaxed);
    assert_eq!(photos, 1);
    println!("a photo of three is taken, {photos} time");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    testing::run(async {
        race().await?;
        photo_of_three().await
    })?
}
