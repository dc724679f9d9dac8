//! One workload, every parallel paradigm.
#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "testing"), forbid(unsafe_code))]
#![cfg_attr(feature = "testing", deny(unsafe_code))]

// Lets the macros' paths (`::par_core::…`) work in this crate's own tests.
extern crate self as par_core;

mod philox;
mod split;
mod workload;

mod blob;
mod chunk_task;
mod registry;
mod schema;
pub mod task;

mod cancellation;
mod completion;
mod handle;
mod options;
mod phase;
mod sync;
mod timing;

mod capabilities;
mod error;
mod executor;
mod map;
mod metrics;
mod runner;
mod shutdown;

pub mod comm;
pub mod laws;
pub mod plumbing;
#[cfg(feature = "testing")]
#[expect(
    unsafe_code,
    reason = "a task that is registered in this very crate shows linkme's `link_section` to the lint"
)]
pub mod testing;

pub use blob::Blob;
pub use bytemuck;
pub use cancellation::{CancelCallback, Cancellation};
pub use capabilities::{Capabilities, Delivery};
pub use chunk_task::ChunkTask;
pub use completion::{AsCompleted, Unfinished, Until, Waited, as_completed, wait};
pub use error::{
    BreakCause, BrokenBarrier, DoneTooOften, GetError, JoinTimedOut, Panic, PutError, QueueShutdown,
    ReleasedTooOften, RunError, ShutdownTimedOut, SubmitError, TaskError, WorkerLost, ZeroError,
};
pub use executor::{
    Executor, ExecutorExt, LocalExecutor, LocalExecutorExt, LoopbackExecutor, SerialExecutor,
};
pub use handle::{Completer, Handle};
pub use map::{Chunking, Map, MapUnordered};
pub use metrics::{ChunkSpan, Counter, Metrics, Report, Snapshot};
pub use options::{Options, Priority};
pub use par_macros::{task, workload};
pub use phase::{Phase, Phases};
pub use philox::Philox;
pub use registry::{Registry, RegistryError};
pub use runner::{Outcome, Plan, Runner};
pub use shutdown::{Level, Shutdown};
pub use split::split;
pub use task::Task;
pub use timing::Timing;
pub use workload::{Cost, Mismatch, Workload};
