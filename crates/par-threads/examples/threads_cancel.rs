//! How to stop a thread, which Python has no way to do: every thread carries a token, looks at it, and sleeps by it.
//!
//! Run it: `cargo run --release -p par-threads --example threads_cancel`
//!
//! Expected output:
//! ```text
//! the poller slept for an hour, and was woken: the thread was asked to stop
//! the counter counted, and put its things away
//! two workers were stopped by one token, a third one goes on
//! still running: `third`
//! ```

use std::time::Duration;

use par_core::Cancellation;
use par_threads::thread::{self, Builder, Cancelled};

const HOUR: Duration = Duration::from_hours(1);

/// Polls once an hour; `?` is all that it does to be stoppable.
fn poll() -> Result<(), Cancelled> {
    loop {
        thread::sleep(HOUR)?;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let poller = Builder::new().name("poller").spawn(poll)?;
    let poller = poller.join_timeout(Duration::from_millis(10)).expect_err("it polls for ever");
    poller.cancel();
    let stopped = poller.join()?;
    assert_eq!(stopped, Err(Cancelled));
    println!("the poller slept for an hour, and was woken: {Cancelled}");

    let counter = thread::spawn(|| {
        let mut count = 0_u64;
        while !thread::cancelled() || count == 0 {
            count += 1;
        }
        count
    });
    counter.cancel();
    assert!(counter.join()? > 0);
    println!("the counter counted, and put its things away");

    let stop = Cancellation::new();
    let named = |name| Builder::new().name(name);
    let first = named("first").cancellation(&stop).spawn(poll)?;
    let second = named("second").cancellation(&stop).spawn(poll)?;
    let third = named("third").spawn(poll)?;
    stop.cancel();
    assert_eq!((first.join()?, second.join()?), (Err(Cancelled), Err(Cancelled)));
    assert!(third.thread().is_alive());
    println!("two workers were stopped by one token, a third one goes on");

    let still = thread::join_all(Some(Duration::from_millis(10))).expect_err("one is left");
    assert_eq!(still.threads.len(), 1);
    println!("still running: `{}`", still.threads[0].name());
    still.threads.iter().for_each(thread::Thread::cancel);
    thread::join_all(Some(HOUR))?;
    Ok(())
}
