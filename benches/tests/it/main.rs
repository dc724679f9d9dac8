//! Every workload against published numbers, its serial code and its own negative tests.

mod chunks;
mod mandelbrot;
mod nqueens;
mod taskgraph;
mod uts;
mod wordcount;
