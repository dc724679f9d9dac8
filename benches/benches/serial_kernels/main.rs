//! The serial codes and the chunk kernels of the workloads beside the usual way to write them, or a library:
//! `cargo bench -p par-benches --bench serial_kernels [-- FILTER]`.
//!
//! The peer, the serial code, one chunk and sixteen chunks, one after the other, run in turns, so the ratios hold on a
//! busy machine; every answer of every round is verified.

mod ffi;
mod peers;

use std::hint::black_box;
use std::num::NonZeroUsize;

use par_benches::workloads::{Class, Dgemm, Ep, Is, Mandelbrot, NQueens, Recurrence, Stream, Uts, WordCount};
use par_core::Workload;
use par_core::testing::Paired;

/// As many chunks as a bench program makes for two workers.
const MANY: NonZeroUsize = NonZeroUsize::new(16).expect("not 0");

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let rounds = if quick { 1 } else { 11 };
    let (dgemm_order, elements) = if quick { (128, 1 << 16) } else { (1024, 1 << 23) };
    let (grid, text) = if quick {
        (Mandelbrot::test(), WordCount::test())
    } else {
        (Mandelbrot::quick(), WordCount::quick())
    };
    let (tree, board) = if quick { (Uts::small(), NQueens::test()) } else { (Uts::t3(), NQueens::bench()) };
    let dgemm = Dgemm::new(dgemm_order, 9, par_benches::workloads::Entries::Prk).expect("an order in range");
    let stream = Stream::new(elements, 10, Recurrence::Triad).expect("a size in range");

    compare(rounds, "NPB loop, randlc in halves", &Ep::class(Class::S), peers::ep_class_s);
    compare(rounds, "NPB buckets", &Is::class(Class::A), peers::is_class_a);
    compare(rounds, "one point after the other", &grid, || peers::mandelbrot(grid.side(), grid.bound()));
    compare(rounds, "plain loop", &stream, || peers::triad(elements as usize, 10));
    compare(rounds, "matrixmultiply", &dgemm, || ffi::dgemm(dgemm_order as usize, 10));
    compare(rounds, "a HashMap of Strings", &text, || peers::wordcount(&text));
    compare(rounds, "sha1 crate, a stack of nodes", &tree, || peers::uts(&tree));
    compare(rounds, "bit masks, row by row", &board, || peers::nqueens(board.n()));
}

/// Compares a workload's serial code and its chunk kernel with a peer.
fn compare<W: Workload>(rounds: usize, peer_name: &'static str, workload: &W, peer: impl Fn() -> W::Output) {
    let mut filters = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    if filters.peek().is_some() && !filters.any(|filter| W::NAME.contains(&filter)) {
        return;
    }
    let reference = workload.serial();
    let check = |output: W::Output| {
        workload.verify(&black_box(output), &reference).expect("no time for a wrong answer");
    };
    let in_chunks = |parts| {
        let chunks = workload.chunks(parts).into_iter();
        let merge = |left, chunk| workload.merge(left, workload.compute(chunk));
        workload.finish(chunks.fold(workload.identity(), merge))
    };
    println!("{} {workload:?}", W::NAME);
    let paired = Paired::measure(
        rounds,
        vec![
            (peer_name, Box::new(|| check(peer()))),
            ("serial", Box::new(|| check(workload.serial()))),
            ("one chunk", Box::new(|| check(in_chunks(NonZeroUsize::MIN)))),
            ("sixteen chunks", Box::new(|| check(in_chunks(MANY)))),
        ],
    );
    println!("{paired}");
}
