//! The laws that every workload obeys, at its test size and at small random ones.

use std::fmt::Debug;

use libtest_mimic::Trial;
use par_benches::workloads::{
    Class, Dgemm, Entries, Ep, Is, Mandelbrot, NQueens, Recurrence, Stream, Uts, UtsShape, WordCount,
};
use par_core::Workload;
use par_core::testing::check_workload;
use proptest::prelude::*;

use super::chunks::{merges_like_a_monoid, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        dgemm_at_its_test_size,
        ep_at_its_test_size,
        is_at_its_test_size,
        mandelbrot_at_its_test_size,
        nqueens_at_its_test_size,
        stream_at_its_test_size,
        uts_at_its_test_size,
        wordcount_at_its_test_size,
        any_dgemm,
        any_ep,
        any_is,
        any_mandelbrot,
        any_nqueens,
        any_stream,
        any_uts,
        any_wordcount,
    ]
}

fn dgemm_at_its_test_size() {
    check_workload(&Dgemm::test());
}

fn ep_at_its_test_size() {
    check_workload(&Ep::class(Class::S));
}

fn is_at_its_test_size() {
    check_workload(&Is::class(Class::S));
}

fn mandelbrot_at_its_test_size() {
    check_workload(&Mandelbrot::test());
}

fn nqueens_at_its_test_size() {
    check_workload(&NQueens::test());
}

fn stream_at_its_test_size() {
    check_workload(&Stream::test());
}

fn uts_at_its_test_size() {
    check_workload(&Uts::small());
}

fn wordcount_at_its_test_size() {
    check_workload(&WordCount::test());
}

/// In that many parts the answer passes beside the serial one, and the partials merge in any grouping.
fn agrees<W: Workload>(workload: &W, parts: usize, cuts: [usize; 2])
where
    W::Partial: Clone + PartialEq + Debug,
{
    let reference = workload.serial();
    if let Err(wrong) = workload.verify(&run_in_chunks(workload, parts), &reference) {
        panic!("{workload:?} in {parts} parts: {wrong}");
    }
    merges_like_a_monoid(workload, parts, cuts);
}

fn shapes() -> impl Strategy<Value = UtsShape> {
    prop_oneof![
        (1_u32..6).prop_map(|depth| UtsShape::Fixed { depth }),
        (1_u32..9).prop_map(|depth| UtsShape::Linear { depth }),
        (1_u32..3).prop_map(|depth| UtsShape::Cyclic { depth }),
        (0.0..0.2, 0_u32..5).prop_map(|(probability, children)| UtsShape::Binomial { probability, children }),
    ]
}

fn recurrences() -> impl Strategy<Value = Recurrence> {
    prop::sample::select(vec![Recurrence::Triad, Recurrence::Babel, Recurrence::Nstream])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    fn any_dgemm(n in 1_u32..40, iterations in 0_u32..4, seed: u64, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&Dgemm::new(n, iterations, Entries::Random { seed }).unwrap(), parts, cuts);
        agrees(&Dgemm::new(n, iterations, Entries::Prk).unwrap(), parts, cuts);
    }

    fn any_ep(log2_pairs in 16_u32..19, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&Ep::new(log2_pairs).unwrap(), parts, cuts);
    }

    fn any_is(log2_keys in 6_u32..13, log2_limit in 4_u32..13, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&Is::new(log2_keys, log2_limit).unwrap(), parts, cuts);
    }

    fn any_mandelbrot(side in 1_u32..40, bound in 100_u32..400, parts in 1_usize..64, cuts: [usize; 2]) {
        let grid = Mandelbrot::new(side, bound).unwrap();
        // The area of a coarse grid is checked elsewhere; here the picture must be the serial one, to the bit.
        prop_assert_eq!(run_in_chunks(&grid, parts), grid.serial());
        merges_like_a_monoid(&grid, parts, cuts);
    }

    fn any_nqueens(n in 1_u32..10, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&NQueens::new(n).unwrap(), parts, cuts);
    }

    fn any_stream(
        elements in 1_u64..5000,
        iterations in 1_u32..20,
        recurrence in recurrences(),
        parts in 1_usize..64,
        cuts: [usize; 2],
    ) {
        agrees(&Stream::new(elements, iterations, recurrence).unwrap(), parts, cuts);
    }

    fn any_uts(shape in shapes(), branching in 0.0..4.0, seed: u32, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&Uts::new(shape, branching, seed).unwrap(), parts, cuts);
    }

    fn any_wordcount(words in 1_u64..3000, seed: u64, parts in 1_usize..64, cuts: [usize; 2]) {
        agrees(&WordCount::zipf(words, seed).unwrap(), parts, cuts);
    }
}
