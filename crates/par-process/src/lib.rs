#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod error;
mod event;
mod config;
mod executor;

mod pool;
mod worker;

mod encode;
mod spawn;
mod wire;
mod board;
mod segment;
mod shm;
mod ffi;
mod probe;

pub use config::{Builder, Prefetch};
pub use error::PoolError;
pub use event::{Exit, KillReason, LostTask, WorkerEvent, WorkerEventKind};
pub use executor::ProcessPool;
pub use probe::{Probe, probe};
pub use worker::{init, init_with};
