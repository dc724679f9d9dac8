//! Synchronisation: what parking_lot has, and what it lacks.

mod barrier;
mod bounded_semaphore;
mod event;
mod gate;
mod latch;
pub(crate) mod model;
mod permit;
mod permits;
mod semaphore;

#[cfg(all(test, loom))]
mod loom_tests;

pub use barrier::{Barrier, BarrierTurn, Party};
pub use bounded_semaphore::BoundedSemaphore;
pub use event::Event;
pub use latch::Latch;
pub use permit::{OwnedPermit, Permit};
pub use semaphore::Semaphore;
