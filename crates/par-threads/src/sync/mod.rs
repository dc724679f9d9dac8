//! Synchronisation: what `parking_lot` has, and what it lacks.

pub(crate) mod model;

mod condvar;
mod mutex;
mod reentrant;
mod rwlock;

mod barrier;
mod bounded_semaphore;
mod event;
mod gate;
mod latch;
mod permit;
mod permits;
mod semaphore;

#[cfg(all(test, loom))]
mod loom_tests;

pub use barrier::{Barrier, BarrierTurn, Party};
pub use bounded_semaphore::BoundedSemaphore;
pub use condvar::{Condvar, WaitTimeoutResult};
pub use event::Event;
pub use latch::Latch;
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
pub use permit::{OwnedPermit, Permit};
pub use reentrant::{ReentrantMutex, ReentrantMutexGuard};
pub use rwlock::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard,
};
pub use semaphore::Semaphore;
