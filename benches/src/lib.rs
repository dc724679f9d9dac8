//! The standard workloads of par: problems with published answers, stated once for every paradigm, and the bench
//! programs that run them.

#![forbid(unsafe_code)]

mod byte_string;
mod doubles;
mod fixed;

pub mod catalogue;
pub mod process_tree;
pub mod program;
pub mod spmd;
pub mod taskgraph;
pub mod workloads;

pub use doubles::Doubles;
pub use fixed::Fixed;
