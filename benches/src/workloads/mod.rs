//! The standard workloads, one file each: what they compute, how they split, what is right.

mod dgemm;
mod ep;
mod is;
mod nas;
mod stream;

pub use dgemm::{Dgemm, DgemmError, Entries};
pub use ep::{Ep, EpError, EpSums, EpTotals};
pub use is::{Is, IsError, IsRanking, IsRanks};
pub use nas::{Class, Lcg};
pub use stream::{Recurrence, Stream, StreamError, StreamSums, StreamTotals};
