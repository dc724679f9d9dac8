#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod combine;
mod error;
mod group;
mod queue;
mod runner;
mod sync;
mod task;
pub mod testing;

pub use combine::{shield, sleep, sleep_until, timeout, timeout_at};
pub use error::{Cancelled, Cause, Failure, GroupError, JoinError, Reason, RunnerError, TimedOut};
pub use group::{Budget, GroupBuilder, TaskBuilder, TaskGroup, TaskHandle};
pub use queue::{LifoQueue, PriorityQueue, Queue, Reserved, Taken};
pub use runner::{Runner, RunnerBuilder, run};
pub use sync::{
    Barrier, BarrierTurn, BoundedSemaphore, Condition, Event, Latch, Lock, LockGuard, OwnedLockGuard,
    OwnedPermit, Party, Permit, Semaphore,
};
pub use task::{Branch, Snapshot, Task, all_tasks, current, tasks_snapshot};
