//! NAS IS.

use libtest_mimic::Trial;
use par_benches::workloads::{Class, Is, IsError, IsRanking};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{merges_like_a_monoid, passes_in_any_parts};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        class_s_is_as_published,
        class_w_is_as_published,
        other_sizes_are_checked_against_the_serial_code,
        impossible_sizes_are_refused,
        wrong_answers_fail_against_published_numbers,
        wrong_answers_fail_against_the_serial_code,
        keys_without_the_last_change_fail,
        merging_is_a_monoid,
    ]
}

fn class_s_is_as_published() {
    passes_in_any_parts(&Is::class(Class::S));
}

fn class_w_is_as_published() {
    let is = Is::class(Class::W);
    let reference = is.serial();
    is.verify(&reference, &reference).unwrap();
}

fn other_sizes_are_checked_against_the_serial_code() {
    for (log2_keys, log2_limit) in [(6, 4), (6, 12), (12, 4), (13, 11)] {
        let is = Is::new(log2_keys, log2_limit).unwrap();
        assert_eq!(is.checked_against(), "serial code");
        passes_in_any_parts(&is);
    }
}

fn impossible_sizes_are_refused() {
    for log2_keys in [0, 5, 32] {
        assert_eq!(Is::new(log2_keys, 11), Err(IsError::Keys(log2_keys)));
    }
    for log2_limit in [0, 3, 29] {
        assert_eq!(Is::new(16, log2_limit), Err(IsError::Limit(log2_limit)));
    }
}

/// Passes only what should: the answer, and nothing that was tampered with.
fn refuses_what_is_wrong(is: &Is) {
    let right = is.serial();
    let passes = |output: &IsRanking| is.verify(output, &right).is_ok();
    assert!(passes(&right));
    let tampered = |tamper: fn(&mut IsRanking)| {
        let mut output = right.clone();
        tamper(&mut output);
        output
    };
    assert!(!passes(&IsRanking { ranks: [[0; 5]; 10], sorted: Vec::new() }), "null output");
    assert!(!passes(&tampered(|it| it.sorted.clear())), "no keys");
    assert!(!passes(&tampered(|it| it.sorted.fill(0))), "keys all zero, which are sorted");
    assert!(!passes(&tampered(|it| it.ranks[9][4] += 1)), "one rank changed");
    assert!(!passes(&tampered(|it| it.ranks[3].swap(0, 1))), "two ranks swapped");
    assert!(!passes(&tampered(|it| it.ranks[9] = it.ranks[8])), "ranks of the iteration before");
    assert!(!passes(&tampered(|it| it.sorted[0] += 1)), "first key changed");
    assert!(
        !passes(&tampered(|it| it.sorted.iter_mut().rev().take(1).for_each(|key| *key = u32::MAX))),
        "a key beyond the limit"
    );
    assert!(!passes(&tampered(|it| it.sorted[1] = it.sorted[0])), "one key changed, still sorted");
    assert!(!passes(&tampered(|it| it.sorted.swap(0, 60))), "two keys swapped");
    assert!(!passes(&tampered(|it| it.sorted.truncate(it.sorted.len() - 1))), "one key lost");
}

fn wrong_answers_fail_against_published_numbers() {
    refuses_what_is_wrong(&Is::class(Class::S));
}

fn wrong_answers_fail_against_the_serial_code() {
    refuses_what_is_wrong(&Is::new(10, 8).unwrap());
}

fn keys_without_the_last_change_fail() {
    let is = Is::new(12, 10).unwrap();
    let mut output = is.serial();
    // The last iteration plants MAX − 10 = 1014; take that back for a copy of another key.
    let at = output.sorted.iter().rposition(|&key| key == 1014).unwrap();
    output.sorted[at] = output.sorted[at - 1];
    assert!(is.verify(&output, &is.serial()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    fn merging_is_a_monoid(parts in 1..20_usize, first: usize, second: usize) {
        merges_like_a_monoid(&Is::new(10, 8).unwrap(), parts, [first, second]);
    }
}
