//! Three functions that call one another on an event loop until the end time (the cookbook's recipe on the event loop).
//!
//! Each prints its name and the time, and schedules the next one with `call_later`; the one whose turn would come after
//! the end stops the loop. The clock stands still while anybody runs, so the output is the same every time.
//!
//! Run it: `cargo run -p par-async --example async_event_loop`
//!
//! Expected output:
//! ```text
//!  0 s: one
//!  1 s: two
//!  3 s: three
//!  6 s: one
//!  7 s: two
//!  9 s: three
//! 12 s: the end, after 6 calls; 1 timer was cancelled
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use par_async::{EventLoop, LoopError};

const END: Duration = Duration::from_secs(12);

type Log = Rc<RefCell<Vec<(&'static str, u64)>>>;

/// What a function is, and the one that it calls.
type Step = fn(&EventLoop, Log) -> Result<(), LoopError>;

fn one(events: &EventLoop, log: Log) -> Result<(), LoopError> {
    step(events, log, "one", 1, two)
}

fn two(events: &EventLoop, log: Log) -> Result<(), LoopError> {
    step(events, log, "two", 2, three)
}

fn three(events: &EventLoop, log: Log) -> Result<(), LoopError> {
    step(events, log, "three", 3, one)
}

fn step(events: &EventLoop, log: Log, name: &'static str, seconds: u64, next: Step) -> Result<(), LoopError> {
    let now = events.time();
    println!("{:2} s: {name}", now.as_secs());
    log.borrow_mut().push((name, now.as_secs()));
    let delay = Duration::from_secs(seconds);
    if now + delay < END {
        events.call_later(delay, move |events| next(events, log))?;
    } else {
        events.call_at(END, EventLoop::stop)?;
    }
    Ok(())
}

fn main() -> Result<(), LoopError> {
    let events = EventLoop::builder().name("recipe").paused_clock().build()?;
    let log = Log::default();
    let first = Rc::clone(&log);
    events.call_soon(move |events| one(events, first))?;
    // It would come too late, and is cancelled: the loop never sees it.
    let late = events.call_at(END / 2, |_| println!("never"))?;
    assert!(late.cancel());
    events.run_forever()?;
    assert_eq!(events.time(), END);
    let expected = [("one", 0), ("two", 1), ("three", 3), ("one", 6), ("two", 7), ("three", 9)];
    assert_eq!(*log.borrow(), expected);
    println!("{} s: the end, after {} calls; 1 timer was cancelled", END.as_secs(), expected.len());
    let dropped = events.close()?;
    assert_eq!((dropped.callbacks, dropped.timers), (0, 0));
    assert!(matches!(events.call_soon(|_| ()), Err(LoopError::Closed)));
    Ok(())
}
