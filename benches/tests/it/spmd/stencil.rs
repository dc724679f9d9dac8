//! PRK's stencil: the closed formula, and what must not pass.

use libtest_mimic::Trial;
use par_benches::spmd::{Patch, SpmdWorkload, Stencil, StencilPart};

use super::{RANKS, verified, verified_serially};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_same_bits_for_any_number_of_ranks,
        sizes_that_do_not_divide,
        the_serial_code_is_right,
        wrong_answers_do_not_pass,
        a_rank_that_is_missing_or_doubled_is_seen,
    ]
}

fn stencil(n: u32, iterations: u32) -> Stencil {
    Stencil::new(n, iterations).unwrap()
}

fn the_same_bits_for_any_number_of_ranks() {
    let digest = |ranks| {
        verified(&Stencil::test(), ranks).iter().fold(0_u64, |sum, part| sum.wrapping_add(part.digest))
    };
    let one = digest(1);
    for ranks in RANKS {
        assert_eq!(digest(ranks), one, "{ranks} ranks");
    }
}

fn sizes_that_do_not_divide() {
    for (n, ranks) in [(5, 1), (5, 2), (14, 7), (15, 7), (13, 6), (9, 4), (31, 3)] {
        verified(&stencil(n, 3), ranks);
    }
}

fn the_serial_code_is_right() {
    for (n, iterations) in [(5, 0), (6, 1), (7, 2), (33, 9), (200, 9)] {
        verified_serially(&stencil(n, iterations));
    }
}

fn judge(workload: &Stencil, n: usize, out: &[f64], input: &[f64]) -> Result<(), String> {
    let rows = |row: usize| (&out[row * n..][..n], &input[row * n..][..n]);
    let part = workload.examine(&Patch::square(n), rows);
    workload.verify(&[part]).map_err(|mismatch| mismatch.to_string())
}

/// The right matrices after so many iterations, from the formulas alone.
fn right(n: usize, iterations: u32) -> (Vec<f64>, Vec<f64>) {
    let all = f64::from(iterations) + 1.0;
    let active = |index: usize| (2..n - 2).contains(&index);
    let places = || (0..n * n).map(|index| (index / n, index % n));
    let out = places().map(|(row, col)| if active(row) && active(col) { 2.0 * all } else { 0.0 });
    (out.collect(), places().map(|(row, col)| (row + col) as f64 + all).collect())
}

fn wrong_answers_do_not_pass() {
    let (n, workload) = (30, stencil(30, 4));
    let (out, input) = right(n, 4);
    judge(&workload, n, &out, &input).unwrap();
    let spoilt = |spoil: &dyn Fn(&mut Vec<f64>, &mut Vec<f64>)| {
        let (mut out, mut input) = (out.clone(), input.clone());
        spoil(&mut out, &mut input);
        judge(&workload, n, &out, &input).unwrap_err()
    };
    let told = spoilt(&|out, _| out.fill(0.0));
    assert!(told.contains("L1 norm"), "nothing at all: {told}");
    // A norm that PRK's own check would pass: the sum is right, two elements are not.
    let told = spoilt(&|out, _| {
        out[5 * n + 5] += 1.0;
        out[5 * n + 6] -= 1.0;
    });
    assert!(told.contains("element"), "{told}");
    spoilt(&|out, _| out[9 * n + 9] += 1e-7);
    spoilt(&|out, _| out.swap(0, 9 * n + 9));
    spoilt(&|out, _| out.iter_mut().for_each(|value| *value = -*value));
    spoilt(&|_, input| input.swap(0, 1));
    spoilt(&|_, input| input[7] = f64::NAN);
    assert!(spoilt(&|out, _| out[9 * n + 9] = f64::NAN).contains("NaN"));
    spoilt(&|out, _| out[0] = f64::NAN);
    let (stale, stale_input) = right(n, 3);
    assert!(judge(&workload, n, &stale, &input).is_err(), "stale out");
    assert!(judge(&workload, n, &out, &stale_input).is_err(), "stale in");
}

fn a_rank_that_is_missing_or_doubled_is_seen() {
    let workload = stencil(20, 2);
    let parts = verified(&workload, 4);
    assert!(workload.verify(&parts[1..]).is_err(), "missing");
    assert!(workload.verify(&[&parts[..3], &parts[..1]].concat()).is_err(), "doubled");
    let null = StencilPart { norm: f64::NAN, ..parts[0].clone() };
    assert!(workload.verify(&[&[null], &parts[1..]].concat()).is_err());
    assert!(workload.verify(&[]).is_err());
}
