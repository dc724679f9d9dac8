//! Heat: both checks, the order of the scheme, and what must not pass.

use libtest_mimic::Trial;
use par_benches::spmd::{Heat, HeatPart, Patch, SpmdWorkload};

use super::{RANKS, outputs, verified, verified_serially};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        the_same_bits_for_any_number_of_ranks,
        sizes_that_do_not_divide,
        the_serial_code_is_right_for_odd_and_even_steps,
        the_error_falls_with_the_square_of_the_spacing,
        wrong_answers_do_not_pass,
        a_rank_that_is_missing_or_doubled_is_seen,
        edges_are_counted,
        too_many_ranks_are_refused_by_all,
    ]
}

fn heat(n: u32, steps: u32) -> Heat {
    Heat::new(n, steps).unwrap()
}

fn the_same_bits_for_any_number_of_ranks() {
    let digest =
        |ranks| verified(&Heat::test(), ranks).iter().fold(0_u64, |sum, part| sum.wrapping_add(part.digest));
    let one = digest(1);
    for ranks in RANKS {
        assert_eq!(digest(ranks), one, "{ranks} ranks");
    }
}

fn sizes_that_do_not_divide() {
    for (n, ranks) in [(7, 7), (13, 4), (17, 3), (31, 6)] {
        verified(&heat(n, 9), ranks);
    }
    verified(&heat(1, 3), 1);
}

fn the_serial_code_is_right_for_odd_and_even_steps() {
    for (n, steps) in [(1, 1), (1, 2), (2, 5), (30, 0), (30, 1), (30, 2), (64, 51)] {
        verified_serially(&heat(n, steps));
    }
}

/// The same time on meshes of half the spacing: four times as many steps, a quarter of the error.
fn the_error_falls_with_the_square_of_the_spacing() {
    let error = |n, steps| {
        let parts = verified(&heat(n, steps), 4);
        parts.iter().map(|part| part.off_solution).fold(0.0, f64::max)
    };
    let errors = [error(15, 40), error(31, 160), error(63, 640)];
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!((order - 2.0).abs() < 0.06, "order {order}, {errors:?}");
    }
}

/// The right plate as values, made without the program: the eigenvector itself.
fn plate(workload: &Heat, n: usize, steps: i32) -> Vec<f64> {
    use std::f64::consts::PI;
    let h = 1.0 / (n as f64 + 1.0);
    let half = |mode: f64| (mode * PI * h / 2.0).sin().powi(2);
    let factor = (1.0 - 0.8 * (half(1.0) + half(2.0))).powi(steps);
    let value = |row: usize, col: usize| {
        factor * (PI * (row + 1) as f64 * h).sin() * (2.0 * PI * (col + 1) as f64 * h).sin()
    };
    let values: Vec<f64> = (0..n * n).map(|index| value(index / n, index % n)).collect();
    assert!(judge(workload, n, &values).is_ok(), "the right plate passes");
    values
}

fn judge(workload: &Heat, n: usize, values: &[f64]) -> Result<(), String> {
    let part = workload.examine(&Patch::square(n), |row| &values[row * n..][..n]);
    workload.verify(&[part]).map_err(|mismatch| mismatch.to_string())
}

fn wrong_answers_do_not_pass() {
    let (n, workload) = (40, heat(40, 25));
    let right = plate(&workload, n, 25);
    let spoilt = |spoil: &dyn Fn(&mut Vec<f64>)| {
        let mut values = right.clone();
        spoil(&mut values);
        judge(&workload, n, &values).unwrap_err()
    };
    let told = spoilt(&|values| values.fill(0.0));
    assert!(told.contains("eigenvector"), "nothing at all: {told}");
    spoilt(&|values| values[333] += 1e-9);
    spoilt(&|values| values.swap(333, 340));
    assert!(spoilt(&|values| values[n * n - 1] = f64::NAN).contains("NaN"));
    spoilt(&|values| values[0] = f64::INFINITY);
    // The plate of the step before, and the one that was turned.
    let stale = plate(&heat(40, 24), n, 24);
    assert!(judge(&workload, n, &stale).is_err(), "stale");
    let turned: Vec<f64> = (0..n * n).map(|index| right[index % n * n + index / n]).collect();
    assert!(judge(&workload, n, &turned).is_err(), "rows for columns");
}

fn a_rank_that_is_missing_or_doubled_is_seen() {
    let workload = heat(20, 5);
    let parts = verified(&workload, 4);
    assert!(workload.verify(&parts[1..]).is_err(), "missing");
    let doubled: Vec<HeatPart> = [&parts[..3], &parts[..1]].concat();
    assert!(workload.verify(&doubled).is_err(), "doubled");
    let null = HeatPart { off_scheme: f64::NAN, ..parts[0].clone() };
    assert!(workload.verify(&[&[null], &parts[1..]].concat()).is_err());
    assert!(workload.verify(&[]).is_err());
}

/// Four ranks in a square of 20² points: each has two neighbours and sends ten doubles to each, in every step.
fn edges_are_counted() {
    let outputs = outputs(&heat(20, 5), 4);
    for (rank, output) in outputs.iter().enumerate() {
        for (other, sent) in output.cost.sent.iter().enumerate() {
            let neighbours = other != rank && other != 3 - rank;
            let expected = if neighbours { (5, 5 * 10 * 8) } else { (0, 0) };
            assert_eq!((sent.messages, sent.bytes), expected, "{rank} to {other}");
        }
        assert!(output.cost.wall_ns >= output.cost.compute_ns && output.cost.whole_ns >= output.cost.wall_ns);
    }
}

fn too_many_ranks_are_refused_by_all() {
    let error = par_core::testing::ModelWorld::new(7).run(&heat(5, 1)).unwrap_err();
    assert!(error.to_string().contains("fewer ranks or a larger matrix"), "{error}");
}
