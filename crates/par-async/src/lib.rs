#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod combine;
mod error;
mod group;
mod io;
mod runner;
mod task;
pub mod testing;

pub use combine::{shield, sleep, sleep_until, timeout, timeout_at};
pub use error::{Cancelled, Cause, Failure, GroupError, JoinError, Reason, RunnerError, TimedOut};
pub use group::{Budget, GroupBuilder, TaskBuilder, TaskGroup, TaskHandle};
pub use io::{
    Accepted, Child, Closing, Command, Connection, ConnectionFailure, Exit, Frames, Interval, Lines,
    MissedTicks, Output, ProcessError, Redirect, Served, Server, ServerHandle, Signal, SignalError, Signals,
    Stream, StreamError, Tick, connect, connect_unix, dump_on, dump_on_signal, interval, interval_at,
    on_signal, signals,
};
pub use runner::{Runner, RunnerBuilder, run};
pub use task::{Branch, Snapshot, Task, all_tasks, current, tasks_snapshot};
