use serde_json::json;

use super::rows;
use crate::bench_all::build::Program;
use crate::bench_all::catalogue::Executor;
use crate::bench_all::contract::Sample;
use crate::bench_all::plan::{Arm, Config};
use crate::bench_all::rounds::Measured;
use crate::bench_all::row::{Row, RunRow, Verdict};

fn measured(executor: &str, workers: usize, arm: Arm, walls: &[[u64; 3]]) -> Measured {
    let paradigm = if arm == Arm::Measured { "threads" } else { "serial" };
    let executor = Executor {
        program: Program { paradigm: paradigm.into(), path: "/bin/true".into() },
        paradigm: paradigm.into(),
        name: executor.into(),
        max_workers: None,
        workloads: vec!["ep".into()],
        patterns: Vec::new(),
    };
    let rounds = walls.iter().map(|round| round.iter().map(|wall| sample(&executor.name, *wall)).collect());
    Measured { rounds: rounds.collect(), ..Measured::new(Config { executor, workers, arm }) }
}

fn sample(executor: &str, wall_ns: u64) -> Sample {
    serde_json::from_value(json!({"workload": "ep", "executor": executor, "parts": 16, "wall_ns": wall_ns,
        "phases_ns": {"compute": wall_ns}, "verified": true, "operations": 1000, "checked_against": "NPB"}))
    .unwrap()
}

fn walls(around: u64) -> Vec<[u64; 3]> {
    (0..10).map(|round| [around + round, around + 2 * round, around + 5]).collect()
}

fn runs(measured: &[Measured]) -> Vec<RunRow> {
    rows("ep", measured, 1)
        .into_iter()
        .filter_map(|row| if let Row::Run(run) = row { Some(*run) } else { None })
        .collect()
}

#[test]
fn a_speedup_can_be_recomputed_from_the_row() {
    let runs = runs(&[
        measured("serial", 1, Arm::SerialA, &walls(10_000)),
        measured("serial", 1, Arm::SerialB, &walls(10_002)),
        measured("pool", 1, Arm::Measured, &walls(10_500)),
        measured("pool", 2, Arm::Measured, &walls(5_200)),
        measured("slow", 2, Arm::Measured, &walls(40_000)),
    ]);
    let [serial, one, two, slow] = runs.as_slice() else { panic!("{} rows", runs.len()) };
    assert_eq!((serial.samples_ns.len(), serial.verdict), (60, Verdict::Baseline));
    let mut samples = two.samples_ns.clone();
    samples.sort_unstable();
    assert!((two.median_ns - f64::midpoint(samples[14] as f64, samples[15] as f64)).abs() < 1e-9);
    assert!((two.speedup.unwrap() - two.serial_median_ns.unwrap() / two.median_ns).abs() < 1e-12);
    assert!((two.efficiency.unwrap() - two.speedup.unwrap() / 2.0).abs() < 1e-12);
    assert!((two.relative_speedup.unwrap() - one.median_ns / two.median_ns).abs() < 1e-12);
    assert_eq!((one.verdict, two.verdict, slow.verdict), (Verdict::Slower, Verdict::Faster, Verdict::Slower));
    assert_eq!(two.verdict_text(), "1.9× faster");
    assert_eq!(slow.verdict_text(), "4.0× slower");
}

#[test]
fn a_difference_inside_the_noise_is_none() {
    let noisy: Vec<[u64; 3]> = (0..10).map(|round| [9_000 + 400 * (round % 5); 3]).collect();
    let runs = runs(&[
        measured("serial", 1, Arm::SerialA, &walls(10_000)),
        measured("serial", 1, Arm::SerialB, &noisy),
        measured("pool", 1, Arm::Measured, &walls(10_300)),
    ]);
    assert!(runs[1].noise_floor.unwrap() > 0.03);
    assert_eq!(runs[1].verdict_text(), "no difference");
}

#[test]
fn a_failure_is_a_row_and_spoils_no_other() {
    let mut broken = measured("pool", 2, Arm::Measured, &walls(5_000));
    broken.failure = Some("exited with 101".into());
    let rows = rows("ep", &[measured("serial", 1, Arm::SerialA, &walls(10_000)), broken], 1);
    let failed = rows.iter().find_map(|row| if let Row::Failed(failed) = row { Some(failed) } else { None });
    assert_eq!(failed.unwrap().reason, "exited with 101 (after 30 good samples)");
    assert_eq!(rows.iter().filter(|row| matches!(row, Row::Run(_))).count(), 1);
}

#[test]
fn without_a_baseline_there_is_no_speedup() {
    let runs = runs(&[measured("pool", 2, Arm::Measured, &walls(5_000))]);
    assert_eq!((runs[0].speedup, runs[0].verdict_text().as_str()), (None, "no baseline"));
}
