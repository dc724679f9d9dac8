//! Threads: what a thread of Python has, row by row, and what it lacks.

mod alone;
mod cancelling;
mod identity;
mod joining;
mod local;
mod panicking;
mod runnable;
mod scoped;
mod sharing;
mod spawning;
mod timing;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use par_threads::thread::{self, Builder, JoinHandle, Thread};

/// Nothing here takes longer, whatever goes wrong.
const LIMIT: Duration = Duration::from_mins(1);

/// An hour: a wait that only a wake-up ends within a test.
const HOUR: Duration = Duration::from_hours(1);

/// Whether a thread of this name is on the list; other tests have theirs there, too.
fn is_listed(name: &str) -> bool {
    thread::enumerate().iter().any(|thread| thread.name() == name)
}

/// Waits until `condition` holds.
fn until(what: &str, condition: impl Fn() -> bool) {
    par_core::testing::within(LIMIT, what, || {
        while !condition() {
            std::thread::yield_now();
        }
    });
}

/// A thread that runs until the sender is dropped or sends.
fn held(builder: Builder) -> (JoinHandle<()>, Sender<()>) {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let handle = builder.spawn(move || _ = released.recv()).expect("a thread starts");
    (handle, release)
}

/// The thread that a foreign one is seen as, and the end of that one.
fn foreign(name: &str) -> (Thread, Sender<()>, std::thread::JoinHandle<()>) {
    let (release, released) = channel::<()>();
    let (seen, see) = channel();
    let body = move || {
        seen.send(thread::current()).expect("somebody listens");
        released.recv().ok();
    };
    let os = std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a thread starts");
    (see.recv().expect("it says who it is"), release, os)
}
