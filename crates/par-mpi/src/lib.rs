//! MPI for par.
#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod pool;

pub use pool::{MpiPool, MpiPoolBuilder, PoolError};
