//! The standard workloads, one module each: parameters, serial code, and the published numbers that check them.

mod nqueens;
mod uts;

pub use nqueens::{NQueens, NQueensError};
pub use uts::{Uts, UtsChunk, UtsError, UtsNode, UtsShape, UtsTally};
