//! The pools under the suite that every executor passes, the synchronisation and the queues under theirs, and what only
//! threads can do.

mod conformance;
#[cfg(feature = "deadlock-detection")]
mod deadlock;
mod failure;
mod locks;
mod pool;
mod queue;
mod sync;
mod thread;
mod waiting;
mod world;

use std::time::Duration;

/// No wait of a test is meant to take this long.
const LIMIT: Duration = Duration::from_mins(1);

/// The text that a call panics with.
fn panic_text(call: impl FnOnce()) -> String {
    let panic = par_core::plumbing::catch_panic(call).expect_err("it panics");
    panic.message
}
