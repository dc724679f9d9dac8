//! The standard workloads: every answer against published numbers, every verifier against wrong answers.

mod chunks;
mod dgemm;
mod ep;
mod is;
mod mandelbrot;
mod nqueens;
mod stream;
mod taskgraph;
mod uts;
mod wordcount;
