//! Runs a workload chunk by chunk, as an executor with workers in other processes would, and tests its laws.

use std::fmt::Debug;
use std::num::NonZeroUsize;

use par_core::Workload;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The numbers of parts that every workload is tested with: one, a few, primes, a power of two.
pub(crate) const PARTS: [usize; 5] = [1, 2, 3, 7, 16];

/// Computes chunk after chunk; the workload, the chunks and the partials all travel as bytes.
pub(crate) fn run_in_chunks<W: Workload>(workload: &W, parts: usize) -> W::Output {
    let remote = through_bytes(workload);
    let partials = partials(&remote, parts);
    let total = partials.into_iter().fold(workload.identity(), |left, right| workload.merge(left, right));
    workload.finish(total)
}

/// Whether the workload passes its own verifier for each of [`PARTS`], and in its serial code.
pub(crate) fn passes_in_any_parts<W: Workload>(workload: &W) {
    let reference = workload.serial();
    workload.verify(&reference, &reference).unwrap();
    for parts in PARTS {
        workload.verify(&run_in_chunks(workload, parts), &reference).unwrap();
    }
}

/// Whether merging is associative, and the identity neutral on both sides, for one way to cut the chunks in three.
pub(crate) fn merges_like_a_monoid<W: Workload>(workload: &W, parts: usize, cuts: [usize; 2])
where
    W::Partial: Clone + PartialEq + Debug,
{
    let partials = partials(workload, parts);
    let [first, second] = cuts.map(|cut| cut % (partials.len() + 1));
    let (first, second) = (first.min(second), first.max(second));
    let merge = |left: W::Partial, right: W::Partial| workload.merge(left, right);
    let fold = |partials: &[W::Partial]| partials.iter().cloned().fold(workload.identity(), merge);
    let [a, b, c] = [fold(&partials[..first]), fold(&partials[first..second]), fold(&partials[second..])];
    let left = merge(merge(a.clone(), b.clone()), c.clone());
    let right = merge(a, merge(b, c));
    assert_eq!(left, right, "merge is not associative");
    assert_eq!(merge(workload.identity(), left.clone()), left, "the identity is not neutral on the left");
    assert_eq!(merge(left.clone(), workload.identity()), left, "the identity is not neutral on the right");
}

fn partials<W: Workload>(workload: &W, parts: usize) -> Vec<W::Partial> {
    let chunks = workload.chunks(NonZeroUsize::new(parts).unwrap());
    // None at all is right for an empty problem, such as two queens.
    assert!(chunks.len() <= parts);
    chunks.into_iter().map(|chunk| through_bytes(&workload.compute(through_bytes(&chunk)))).collect()
}

fn through_bytes<T: Serialize + DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(value).unwrap()).unwrap()
}
