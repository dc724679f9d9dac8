//! Measuring one workload: rounds in which every configuration runs once, in an order of its own.
//!
//! A configuration that fails once is not run again: its row is `failed`, with what was wrong.

use std::process::Command;
use std::time::{Duration, Instant};

use super::budget::{self, Cost};
use super::call::call;
use super::contract::{Line, Sample};
use super::messages::{Latency, Traffic};
use super::plan::Config;
use super::progress::Progress;
use super::random::SplitMix64;
use super::settings::Settings;
use crate::error::Error;

/// What one configuration has brought so far.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) config: Config,
    /// Verified samples, by round.
    pub(super) rounds: Vec<Vec<Sample>>,
    /// Sweeps over message lengths, in the order of measuring.
    pub(super) latencies: Vec<Latency>,
    /// Who sent what to whom, in a run.
    pub(super) traffic: Option<Traffic>,
    pub(super) failure: Option<String>,
    /// One more sample, with spans.
    pub(super) timeline: Option<Result<Sample, String>>,
}

impl Measured {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            rounds: Vec::new(),
            latencies: Vec::new(),
            traffic: None,
            failure: None,
            timeline: None,
        }
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.rounds.iter().flatten()
    }
}

/// What one call told.
#[derive(Debug, Default)]
struct Told {
    samples: Vec<Sample>,
    latencies: Vec<Latency>,
    traffic: Option<Traffic>,
}

/// How much one call is to do.
#[derive(Clone, Copy, Debug)]
struct Amount {
    samples: usize,
    warmups: usize,
    spans: bool,
}

/// When a workload's time is up. What a failing call took is not the others' fault and comes on top.
#[derive(Debug)]
struct Clock {
    start: Instant,
    deadline: Instant,
    lost: Duration,
}

impl Clock {
    fn start(limit: Duration) -> Self {
        let start = Instant::now();
        Self { start, deadline: start + limit, lost: Duration::ZERO }
    }

    fn forgive(&mut self, lost: Duration) {
        self.lost += lost;
        self.deadline += lost;
    }

