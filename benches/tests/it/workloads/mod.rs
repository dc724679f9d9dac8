//! The standard workloads: every answer against published numbers, every verifier against wrong answers.

mod chunks;
mod dgemm;
mod ep;
mod is;
mod laws;
mod mandelbrot;
mod nqueens;
mod stream;
mod taskgraph;
mod uts;
mod wordcount;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let trials = [
        dgemm::trials(),
        ep::trials(),
        is::trials(),
        laws::trials(),
        mandelbrot::trials(),
        nqueens::trials(),
        stream::trials(),
        taskgraph::trials(),
        uts::trials(),
        wordcount::trials(),
    ];
    trials.into_iter().flatten().collect()
}
