//! Matrix multiplication.

use libtest_mimic::Trial;
use par_benches::workloads::{Dgemm, DgemmError, Entries};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{merges_like_a_monoid, passes_in_any_parts, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_test_size_has_the_checksum_of_prk,
        random_matrices_pass_in_any_parts,
        orders_that_no_tile_divides_pass,
        the_answer_has_the_same_bits_for_any_parts,
        small_products_are_those_of_the_definition,
        impossible_sizes_are_refused,
        wrong_answers_fail,
        rows_in_the_wrong_order_fail,
        freivalds_alone_tells_a_wrong_element,
        merging_is_a_monoid,
    ]
}

fn the_test_size_has_the_checksum_of_prk() {
    passes_in_any_parts(&Dgemm::test());
}

fn random_matrices_pass_in_any_parts() {
    passes_in_any_parts(&Dgemm::new(128, 3, Entries::Random { seed: 42 }).unwrap());
}

fn orders_that_no_tile_divides_pass() {
    for n in [1, 2, 3, 5, 23, 25, 97, 193, 257] {
        for entries in [Entries::Prk, Entries::Random { seed: u64::from(n) }] {
            passes_in_any_parts(&Dgemm::new(n, 1, entries).unwrap());
        }
    }
}

fn the_answer_has_the_same_bits_for_any_parts() {
    let dgemm = Dgemm::new(70, 2, Entries::Random { seed: 7 }).unwrap();
    let one = run_in_chunks(&dgemm, 1);
    for parts in [2, 3, 16, 70] {
        assert_eq!(run_in_chunks(&dgemm, parts), one);
    }
}

fn small_products_are_those_of_the_definition() {
    let dgemm = Dgemm::new(3, 0, Entries::Prk).unwrap();
    // Σ_k A[i][k]·B[k][j] = (0 + 1 + 2)·j.
    let expected = [0.0, 3.0, 6.0].repeat(3);
    assert_eq!(dgemm.serial(), expected);
    assert_eq!(run_in_chunks(&dgemm, 2), expected);
}

fn impossible_sizes_are_refused() {
    for n in [0, 32_769] {
        assert_eq!(Dgemm::new(n, 1, Entries::Prk), Err(DgemmError::Order(n)));
    }
    assert_eq!(Dgemm::new(8, 10_001, Entries::Prk), Err(DgemmError::Iterations(10_001)));
}

fn wrong_answers_fail() {
    let n = 64_usize;
    for entries in [Entries::Prk, Entries::Random { seed: 1 }] {
        let dgemm = Dgemm::new(n as u32, 2, entries).unwrap();
        let right = dgemm.serial();
        let passes = |output: &Vec<f64>| dgemm.verify(output, &right).is_ok();
        assert!(passes(&right));
        let tampered = |tamper: fn(&mut [f64])| {
            let mut output = right.clone();
            tamper(&mut output);
            output
        };
        assert!(!passes(&Vec::new()), "no output");
        assert!(!passes(&vec![0.0; n * n]), "null output");
        assert!(!passes(&right[n..].to_vec()), "one row lost");
        assert!(!passes(&tampered(|c| c[77] += 1e-6 * c[77])), "one element changed");
        assert!(!passes(&tampered(|c| c[4095] = 0.0)), "last element lost");
        assert!(!passes(&tampered(|c| c.swap(130, 131))), "two elements swapped, same sum");
        assert!(!passes(&tampered(|c| c[0] = f64::NAN)), "NaN");
        assert!(!passes(&tampered(|c| c[64] = f64::INFINITY)), "infinity");
        assert!(!passes(&tampered(|c| c.iter_mut().for_each(|value| *value = -*value))), "sign");
        let before = Dgemm::new(n as u32, 1, entries).unwrap().serial();
        assert!(!passes(&before), "the product of the iteration before");
    }
}

fn rows_in_the_wrong_order_fail() {
    let dgemm = Dgemm::new(32, 1, Entries::Random { seed: 3 }).unwrap();
    let mut output = dgemm.serial();
    output.rotate_left(32);
    assert!(dgemm.verify(&output, &dgemm.serial()).is_err());
}

fn freivalds_alone_tells_a_wrong_element() {
    let dgemm = Dgemm::new(48, 1, Entries::Random { seed: 5 }).unwrap();
    let mut output = dgemm.serial();
    output[1000] += 1e-9;
    // The same wrong answer as reference: only the check that needs none is left.
    assert!(dgemm.verify(&output, &output).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    fn merging_is_a_monoid(parts in 1..20_usize, first: usize, second: usize) {
        let dgemm = Dgemm::new(24, 1, Entries::Random { seed: 2 }).unwrap();
        merges_like_a_monoid(&dgemm, parts, [first, second]);
    }
}
