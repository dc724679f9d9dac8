//! Comparing with an earlier run: a difference within the noise is none.
//!
//! What ran has an interval and the noise of serial against serial.
//! A METG sweep runs once and has neither, so its noise is taken from the sweeps of both runs.
//! Its interval is the band of task times at which its own curve passes from a little below one half to a little above,
//! and its floor is a multiple of what a METG typically moved by between the two runs, up or down.
//! Something that moves all of them alike is not seen here, but in the rows of what ran.

use std::fmt::Write;
use std::path::Path;

use super::journal;
use super::manifest::Manifest;
use super::row::{AaRow, MetgRow, Row, RunRow, runs, sweeps};
use super::table::short;
use super::{statistics, units};
use crate::error::Error;

/// The efficiency that METG is about, and how far the band reaches around it.
const HALF: f64 = 0.5;
const BAND: f64 = 0.05;
/// A METG that moved by this many times what is typical, as a logarithm, did not move by chance:
/// in a normal distribution five median deviations are 3.4 standard deviations.
const UNUSUAL: f64 = 5.0;
/// Of fewer METGs nothing is typical.
const METGS_MIN: usize = 6;

/// An earlier run's files, read before anything is built.
#[derive(Debug)]
pub(super) struct Baseline {
    manifest: Manifest,
    rows: Vec<Row>,
}

/// This run beside the earlier one.
#[derive(Debug)]
pub(super) struct Comparison {
    started: String,
    /// The earlier run's processor, where it is another.
    other_machine: Option<String>,
    changes: Vec<Change>,
    /// METG rows that reach one half in one of the runs only, for which the time may have been too short.
    lost: usize,
}

/// One row now and then.
#[derive(Debug)]
struct Change {
    name: String,
    before: Value,
    now: Value,
    /// The medians must be further apart than this, as a fraction.
    floor: f64,
}

/// A time, and where it may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value {
    ns: f64,
    /// `None` where there is too little to say.
    interval: Option<[f64; 2]>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Slower,
    Faster,
    Same,
}

impl Baseline {
    /// Reads `folder`.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let bad = |why: String| Error::Usage(format!("--baseline {}: {why}", folder.display()));
        if !folder.join(journal::NAME).is_file() {
            return Err(bad(format!("has no {}; give a folder that bench-all wrote", journal::NAME)));
        }
        let manifest = Manifest::read(folder).map_err(|error| bad(error.to_string()))?;
        Ok(Self { manifest, rows: journal::read(folder).map_err(|error| bad(error.to_string()))? })
    }

    /// Compares rows that measured the same thing.
    pub(super) fn compare(&self, manifest: &Manifest, rows: &[Row]) -> Comparison {
        let floor = |workload: &str| floor_of(&self.rows, workload).max(floor_of(rows, workload));
        let ran = runs(rows).filter_map(|now| {
            let before = runs(&self.rows).find(|before| key(before) == key(now))?;
            let value = |run: &RunRow| Value { ns: run.median_ns, interval: run.ci95_ns };
            let name = format!("{} {} · {} ×{}", now.workload, now.executor, now.paradigm, now.workers);
            Some(Change { name, before: value(before), now: value(now), floor: floor(&now.workload) })
        });
        let pairs: Vec<(&MetgRow, &MetgRow)> = sweeps(rows)
            .filter_map(|now| Some((sweeps(&self.rows).find(|then| metg_key(then) == metg_key(now))?, now)))
            .collect();
        let floor = metg_floor(&pairs);
        let swept = pairs.iter().filter_map(|(before, now)| {
            let name = format!("METG {} {} · {} ×{}", now.pattern, now.executor, now.paradigm, now.workers);
            let known = |row| metg(row).map(|value| Value { interval: floor.and(value.interval), ..value });
            Some(Change { name, before: known(before)?, now: known(now)?, floor: floor.unwrap_or(0.0) })
        });
        let (then, here) = (&self.manifest.host, &manifest.host);
        Comparison {
            started: self.manifest.started.clone(),
            other_machine: ((&then.cpu, then.cores) != (&here.cpu, here.cores)).then(|| then.cpu.clone()),
            lost: pairs
                .iter()
                .filter(|(then, now)| then.metg50_ns.is_some() != now.metg50_ns.is_some())
                .count(),
            changes: ran.chain(swept).collect(),
        }
    }
}

impl Comparison {
    /// Whether something got slower beyond the noise.
    pub(super) fn is_slower(&self) -> bool {
        self.of(Kind::Slower).next().is_some()
    }

