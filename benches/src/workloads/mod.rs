//! The standard workloads, one module each: parameters, serial code, and the published numbers that check them.

mod mandelbrot;
mod nqueens;
mod uts;
mod wordcount;

pub use mandelbrot::{Mandelbrot, MandelbrotError, MandelbrotPicture, MandelbrotRow};
pub use nqueens::{NQueens, NQueensError};
pub use uts::{Uts, UtsChunk, UtsError, UtsNode, UtsShape, UtsTally, UtsWalk};
pub use wordcount::{NotAWord, WordCount, WordCountError, WordCounts, WordTable};
