//! Standard workloads.
#![forbid(unsafe_code)]

mod byte_string;
mod doubles;
mod fixed;
/// The standard workloads, one file each.
pub mod workloads;

pub use doubles::Doubles;
pub use fixed::Fixed;
