#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod config;
mod error;
mod event;
mod executor;

mod pool;
mod worker;

mod world;

mod board;
mod encode;
mod ffi;
mod probe;
mod segment;
mod shm;
mod spawn;
mod wire;

pub use config::{Builder, Prefetch};
pub use error::PoolError;
pub use event::{Exit, KillReason, LostTask, WorkerEvent, WorkerEventKind};
pub use executor::ProcessPool;
pub use probe::{Probe, probe};
pub use worker::{init, init_with};
pub use world::{ProcessComm, ProcessTransport, ProcessWorld, ProcessWorldBuilder, SharedWords};

/// What [`program!`] expands to; not for anybody's own use.
#[doc(hidden)]
pub mod plumbing {
    pub use par_core::plumbing::linkme;

    pub use crate::world::{PROGRAMS, Program};
}
