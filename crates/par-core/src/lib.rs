//! One workload, every parallel paradigm.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Lets the macros' paths (`::par_core::…`) work in this crate's own tests.
extern crate self as par_core;

mod workload;
mod split;
mod philox;

pub mod task;
mod chunk_task;
mod schema;
mod registry;
mod blob;

mod cancellation;
mod options;
mod phase;
mod timing;
mod sync;
mod handle;
mod completion;

mod capabilities;
mod shutdown;
mod executor;
mod map;
mod runner;
mod metrics;
mod error;

pub mod laws;
pub mod plumbing;

pub use blob::Blob;
pub use cancellation::Cancellation;
pub use capabilities::{Capabilities, Delivery};
pub use chunk_task::ChunkTask;
pub use completion::{AsCompleted, Unfinished, Until, Waited, as_completed, wait};
pub use error::{Panic, RunError, ShutdownTimedOut, SubmitError, TaskError, WorkerLost, ZeroError};
pub use executor::{Executor, ExecutorExt, LocalExecutor, LocalExecutorExt, LoopbackExecutor, SerialExecutor};
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
