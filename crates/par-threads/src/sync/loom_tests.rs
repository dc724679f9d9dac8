//! Every interleaving of two or three threads at each primitive, under loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p par-threads --lib --release --target-dir target/loom loom`.
//!
//! loom has no clock, so nothing here waits with a timeout, and a wait that nobody ends is a model that deadlocks.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use par_core::{BreakCause, BrokenBarrier};

use super::model::{AtomicUsize, Ordering};
use super::{Barrier, BoundedSemaphore, Event, Latch, Semaphore};

const JOINS: &str = "the other thread does not panic";

/// Data that only a primitive protects: loom reports an access that nothing orders after the one before it.
///
/// No primitive of ours holds data, so this is the only way to see that its edges are there.
struct Plain(UnsafeCell<u32>);

impl Plain {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }
}
