//! PRK's transpose: the closed formula, and what must not pass.

use libtest_mimic::Trial;
use par_benches::spmd::{Patch, SpmdWorkload, Transpose};

use super::{RANKS, outputs, verified, verified_serially};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        every_element_for_any_number_of_ranks,
        sizes_that_do_not_divide,
        the_serial_code_is_right,
        wrong_answers_do_not_pass,
        a_rank_that_is_missing_or_doubled_is_seen,
        blocks_are_counted,
    ]
}

fn transpose(n: u32, iterations: u32) -> Transpose {
    Transpose::new(n, iterations).unwrap()
}

fn every_element_for_any_number_of_ranks() {
    for ranks in RANKS {
        verified(&Transpose::test(), ranks);
    }
}

fn sizes_that_do_not_divide() {
    for (n, ranks) in [(1, 1), (1, 3), (5, 7), (17, 4), (33, 2), (50, 7)] {
        verified(&transpose(n, 3), ranks);
    }
}

fn the_serial_code_is_right() {
    for (n, iterations) in [(1, 0), (7, 1), (8, 2), (33, 5), (256, 9)] {
        verified_serially(&transpose(n, iterations));
    }
}

/// The right rows of B, from the formula alone.
fn right(n: usize, iterations: u32) -> Vec<f64> {
    let all = f64::from(iterations) + 1.0;
    let value = |row: usize, col: usize| (col * n + row) as f64 * all + (all - 1.0) * all / 2.0;
    (0..n * n).map(|index| value(index / n, index % n)).collect()
}

fn judge(workload: &Transpose, n: usize, b: &[f64]) -> Result<(), String> {
    let part = workload.examine(&Patch::square(n), b);
    workload.verify(&[part]).map_err(|mismatch| mismatch.to_string())
}

fn wrong_answers_do_not_pass() {
    let (n, workload) = (30, transpose(30, 4));
    let b = right(n, 4);
    judge(&workload, n, &b).unwrap();
    let spoilt = |spoil: &dyn Fn(&mut Vec<f64>)| {
        let mut b = b.clone();
        spoil(&mut b);
        judge(&workload, n, &b).unwrap_err()
    };
    let told = spoilt(&|b| b.fill(0.0));
    assert!(told.contains("element 0, 0 of B, the first of 900"), "nothing at all: {told}");
    assert!(spoilt(&|b| b[31] += 1.0).contains("element 1, 1 of B, the first of 1"));
    spoilt(&|b| b.swap(100, 101));
    assert!(spoilt(&|b| b[899] = f64::NAN).contains("NaN"));
    assert!(judge(&workload, n, &right(n, 3)).is_err(), "stale");
    let turned: Vec<f64> = (0..n * n).map(|index| b[index % n * n + index / n]).collect();
    assert!(judge(&workload, n, &turned).is_err(), "not transposed");
}

fn a_rank_that_is_missing_or_doubled_is_seen() {
    let workload = transpose(20, 2);
    let parts = verified(&workload, 4);
    assert!(workload.verify(&parts[1..]).is_err(), "missing");
    assert!(workload.verify(&[&parts[..3], &parts[..1]].concat()).is_err(), "doubled");
    assert!(workload.verify(&[]).is_err());
}

/// Seven rows for ranks of 3, 2 and 2: blocks of all pairs, four times.
fn blocks_are_counted() {
    let outputs = outputs(&transpose(7, 3), 3);
    let rows = [3_u64, 2, 2];
    for (rank, output) in outputs.iter().enumerate() {
        for (other, sent) in output.cost.sent.iter().enumerate() {
            let expected = if other == rank { (0, 0) } else { (4, 4 * 8 * rows[rank] * rows[other]) };
            assert_eq!((sent.messages, sent.bytes), expected, "{rank} to {other}");
        }
    }
}
