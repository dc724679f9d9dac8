#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod combine;
mod error;
mod event_loop;
mod group;
mod interrupt;
mod runner;
mod task;
pub mod testing;
mod watch;

pub use combine::{shield, sleep, sleep_until, timeout, timeout_at};
pub use error::{Cancelled, Cause, Failure, GroupError, JoinError, LoopError, Reason, RunnerError, TimedOut};
pub use event_loop::{
    CallbackHandle, Dropped, EventLoop, EventLoopBuilder, LoopHandle, LoopTask, Outcome, TimerHandle,
};
pub use group::{Budget, GroupBuilder, TaskBuilder, TaskGroup, TaskHandle};
pub use runner::{Runner, RunnerBuilder, run};
pub use task::{Branch, Snapshot, Task, all_tasks, current, tasks_snapshot};
pub use watch::{Report, Work, set_report_handler};
