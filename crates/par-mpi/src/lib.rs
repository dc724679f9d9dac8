//! MPI for par.
#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod collective;
mod pool;

pub use collective::MpiCollective;
pub use pool::{MpiPool, MpiPoolBuilder, PoolError};
