#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
pub mod deadlock;
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
pub use sync::{
    Condvar, MappedMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, Mutex, MutexGuard,
    ReentrantMutex, ReentrantMutexGuard, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard, WaitTimeoutResult,
};
