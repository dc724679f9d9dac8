#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod gauge;
mod pool;
mod probe;
mod queue;
mod rayon_pool;
mod start;
mod sync;

pub use config::Builder;
pub use error::BuildError;
pub use par_core::{DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown};
pub use pool::ThreadPool;
pub use probe::{Threads, probe};
pub use queue::{LifoQueue, PriorityQueue, Queue, QueueIter, Taken};
pub use rayon_pool::RayonPool;
