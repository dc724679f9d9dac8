//! What only those who write an executor need; see the README beside this module.
#![doc = include_str!("README.md")]

mod gauge;
mod job;
#[cfg(feature = "deadlock-detection")]
pub(crate) mod observer;
mod panics;
pub mod sync;
mod wire;
pub(crate) mod worker;

pub use gauge::Gauge;
pub(crate) use job::{Batch, Closure, One, TypedJob, run_batch};
pub use job::{Job, Ran};
#[cfg(feature = "deadlock-detection")]
pub use observer::{TaskId, WaitObserver, observe_waits};
pub(crate) use panics::contained;
pub use panics::{catch_panic, record_panics};
pub use wire::{Answer, Invocation, RemoteTask, Reply, call_name, readdress_call};
pub(crate) use wire::{WireHeader, decode};
pub(crate) use worker::run_task;
pub use worker::{Helper, WorkerGuard, enter_worker, help_for, thread_waker};

pub use crate::registry::{Entry, TASKS};
pub use linkme;
pub use serde;
