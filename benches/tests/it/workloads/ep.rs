//! NAS EP.

use libtest_mimic::Trial;
use par_benches::workloads::{Class, Ep, EpError, EpTotals};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{merges_like_a_monoid, passes_in_any_parts, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        class_s_is_as_published,
        other_sizes_are_checked_against_the_serial_code,
        the_answer_has_the_same_bits_for_any_parts,
        impossible_sizes_are_refused,
        wrong_answers_fail_against_published_numbers,
        wrong_answers_fail_against_the_serial_code,
        a_chunk_that_is_lost_or_stale_fails,
        merging_is_a_monoid,
    ]
}

fn class_s_is_as_published() {
    passes_in_any_parts(&Ep::class(Class::S));
}

fn other_sizes_are_checked_against_the_serial_code() {
    let ep = Ep::new(18).unwrap();
    assert_eq!(ep.checked_against(), "serial code");
    passes_in_any_parts(&ep);
}

fn the_answer_has_the_same_bits_for_any_parts() {
    let ep = Ep::new(20).unwrap();
    let one = run_in_chunks(&ep, 1);
    for parts in [2, 5, 16, 1000] {
        assert_eq!(run_in_chunks(&ep, parts), one);
    }
}

fn impossible_sizes_are_refused() {
    for log2_pairs in [0, 15, 41, u32::MAX] {
        assert_eq!(Ep::new(log2_pairs), Err(EpError::Pairs(log2_pairs)));
    }
}

/// Passes only what should: the answer, and nothing that was tampered with.
fn refuses_what_is_wrong(ep: &Ep) {
    let right = ep.serial();
    let passes = |output: &EpTotals| ep.verify(output, &right).is_ok();
    assert!(passes(&right));
    let tampered = |tamper: fn(&mut EpTotals)| {
        let mut output = right;
        tamper(&mut output);
        output
    };
    let null = EpTotals { sum_x: 0.0, sum_y: 0.0, pairs: 0, counts: [0; 10] };
    assert!(!passes(&null), "null output");
    assert!(!passes(&tampered(|it| it.sum_x *= 1.0 + 1e-7)), "sum X changed");
    assert!(!passes(&tampered(|it| it.sum_y = -it.sum_y)), "sum Y changed");
    assert!(!passes(&tampered(|it| it.counts[9] += 1)), "one count changed");
    assert!(!passes(&tampered(|it| it.pairs -= 1)), "pairs changed");
    assert!(!passes(&tampered(|it| it.counts.swap(0, 1))), "two counts swapped");
    assert!(!passes(&tampered(|it| (it.sum_x, it.sum_y) = (it.sum_y, it.sum_x))), "sums swapped");
    assert!(!passes(&tampered(|it| it.sum_x = f64::NAN)), "NaN in X");
    assert!(!passes(&tampered(|it| it.sum_y = f64::NAN)), "NaN in Y");
}

fn wrong_answers_fail_against_published_numbers() {
    refuses_what_is_wrong(&Ep::class(Class::S));
}

fn wrong_answers_fail_against_the_serial_code() {
    refuses_what_is_wrong(&Ep::new(17).unwrap());
}

fn a_chunk_that_is_lost_or_stale_fails() {
    let ep = Ep::new(18).unwrap();
    let chunks = ep.chunks(4.try_into().unwrap());
    let answer = |batches: &[usize]| {
        let partials = batches.iter().map(|&index| ep.compute(chunks[index].clone()));
        ep.finish(partials.fold(ep.identity(), |left, right| ep.merge(left, right)))
    };
    let reference = ep.serial();
    assert!(ep.verify(&answer(&[0, 1, 2, 3]), &reference).is_ok());
    assert!(ep.verify(&answer(&[0, 1, 2]), &reference).is_err());
    assert!(ep.verify(&answer(&[0, 1, 2, 2]), &reference).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    fn merging_is_a_monoid(parts in 1..5_usize, first: usize, second: usize) {
        merges_like_a_monoid(&Ep::new(18).unwrap(), parts, [first, second]);
    }
}
