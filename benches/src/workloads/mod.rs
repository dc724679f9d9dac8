//! The standard workloads, one module each: parameters, serial code, and the published numbers that check them.

mod dgemm;
mod ep;
mod is;
mod mandelbrot;
mod nas;
mod nqueens;
mod stream;
mod uts;
mod wordcount;

pub use dgemm::{Dgemm, DgemmBlock, DgemmError, Entries};
pub use ep::{Ep, EpError, EpSums, EpTotals};
pub use is::{Is, IsError, IsRanking, IsRanks};
pub use mandelbrot::{Mandelbrot, MandelbrotError, MandelbrotPicture, MandelbrotRow};
pub use nas::{Class, Lcg};
pub use nqueens::{NQueens, NQueensError};
pub use stream::{Recurrence, Stream, StreamError, StreamSums, StreamTotals};
pub use uts::{Uts, UtsChunk, UtsError, UtsNode, UtsShape, UtsTally, UtsWalk};
pub use wordcount::{NotAWord, WordCount, WordCountError, WordCounts, WordTable};
