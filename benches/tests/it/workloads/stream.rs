//! STREAM: triad, `BabelStream` and PRK nstream. What tampers with single elements is tested beside the kernel.

use libtest_mimic::Trial;
use par_benches::workloads::{Recurrence, Stream, StreamError, StreamTotals};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{merges_like_a_monoid, passes_in_any_parts, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_test_size_keeps_to_the_recurrence,
        all_recurrences_pass_in_any_parts,
        nstream_sums_to_the_closed_formula_exactly,
        babelstream_multiplies_by_two_s_plus_s_squared,
        impossible_sizes_are_refused,
        the_largest_number_of_iterations_does_not_overflow,
        wrong_answers_fail,
        merging_is_a_monoid,
    ]
}

const ALL: [Recurrence; 3] = [Recurrence::Triad, Recurrence::Babel, Recurrence::Nstream];

fn the_test_size_keeps_to_the_recurrence() {
    passes_in_any_parts(&Stream::test());
}

fn all_recurrences_pass_in_any_parts() {
    for recurrence in ALL {
        passes_in_any_parts(&Stream::new(10_007, 20, recurrence).unwrap());
    }
}

fn nstream_sums_to_the_closed_formula_exactly() {
    let nstream = Stream::new(12_345, 9, Recurrence::Nstream).unwrap();
    let expected = 8.0 * 10.0 * 12_345.0;
    assert_eq!(nstream.serial().sum.to_bits(), f64::to_bits(expected));
    let in_chunks = run_in_chunks(&nstream, 7);
    assert!((in_chunks.sum - expected).abs() <= 1e-15 * expected);
}

fn babelstream_multiplies_by_two_s_plus_s_squared() {
    // c = a; b = sc; c = a + b; a = b + sc: each iteration makes a (2s + s²) = 0.96 times as large.
    let babel = Stream::new(100, 50, Recurrence::Babel).unwrap();
    let a = 0.1 * 0.96_f64.powi(50);
    let b = 0.4 * (a / 0.96);
    let expected = a * b * 100.0;
    assert!((babel.serial().sum - expected).abs() <= 1e-12 * expected);
}

fn impossible_sizes_are_refused() {
    for elements in [0, (1 << 36) + 1] {
        assert_eq!(Stream::new(elements, 1, Recurrence::Triad), Err(StreamError::Elements(elements)));
    }
    for iterations in [0, 1001] {
        assert_eq!(Stream::new(1, iterations, Recurrence::Triad), Err(StreamError::Iterations(iterations)));
    }
}

fn the_largest_number_of_iterations_does_not_overflow() {
    for recurrence in ALL {
        passes_in_any_parts(&Stream::new(40, 1000, recurrence).unwrap());
    }
}

fn wrong_answers_fail() {
    for recurrence in ALL {
        let stream = Stream::new(1000, 10, recurrence).unwrap();
        let right = stream.serial();
        let passes = |output: StreamTotals| stream.verify(&output, &right).is_ok();
        assert!(passes(right));
        assert!(!passes(StreamTotals { elements: 0, worst: [0.0; 3], sum: 0.0 }), "null output");
        assert!(!passes(StreamTotals { elements: 999, ..right }), "one element lost");
        assert!(!passes(StreamTotals { sum: right.sum * (1.0 + 1e-6), ..right }), "sum changed");
        assert!(!passes(StreamTotals { sum: f64::NAN, ..right }), "NaN in the sum");
        for array in 0..3 {
            for wrong in [1e-3, f64::NAN, f64::INFINITY] {
                let mut worst = right.worst;
                worst[array] = wrong;
                assert!(!passes(StreamTotals { worst, ..right }), "error {wrong} in array {array}");
            }
        }
        let before = Stream::new(1000, 9, recurrence).unwrap().serial();
        assert!(!passes(before), "sum of the iteration before");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    fn merging_is_a_monoid(
        parts in 1..20_usize, first: usize, second: usize,
        recurrence in prop::sample::select(ALL.to_vec()),
    ) {
        merges_like_a_monoid(&Stream::new(1234, 5, recurrence).unwrap(), parts, [first, second]);
    }
}
