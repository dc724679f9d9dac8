//! The laws of a workload.

use std::num::NonZeroUsize;

use crate::{Mismatch, Workload};

/// Checks the laws of [`Workload`] for several numbers of parts: at most `parts` chunks, `identity` is neutral,
/// `merge` is associative, and the merged answer is that of `serial`.
///
/// # Panics
/// When a law does not hold, naming it.
pub fn check_workload<W: Workload>(workload: &W) {
    let reference = workload.serial();
    let verify = |output: W::Output, parts: usize, how: &str| {
        workload.verify(&output, &reference).unwrap_or_else(|mismatch: Mismatch| {
            panic!("{} in {parts} parts, merged {how}: {mismatch}", W::NAME);
        });
    };
    for parts in [1, 2, 3, 7, 16] {
        let wanted = NonZeroUsize::new(parts).expect("none of them is 0");
        let chunks = workload.chunks(wanted);
        assert!(chunks.len() <= parts, "{}: {} chunks for {parts} parts", W::NAME, chunks.len());
        let compute = || workload.chunks(wanted).into_iter().map(|chunk| workload.compute(chunk));
        let left = compute().fold(workload.identity(), |total, partial| workload.merge(total, partial));
        verify(workload.finish(left), parts, "from the left");
        let right =
            compute().rev().fold(workload.identity(), |total, partial| workload.merge(partial, total));
        verify(workload.finish(right), parts, "from the right");
        verify(workload.finish(merge_as_tree(workload, compute().collect())), parts, "as a tree");
    }
}

fn merge_as_tree<W: Workload>(workload: &W, mut partials: Vec<W::Partial>) -> W::Partial {
    while partials.len() > 1 {
        let mut pairs = partials.into_iter();
        let mut merged = Vec::new();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => workload.merge(left, right),
                None => left,
            });
        }
        partials = merged;
    }
    partials.pop().unwrap_or_else(|| workload.identity())
}