    /// A section for the terminal, in at most 100 columns.
    pub(super) fn render(&self) -> String {
        let mut out = format!("\nagainst the run of {}\n", short(&self.started, 60));
        if let Some(cpu) = &self.other_machine {
            let _ =
                writeln!(out, "  warning: that was another machine ({}); this says little", short(cpu, 40));
        }
        let mut heading = format!("  {:<46}{:>10}{:>10}{:>8}  change\n", "row", "before", "now", "noise");
        for change in self.of(Kind::Slower).chain(self.of(Kind::Faster)) {
            out.push_str(&std::mem::take(&mut heading));
            let _ = writeln!(out, "  {}", change.line());
        }
        let _ = writeln!(
            out,
            "  {} slower, {} faster, {} within the noise, of {} in both runs",
            self.of(Kind::Slower).count(),
            self.of(Kind::Faster).count(),
            self.of(Kind::Same).count(),
            units::count(self.changes.len(), "row")
        );
        if self.lost > 0 {
            let rows = units::count(self.lost, "METG row");
            let _ = writeln!(out, "  {rows} without a verdict: one half is reached in one of the runs only");
        }
        out
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind() == kind)
    }
}

impl Change {
    /// Slower or faster only where the intervals are apart and the medians further apart than the noise.
    fn kind(&self) -> Kind {
        let (Some(old), Some(new)) = (self.before.interval, self.now.interval) else { return Kind::Same };
        let beyond = 1.0 + self.floor;
        if new[0] > old[1] && self.now.ns > self.before.ns * beyond {
            Kind::Slower
        } else if new[1] < old[0] && self.now.ns * beyond < self.before.ns {
            Kind::Faster
        } else {
            Kind::Same
        }
    }

    fn line(&self) -> String {
        let (factor, word) = match self.kind() {
            Kind::Slower => (self.now.ns / self.before.ns, "slower"),
            Kind::Faster | Kind::Same => (self.before.ns / self.now.ns, "faster"),
        };
        format!(
            "{:<46}{:>10}{:>10}{:>8}  {} {word}",
            short(&self.name, 45),
            units::time(self.before.ns),
            units::time(self.now.ns),
            units::percent(self.noise()),
            units::times(factor)
        )
    }

    /// The larger of the floor and of what the intervals leave open.
    fn noise(&self) -> f64 {
        [self.before, self.now]
            .iter()
            .filter_map(|value| {
                Some((value.interval?[1] / value.ns - 1.0).max(1.0 - value.interval?[0] / value.ns))
            })
            .filter(|noise| noise.is_finite())
            .fold(self.floor, f64::max)
    }
}

fn key(run: &RunRow) -> impl PartialEq {
    (&run.workload, &run.params, &run.paradigm, &run.executor, run.workers, run.parts)
}

fn metg_key(row: &MetgRow) -> impl PartialEq {
    (&row.paradigm, &row.executor, &row.pattern, row.workers)
}

