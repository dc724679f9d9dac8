//! From samples to rows: medians, intervals, speedups and verdicts of one workload.

use std::collections::BTreeMap;

use super::contract::Sample;
use super::messages::{latency_row, traffic_row};
use super::plan::Arm;
use super::random::SplitMix64;
use super::rounds::Measured;
use super::row::{AaRow, FailedRow, Row, RunRow, Stage, Verdict};
use super::statistics::{self, Ratio};

/// All rows of `workload`, the A/A row first.
pub(super) fn rows(workload: &str, measured: &[Measured], seed: u64) -> Vec<Row> {
    let serial = Serial::of(workload, measured, seed);
    let mut rows: Vec<Row> = serial.aa.iter().cloned().map(Row::Aa).collect();
    let mut runs: Vec<RunRow> = serial_row(measured, &serial, seed).into_iter().collect();
    runs.extend(
        measured
            .iter()
            .filter(|this| this.config.arm == Arm::Measured && this.failure.is_none())
            .filter_map(|this| run_row(this, &this.rounds, &serial, seed)),
    );
    relate_to_one_worker(&mut runs);
    rows.extend(runs.into_iter().map(|run| Row::Run(Box::new(run))));
    let good = || measured.iter().filter(|this| this.failure.is_none());
    rows.extend(good().filter_map(|this| latency_row(workload, this, seed)).map(Row::Latency));
    rows.extend(good().filter_map(|this| traffic_row(workload, this)).map(Row::Traffic));
    rows.extend(measured.iter().flat_map(|this| failures(workload, this)).map(Row::Failed));
    rows
}

/// The baseline of a workload.
struct Serial {
    /// Both arms together, by round.
    rounds: Vec<Vec<f64>>,
    median_ns: Option<f64>,
    aa: Option<AaRow>,
    noise_floor: Option<f64>,
}

impl Serial {
    fn of(workload: &str, measured: &[Measured], seed: u64) -> Self {
        let arm = |arm| {
            let found = measured.iter().find(|this| this.config.arm == arm && this.failure.is_none());
            found.map(|this| walls_by_round(&this.rounds)).unwrap_or_default()
        };
        let (a, b) = (arm(Arm::SerialA), arm(Arm::SerialB));
        let mut rng = SplitMix64::named(seed, &format!("{workload} A/A"));
        let ratio = statistics::paired_ratio(&a, &b, &mut rng);
        let noise_floor = ratio.as_ref().and_then(statistics::noise_floor);
        let rounds: Vec<Vec<f64>> = (0..a.len().max(b.len()))
            .map(|round| [&a, &b].into_iter().filter_map(|arm| arm.get(round)).flatten().copied().collect())
            .collect();
        let to_ns = |rounds: &[Vec<f64>]| rounds.concat().into_iter().map(|ns| ns as u64).collect();
        Self {
            median_ns: statistics::median(&rounds.concat()),
            aa: ratio.map(|Ratio { median, ci95 }| AaRow {
                workload: workload.to_owned(),
                samples_a_ns: to_ns(&a),
                samples_b_ns: to_ns(&b),
                ratio: median,
                ci95,
                noise_floor,
            }),
            noise_floor,
            rounds,
        }
    }
}

fn serial_row(measured: &[Measured], serial: &Serial, seed: u64) -> Option<RunRow> {
    let arms: Vec<&Measured> =
        measured.iter().filter(|this| this.config.arm != Arm::Measured && this.failure.is_none()).collect();
    let first = arms.first()?;
    let rounds: Vec<Vec<Sample>> = (0..first.rounds.len())
        .map(|round| arms.iter().filter_map(|arm| arm.rounds.get(round)).flatten().cloned().collect())
        .collect();
    let mut row = run_row(first, &rounds, serial, seed)?;
    row.verdict = Verdict::Baseline;
    row.speedup = Some(1.0);
    row.speedup_ci95 = None;
    Some(row)
}

