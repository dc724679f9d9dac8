//! The standard workloads, one file each: what they compute, how they split, what is right.

mod dgemm;
mod ep;
mod nas;

pub use dgemm::{Dgemm, DgemmError, Entries};
pub use ep::{Ep, EpError, EpSums, EpTotals};
pub use nas::{Class, Lcg};
