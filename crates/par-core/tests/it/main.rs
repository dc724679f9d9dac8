//! par-core's own executors under the suite that every executor passes, and what only par-core has.

// A program that forbids unsafe code can register tasks.
#![forbid(unsafe_code)]

mod accounting;
mod checked;
mod communicators;
mod conformance;
mod counted;
mod handles;
mod laws_of_partition;
mod maps;
#[cfg(feature = "deadlock-detection")]
mod observer;
mod registry;
mod sync;
mod wire;
