#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bridge;
mod combine;
mod config;
mod error;
mod event_loop;
mod executor;
mod group;
mod interrupt;
mod io;
mod probe;
mod promise;
mod queue;
mod runner;
mod sync;
mod task;
pub mod testing;
mod watch;

pub use bridge::{abandon_to_thread, block_on, cancelled, run_closure_in, run_in, to_thread, to_thread_with};
pub use combine::{
    AsCompleted, TimeoutHandle, as_completed, cancellable, gather, gather_all, shield, sleep, sleep_until,
    timeout, timeout_at, timeout_with, wait,
};
pub use config::ExecutorBuilder;
pub use error::{
    BuildError, Cancelled, Cause, Failure, GroupError, JoinError, LoopError, Reason, RunnerError, TimedOut,
};
pub use event_loop::{
    CallbackHandle, Dropped, EventLoop, EventLoopBuilder, LoopHandle, LoopTask, Outcome, TimerHandle,
};
pub use executor::TokioExecutor;
pub use group::{Budget, GroupBuilder, TaskBuilder, TaskGroup, TaskHandle};
pub use io::{
    Accepted, Child, Closing, Command, Connection, ConnectionFailure, Exit, Frames, Interval, Lines,
    MissedTicks, Output, ProcessError, Redirect, Served, Server, ServerHandle, Signal, SignalError, Signals,
    Stream, StreamError, Tick, connect, connect_unix, dump_on, dump_on_signal, interval, interval_at,
    on_signal, signals,
};
pub use par_core::{
    BreakCause, BrokenBarrier, DoneTooOften, GetError, PutError, QueueShutdown, ReleasedTooOften, Until,
    Waited,
};
pub use probe::{Tasks, probe};
pub use promise::Promise;
pub use queue::{LifoQueue, PriorityQueue, Queue, Reserved, Taken};
pub use runner::{Runner, RunnerBuilder, run};
pub use sync::{
    Barrier, BarrierTurn, BoundedSemaphore, Condition, Event, Latch, Lock, LockGuard, OwnedLockGuard,
    OwnedPermit, Party, Permit, Semaphore,
};
pub use task::{Branch, ContextVar, Snapshot, Task, VarToken, all_tasks, current, tasks_snapshot};
pub use watch::{Report, Work, set_report_handler};