fn run_row(this: &Measured, rounds: &[Vec<Sample>], serial: &Serial, seed: u64) -> Option<RunRow> {
    let samples: Vec<&Sample> = rounds.iter().flatten().collect();
    let first = samples.first()?;
    let executor = &this.config.executor;
    let workers = this.config.workers;
    let mut rng = SplitMix64::named(
        seed,
        &format!("{} {} {} {workers}", first.workload, executor.paradigm, executor.name),
    );
    let walls = walls_by_round(rounds);
    let all = walls.concat();
    let median_ns = statistics::median(&all)?;
    let ratio = statistics::paired_ratio(&serial.rounds, &walls, &mut rng);
    let speedup = serial.median_ns.map(|serial_ns| serial_ns / median_ns);
    let timeline = this.timeline.as_ref().and_then(|sample| sample.as_ref().ok());
    let per_second = |amount: u64| (amount > 0).then(|| amount as f64 / (median_ns / 1e9));
    Some(RunRow {
        workload: first.workload.clone(),
        params: first.params.clone(),
        paradigm: executor.paradigm.clone(),
        executor: executor.name.clone(),
        workers,
        parts: first.parts,
        samples_ns: samples.iter().map(|sample| sample.wall_ns).collect(),
        rounds: rounds.iter().map(Vec::len).collect(),
        median_ns,
        ci95_ns: statistics::median_interval(&all, &mut rng),
        serial_median_ns: serial.median_ns,
        speedup,
        speedup_ci95: ratio.as_ref().and_then(|ratio| ratio.ci95),
        relative_speedup: None,
        efficiency: speedup.map(|speedup| speedup / workers as f64),
        karp_flatt: speedup.and_then(|speedup| statistics::karp_flatt(speedup, workers)),
        verdict: ratio.map_or(Verdict::Unknown, |ratio| statistics::verdict(&ratio, serial.noise_floor)),
        noise_floor: serial.noise_floor,
        verified: true,
        checked_against: first.checked_against.clone(),
        phases_ns: phases(&samples),
        tasks: typical(&samples, |sample| sample.tasks),
        bytes_sent: typical(&samples, |sample| sample.bytes_sent),
        bytes_received: typical(&samples, |sample| sample.bytes_received),
        cpu_ns: typical(&samples, |sample| sample.cpu_ns),
        peak_rss_bytes: samples.iter().map(|sample| sample.peak_rss_bytes).max().unwrap_or(0),
        operations_per_second: per_second(first.operations),
        bytes_per_second: per_second(first.bytes_moved),
        spans: timeline.map(|sample| sample.spans.clone()).unwrap_or_default(),
        spans_wall_ns: timeline.map(|sample| sample.wall_ns),
        ranks: first.ranks,
        messages: first.ranks.map(|_| typical(&samples, |sample| sample.messages)),
    })
}

fn relate_to_one_worker(runs: &mut [RunRow]) {
    let ones: BTreeMap<String, f64> =
        runs.iter().filter(|run| run.workers == 1).map(|run| (identity(run), run.median_ns)).collect();
    for run in runs {
        run.relative_speedup = ones.get(&identity(run)).map(|one| one / run.median_ns);
    }
}

fn identity(run: &RunRow) -> String {
    format!("{} {}", run.paradigm, run.executor)
}

fn failures(workload: &str, this: &Measured) -> Vec<FailedRow> {
    let executor = &this.config.executor;
    let row = |stage, reason: &str| FailedRow {
        stage,
        what: workload.to_owned(),
        paradigm: executor.paradigm.clone(),
        executor: executor.name.clone(),
        workers: Some(this.config.workers),
        reason: reason.to_owned(),
    };
    let run = this.failure.as_ref().map(|reason| match this.samples().count() {
        0 => row(Stage::Run, reason),
        before => row(Stage::Run, &format!("{reason} (after {before} good samples)")),
    });
    let timeline = match &this.timeline {
        Some(Err(reason)) => Some(row(Stage::Timeline, reason)),
        _ => None,
    };
    run.into_iter().chain(timeline).collect()
}

fn walls_by_round(rounds: &[Vec<Sample>]) -> Vec<Vec<f64>> {
    rounds.iter().map(|round| round.iter().map(|sample| sample.wall_ns as f64).collect()).collect()
}

fn phases(samples: &[&Sample]) -> BTreeMap<String, u64> {
    let names: std::collections::BTreeSet<&String> =
        samples.iter().flat_map(|s| s.phases_ns.keys()).collect();
    // The start and the stop of an executor are told once per call, with one of its samples.
    let of = |name: &String| {
        let telling: Vec<&Sample> =
            samples.iter().copied().filter(|sample| sample.phases_ns.contains_key(name)).collect();
        typical(&telling, |sample| sample.phases_ns.get(name).copied().unwrap_or(0))
    };
    names.into_iter().map(|name| (name.clone(), of(name))).collect()
}

fn typical(samples: &[&Sample], of: impl Fn(&Sample) -> u64) -> u64 {
    let values: Vec<f64> = samples.iter().map(|sample| of(sample) as f64).collect();
    statistics::median(&values).map_or(0, |value| value as u64)
}

#[cfg(test)]
mod tests;
