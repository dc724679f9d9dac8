#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod affinity;
mod config;
mod error;
mod gauge;
mod panics;
mod pool;
mod probe;
mod rayon_pool;
mod start;
mod sync;

pub use affinity::Affinity;
pub use config::Builder;
pub use error::{BuildError, ResizeError};
pub use panics::{PanicPolicy, TaskPanic};
pub use pool::{TaskSpan, ThreadPool, Timeline, WorkerMetrics, WorkerState};
pub use probe::{Threads, probe};
pub use rayon_pool::RayonPool;