/// METG, if one half is reached, with the band of task times at which the efficiency is near one half.
fn metg(row: &MetgRow) -> Option<Value> {
    let ns = row.metg50_ns?;
    let mut points: Vec<(f64, f64)> =
        row.points.iter().map(|point| (point.task_ns, point.efficiency)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let low = match points.iter().position(|point| point.1 >= HALF - BAND) {
        None | Some(0) => 0.0,
        Some(above) => crossing(points[above - 1], points[above], HALF - BAND),
    };
    let high = match points.iter().rposition(|point| point.1 < HALF + BAND) {
        None => ns,
        Some(below) => {
            points.get(below + 1).map_or(f64::INFINITY, |&above| crossing(points[below], above, HALF + BAND))
        }
    };
    // What was reported is in the band, however it was interpolated.
    Some(Value { ns, interval: Some([low.min(ns), high.max(ns)]) })
}

/// By which fraction two METGs must differ, or `None` where nothing is typical.
fn metg_floor(pairs: &[(&MetgRow, &MetgRow)]) -> Option<f64> {
    let moved: Vec<f64> =
        pairs.iter().filter_map(|(then, now)| Some((now.metg50_ns? / then.metg50_ns?).ln().abs())).collect();
    let typical = statistics::median(&moved).filter(|_| moved.len() >= METGS_MIN)?;
    Some((UNUSUAL * typical).exp_m1())
}

/// Where the line between two points of the curve has this efficiency, over the logarithm of the task time.
fn crossing(short: (f64, f64), long: (f64, f64), efficiency: f64) -> f64 {
    let share = (efficiency - short.1) / (long.1 - short.1);
    short.0 * (long.0 / short.0).powf(share)
}

fn floor_of(rows: &[Row], workload: &str) -> f64 {
    let of = |aa: &AaRow| (aa.workload == workload).then_some(aa.noise_floor).flatten();
    rows.iter().find_map(|row| if let Row::Aa(aa) = row { of(aa) } else { None }).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench_all::contract::Point;

    fn value(ns: f64, half_width: f64) -> Value {
        Value { ns, interval: Some([ns - half_width, ns + half_width]) }
    }

    fn change(before: Value, now: Value, floor: f64) -> Change {
        Change { name: "ep".to_owned(), before, now, floor }
    }

    #[test]
    fn only_beyond_the_noise() {
        let kind = |before, now, floor| change(before, now, floor).kind();
        assert_eq!(kind(value(100.0, 1.0), value(110.0, 1.0), 0.02), Kind::Slower);
        assert_eq!(kind(value(100.0, 1.0), value(110.0, 1.0), 0.20), Kind::Same);
        assert_eq!(kind(value(100.0, 6.0), value(110.0, 6.0), 0.02), Kind::Same);
        assert_eq!(kind(value(110.0, 1.0), value(100.0, 1.0), 0.02), Kind::Faster);
        assert_eq!(kind(value(100.0, 1.0), Value { ns: 200.0, interval: None }, 0.02), Kind::Same);
        assert!(change(value(100.0, 1.0), value(110.0, 1.0), 0.02).line().contains("1.10× slower"));
    }

    /// The curve of an executor that costs every task `overhead` beside its computation.
    fn sweep(pattern: usize, overhead: f64) -> MetgRow {
        let points = (0..12).map(|power| {
            let task_ns = 50.0 * f64::from(1 << power);
            Point { task_ns, efficiency: task_ns / (task_ns + overhead) }
        });
        MetgRow {
            paradigm: "threads".into(),
            executor: "pool".into(),
            pattern: format!("pattern-{pattern}"),
            workers: 2,
            metg50_ns: (overhead < 50_000.0).then_some(overhead),
            points: points.collect(),
        }
    }

    fn compare(before: &[f64], now: &[f64]) -> Comparison {
        let rows = |overheads: &[f64]| -> Vec<Row> {
            let sweeps = overheads.iter().enumerate().map(|(pattern, overhead)| sweep(pattern, *overhead));
            sweeps.map(Row::Metg).collect()
        };
        let baseline = Baseline { manifest: Manifest::default(), rows: rows(before) };
        baseline.compare(&Manifest::default(), &rows(now))
    }

    const BEFORE: [f64; 7] = [1000.0; 7];
    const NOW: [f64; 7] = [1040.0, 970.0, 1000.0, 1020.0, 960.0, 980.0, 1010.0];

    #[test]
    fn metg_has_the_noise_of_the_sweeps() {
        let band = metg(&sweep(0, 1000.0)).unwrap().interval.unwrap();
        assert!((750.0..900.0).contains(&band[0]) && (1150.0..1300.0).contains(&band[1]), "{band:?}");
        let with = |last: f64| [&NOW[..6], &[last]].concat();
        assert!(!compare(&BEFORE, &NOW).is_slower());
        assert!(!compare(&BEFORE, &with(1300.0)).is_slower());
        let slower = compare(&BEFORE, &with(2000.0));
        assert!(slower.is_slower() && slower.render().contains("2.00× slower"), "{}", slower.render());
        assert_eq!(compare(&BEFORE, &with(500.0)).of(Kind::Faster).count(), 1);
        let restless = [3000.0, 400.0, 2500.0, 200.0, 900.0, 1500.0, 4000.0];
        assert!(!compare(&BEFORE, &restless).is_slower());
        assert!(!compare(&BEFORE[..3], &[1000.0, 1000.0, 9000.0]).is_slower(), "of three nothing is typical");
    }

    #[test]
    fn a_metg_that_is_not_reached_has_no_verdict_and_is_said() {
        let lost = compare(&BEFORE, &[&NOW[..6], &[1e9]].concat());
        assert!(!lost.is_slower());
        assert!(lost.render().contains("1 METG row without a verdict"), "{}", lost.render());
        for line in lost.render().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
