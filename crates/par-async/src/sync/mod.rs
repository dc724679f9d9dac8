//! Synchronisation between tasks: fair, safe to cancel, and usable from every thread.
//!
//! Locks and semaphores are tokio's, which are both. The rest is plain state under a lock that is held for a moment, with
//! a [`Line`] of those who wait: who is told leaves the line in the same step, so whoever drops a future knows whether
//! it was told, and passes on what it was told for. No code of a user runs under such a lock, and nobody is woken under
//! it.

mod barrier;
mod bounded_semaphore;
mod condition;
mod event;
mod latch;
mod line;
mod lock;
mod permit;
mod room;
mod semaphore;

pub(crate) use line::{Left, Line, Wakers};
pub(crate) use room::Room;

pub use barrier::{Barrier, BarrierTurn, Party};
pub use bounded_semaphore::BoundedSemaphore;
pub use condition::Condition;
pub use event::Event;
pub use latch::Latch;
pub use lock::{Lock, LockGuard, OwnedLockGuard};
pub use permit::{OwnedPermit, Permit};
pub use semaphore::Semaphore;
