//! METG sweeps: one common peak, then every executor on every pattern.

use std::process::Command;
use std::time::Duration;

use super::budget::Budget;
use super::call::call;
use super::catalogue::{Catalogue, Executor};
use super::contract::{Curve, Line};
use super::plan;
use super::progress::Progress;
use super::row::{FailedRow, MetgRow, Row, SERIAL, Stage};
use super::settings::Settings;
use crate::error::Error;

const PEAK_PATIENCE: Duration = Duration::from_mins(1);
/// Less than this is no sweep.
const LEAST: Duration = Duration::from_millis(50);

/// What the sweeps brought besides rows.
#[derive(Debug, Default)]
pub(super) struct Sweeps {
    pub(super) peak_ns_per_iteration: Option<f64>,
    pub(super) skipped: usize,
    pub(super) planned: usize,
}

/// Runs the sweeps, pattern by pattern, so that what time does not allow is missing for all alike.
///
/// # Errors
/// Ctrl-C.
pub(super) fn sweep(
    settings: &Settings,
    catalogue: &Catalogue,
    budget: &Budget,
    progress: &mut Progress,
    sweeps: &mut Sweeps,
    mut add: impl FnMut(Row),
) -> Result<(), Error> {
    let plan: Vec<(&String, &Executor)> = catalogue
        .patterns
        .iter()
        .flat_map(|pattern| catalogue.executors.iter().map(move |executor| (pattern, executor)))
        .filter(|(pattern, executor)| !executor.is_serial() && executor.patterns.contains(pattern))
        .collect();
    sweeps.planned = plan.len();
    if plan.is_empty() {
        return Ok(());
    }
    progress.begin("METG", plan.len() + 1);
    let peak = match peak(catalogue)? {
        Ok(peak) => peak,
        Err(reason) => {
            add(failed(Stage::Peak, "", SERIAL, SERIAL, None, reason));
            sweeps.skipped = plan.len();
            return Ok(());
        }
    };
    sweeps.peak_ns_per_iteration = Some(peak);
    for (index, (pattern, executor)) in plan.iter().enumerate() {
        let share = budget.for_metg(plan.len() - index);
        if share < LEAST {
            sweeps.skipped = plan.len() - index;
            break;
        }
        let workers = plan::worker_counts(executor, &settings.workers).into_iter().max().unwrap_or(1);
        progress.say(&format!("{pattern} on {}", executor.name));
        add(match one(settings, executor, pattern, workers, peak, share)? {
            Ok(curve) => Row::Metg(MetgRow {
                paradigm: executor.paradigm.clone(),
                executor: executor.name.clone(),
                pattern: curve.pattern,
                workers: curve.workers,
                metg50_ns: curve.metg50_ns,
                points: curve.points,
            }),
            Err(reason) => {
                failed(Stage::Metg, pattern, &executor.paradigm, &executor.name, Some(workers), reason)
            }
        });
    }
    Ok(())
}

fn peak(catalogue: &Catalogue) -> Result<Result<f64, String>, Error> {
    let Some(serial) = catalogue.executors.iter().find(|executor| executor.is_serial()) else {
        return Ok(Err("there is no serial program, so there is no common peak".to_owned()));
    };
    let lines = match call(Command::new(&serial.program.path).arg("peak"), PEAK_PATIENCE)? {
        Ok(lines) => lines,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(lines
        .into_iter()
        .find_map(|line| match line {
            Line::Peak { ns_per_iteration } if ns_per_iteration > 0.0 => Some(ns_per_iteration),
            _ => None,
        })
        .ok_or_else(|| "printed no peak".to_owned()))
}

fn one(
    settings: &Settings,
    executor: &Executor,
    pattern: &str,
    workers: usize,
    peak: f64,
    share: Duration,
) -> Result<Result<Curve, String>, Error> {
    let mut command = Command::new(&executor.program.path);
    command.args(["metg", "--executor", &executor.name, "--pattern", pattern]);
    command.args(["--workers", &workers.to_string(), "--ns-per-iteration", &peak.to_string()]);
    command.args(["--budget", &format!("{:.3}", share.as_secs_f64())]);
    let lines = match call(&mut command, settings.timeout.max(share * 3))? {
        Ok(lines) => lines,
        Err(reason) => return Ok(Err(reason)),
    };
    let curve =
        lines.into_iter().find_map(|line| if let Line::Metg(curve) = line { Some(curve) } else { None });
    Ok(match curve {
        Some(curve) if curve.pattern != pattern || curve.executor != executor.name => {
            Err(format!("was asked for {pattern} on {} and swept something else", executor.name))
        }
        Some(curve) if curve.verified => Ok(curve),
        Some(_) => Err("printed a sweep whose answers were not verified".to_owned()),
        None => Err("printed no sweep".to_owned()),
    })
}

fn failed(
    stage: Stage,
    what: &str,
    paradigm: &str,
    executor: &str,
    workers: Option<usize>,
    reason: String,
) -> Row {
    Row::Failed(FailedRow {
        stage,
        what: what.to_owned(),
        paradigm: paradigm.to_owned(),
        executor: executor.to_owned(),
        workers,
        reason,
    })
}