    fn used(&self) -> Duration {
        self.start.elapsed().saturating_sub(self.lost)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Runs the rounds of `workload` within `limit`, and tells `after_round` how far it is.
///
/// # Errors
/// Ctrl-C.
pub(super) fn measure(
    settings: &Settings,
    workload: &str,
    measured: &mut [Measured],
    limit: Duration,
    progress: &mut Progress,
    mut after_round: impl FnMut(&[Measured]),
) -> Result<(), Error> {
    let mut clock = Clock::start(limit);
    let mut rng = SplitMix64::named(settings.seed, workload);
    let first = budget::per_round(settings.samples);
    progress.begin(workload, measured.len());
    round(settings, workload, measured, first, &mut clock, &mut rng, progress)?;
    after_round(measured);
    let timelines = (0..measured.len()).filter(|index| has_timeline(measured, *index)).count();
    progress.extend(timelines);
    let cost = cost_of(measured, clock.used(), first);
    let share = timelines as f64 / measured.len().max(1) as f64;
    let reserved = (cost.overhead + cost.per_sample * 2).mul_f64(share);
    let left = clock.left().saturating_sub(reserved);
    let (rounds, samples) = budget::further_rounds(settings.samples, first, cost, left);
    progress.extend(rounds * measured.len());
    for _ in 0..rounds {
        // The estimate was of one round; what it promised holds only while it is true.
        if clock.left() < reserved + cost.per_sample {
            break;
        }
        round(settings, workload, measured, samples, &mut clock, &mut rng, progress)?;
        after_round(measured);
    }
    draw_timelines(settings, workload, measured, progress)
}

/// Every configuration once. When the time is up there is one sample and no warm-up, which is what a row needs.
fn round(
    settings: &Settings,
    workload: &str,
    measured: &mut [Measured],
    samples: usize,
    clock: &mut Clock,
    rng: &mut SplitMix64,
    progress: &mut Progress,
) -> Result<(), Error> {
    let mut order: Vec<usize> =
        (0..measured.len()).filter(|index| measured[*index].failure.is_none()).collect();
    rng.shuffle(&mut order);
    for index in order {
        let this = &mut measured[index];
        progress.step(&this.config);
        let amount = if clock.left().is_zero() {
            Amount { samples: 1, warmups: 0, spans: false }
        } else {
            Amount { samples, warmups: 1, spans: false }
        };
        let begun = Instant::now();
        match run(settings, workload, &this.config, amount)? {
            Ok(told) => {
                this.rounds.push(told.samples);
                this.latencies.extend(told.latencies);
                this.traffic = told.traffic.or(this.traffic.take());
            }
            Err(reason) => {
                this.failure = Some(reason);
                clock.forgive(begun.elapsed());
            }
        }
    }
    Ok(())
}

/// One more run with spans, of each executor with its most workers.
fn draw_timelines(
    settings: &Settings,
    workload: &str,
    measured: &mut [Measured],
    progress: &mut Progress,
) -> Result<(), Error> {
    for index in 0..measured.len() {
        if !has_timeline(measured, index) || measured[index].failure.is_some() {
            continue;
        }
        progress.step(&measured[index].config);
        let amount = Amount { samples: 1, warmups: 0, spans: true };
        let told = run(settings, workload, &measured[index].config, amount)?;
        measured[index].timeline = Some(told.map(|mut told| told.samples.remove(0)));
    }
    Ok(())
}

fn has_timeline(measured: &[Measured], index: usize) -> bool {
    let config = &measured[index].config;
    let same = |other: &&Measured| {
        other.config.executor.name == config.executor.name
            && other.config.executor.paradigm == config.executor.paradigm
    };
    let most = measured.iter().filter(same).map(|other| other.config.workers).max();
    // The ranks of a world all work all the time, on no chunks.
    let has_ranks = measured[index].samples().next().is_some_and(|sample| sample.ranks.is_some());
    !config.executor.is_serial() && !has_ranks && most == Some(config.workers)
}

fn cost_of(measured: &[Measured], elapsed: Duration, samples: usize) -> Cost {
    let walls: u64 = measured.iter().flat_map(Measured::samples).map(|sample| sample.wall_ns).sum();
    let per_sample = Duration::from_nanos(walls / samples.max(1) as u64);
    Cost { overhead: elapsed.saturating_sub(per_sample * (samples as u32 + 1)), per_sample }
}

/// One call of a program: what it told, verified, or why that is nothing.
fn run(
    settings: &Settings,
    workload: &str,
    config: &Config,
    amount: Amount,
) -> Result<Result<Told, String>, Error> {
    let mut command = Command::new(&config.executor.program.path);
    command.args(["run", "--executor", &config.executor.name, "--workload", workload]);
    command.args(["--size", if settings.quick { "quick" } else { "default" }]);
    for (flag, value) in [
        ("--workers", config.workers),
        ("--parts", settings.parts),
        ("--samples", amount.samples),
        ("--warmups", amount.warmups),
        ("--timeout", settings.timeout.as_secs() as usize),
    ] {
        command.arg(flag).arg(value.to_string());
    }
    if amount.spans {
        command.arg("--spans");
    }
    if let Some(corpus) = &settings.corpus {
        command.arg("--corpus").arg(corpus);
    }
    // The program's own timeout comes first, because it can say where it was.
    let lines = call(&mut command, settings.timeout + Duration::from_secs(2))?;
    Ok(lines.and_then(|lines| judge(lines, workload, config, amount.samples)))
}

/// Takes what a run told only where everything is as it was asked for.
fn judge(lines: Vec<Line>, workload: &str, config: &Config, wanted: usize) -> Result<Told, String> {
    let executor = config.executor.name.as_str();
    let mut told = Told::default();
    for line in lines {
        match line {
            Line::Sample(sample) => told.samples.push(*sample),
            Line::Latency(latency) => {
                latency.check(workload, executor, config.workers)?;
                told.latencies.push(*latency);
            }
            Line::Traffic(traffic) => {
                traffic.check(workload, executor, config.workers)?;
                told.traffic = Some(traffic);
            }
            _ => {}
        }
    }
    let samples = &told.samples;
    if let Some(other) = samples.iter().find(|s| s.workload != workload || s.executor != executor) {
        return Err(format!(
            "was asked for {workload} on {executor} and ran {} on {}",
            other.workload, other.executor
        ));
    }
    if samples.iter().any(|sample| !sample.verified) {
        return Err("printed a time for an answer that was not verified".to_owned());
    }
    if samples.iter().any(|sample| sample.wall_ns == 0) {
        return Err("printed a time of 0 ns".to_owned());
    }
    if samples.len() != wanted {
        return Err(format!("printed {} of {wanted} samples", samples.len()));
    }
    if !told.latencies.is_empty() && told.latencies.len() != wanted {
        return Err(format!(
            "printed {} sweeps of message lengths for {wanted} samples",
            told.latencies.len()
        ));
    }
    Ok(told)
}
