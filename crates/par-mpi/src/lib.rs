#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod collective;
#[cfg(feature = "mpi")]
mod comm;
mod error;
pub mod launch;
#[cfg(feature = "mpi")]
mod native;
mod pool;
#[cfg(feature = "mpi")]
mod world;

pub use collective::MpiCollective;
#[cfg(feature = "mpi")]
pub use comm::MpiComm;
pub use error::{ThreadLevel, WorldError};
pub use pool::{MpiPool, MpiPoolBuilder, PoolError};
#[cfg(feature = "mpi")]
pub use world::{Builder, MpiWorld};
