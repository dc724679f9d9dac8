//! The pools under the suite that every executor passes, and what only threads can do.

mod conformance;
#[cfg(feature = "deadlock-detection")]
mod deadlock;
mod failure;
mod locks;
mod pool;
mod waiting;
