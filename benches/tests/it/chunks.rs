//! Runs a workload chunk by chunk on this thread.

use std::num::NonZeroUsize;

use par_core::Workload;

/// The numbers of chunks that every workload is tested with.
pub(crate) const PARTS: [usize; 5] = [1, 2, 3, 7, 16];

/// Splits, computes every chunk in order, merges and finishes.
pub(crate) fn run_in_chunks<W: Workload>(workload: &W, parts: usize) -> W::Output {
    let parts = NonZeroUsize::new(parts).expect("at least one part");
    let chunks = workload.chunks(parts);
    assert!(chunks.len() <= parts.get(), "{} chunks for {parts} parts", chunks.len());
    let total = chunks
        .into_iter()
        .map(|chunk| workload.compute(chunk))
        .fold(workload.identity(), |left, right| workload.merge(left, right));
    workload.finish(total)
}
