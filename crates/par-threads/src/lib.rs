#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod gauge;
mod pool;
mod probe;
mod rayon_pool;
mod start;
mod sync;

pub use config::Builder;
pub use error::BuildError;
pub use pool::ThreadPool;
pub use probe::{Threads, probe};
pub use rayon_pool::RayonPool;
pub use sync::{Barrier, BarrierTurn, BoundedSemaphore, Event, Latch, OwnedPermit, Party, Permit, Semaphore};
