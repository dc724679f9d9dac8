//! Comparing with an earlier run: a difference within the noise is none.
//!
//! What ran has an interval and the noise of serial against serial.
//! A METG sweep runs once; its noise is the band of task times at which its own curve passes from a little below one
//! half to a little above: the same machine a little slower or faster would put METG somewhere in there.

use std::fmt::Write;
use std::path::Path;

use super::journal;
use super::manifest::Manifest;
use super::row::{AaRow, MetgRow, Row, RunRow, runs, sweeps};
use super::table::short;
use super::units;
use crate::error::Error;

/// The efficiency that METG is about, and how far the band reaches around it, at least.
const HALF: f64 = 0.5;
const BAND: f64 = 0.05;

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
    /// Infinite where it is never reached.
    ns: f64,
    /// `None` where there are too few samples to say.
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
        let band = BAND.max(floor("taskgraph"));
        let swept = sweeps(rows).filter_map(|now| {
            let before = sweeps(&self.rows).find(|before| metg_key(before) == metg_key(now))?;
            let name = format!("METG {} {} · {} ×{}", now.pattern, now.executor, now.paradigm, now.workers);
            Some(Change { name, before: metg(before, band), now: metg(now, band), floor: 0.0 })
        });
        let (then, here) = (&self.manifest.host, &manifest.host);
        Comparison {
            started: self.manifest.started.clone(),
            other_machine: ((&then.cpu, then.cores) != (&here.cpu, here.cores)).then(|| then.cpu.clone()),
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
        let time = |ns: f64| if ns.is_finite() { units::time(ns) } else { "never".to_owned() };
        let change =
            if factor.is_finite() { format!("{} {word}", units::times(factor)) } else { word.to_owned() };
        format!(
            "{:<46}{:>10}{:>10}{:>8}  {change}",
            short(&self.name, 45),
            time(self.before.ns),
            time(self.now.ns),
            units::percent(self.noise())
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

/// METG with the band of task times at which the efficiency is within `band` of one half.
fn metg(row: &MetgRow, band: f64) -> Value {
    let mut points: Vec<(f64, f64)> =
        row.points.iter().map(|point| (point.task_ns, point.efficiency)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let longest = points.last().map_or(0.0, |point| point.0);
    let shortest_above = points.iter().position(|point| point.1 >= HALF - band);
    let longest_below = points.iter().rposition(|point| point.1 < HALF + band);
    let low = match shortest_above {
        Some(0) => 0.0,
        Some(index) => crossing(points[index - 1], points[index], HALF - band),
        None => longest,
    };
    let high = match longest_below {
        None => 0.0,
        Some(index) if index + 1 == points.len() => f64::INFINITY,
        Some(index) => crossing(points[index], points[index + 1], HALF + band),
    };
    let ns = row.metg50_ns.unwrap_or(f64::INFINITY);
    // What was reported is in the band, however it was interpolated.
    Value { ns, interval: Some([low.min(ns), high.max(ns)]) }
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
    fn sweep(overhead: f64) -> MetgRow {
        let points = (0..12).map(|power| {
            let task_ns = 50.0 * f64::from(1 << power);
            Point { task_ns, efficiency: task_ns / (task_ns + overhead) }
        });
        MetgRow {
            paradigm: "threads".into(),
            executor: "pool".into(),
            pattern: "chain".into(),
            workers: 2,
            metg50_ns: (overhead < 50_000.0).then_some(overhead),
            points: points.collect(),
        }
    }

    #[test]
    fn metg_has_the_noise_of_its_own_curve() {
        let compare = |before: f64, now: f64| {
            let baseline = Baseline { manifest: Manifest::default(), rows: vec![Row::Metg(sweep(before))] };
            baseline.compare(&Manifest::default(), &[Row::Metg(sweep(now))])
        };
        let Value { interval: Some([low, high]), .. } = metg(&sweep(1000.0), BAND) else { panic!("no band") };
        assert!((750.0..900.0).contains(&low) && (1150.0..1300.0).contains(&high), "{low} {high}");
        assert!(!compare(1000.0, 1300.0).is_slower());
        assert!(!compare(1300.0, 1000.0).is_slower());
        assert!(compare(1000.0, 2000.0).is_slower());
        assert!(compare(1000.0, 2000.0).render().contains("2.00× slower"));
        assert_eq!(compare(2000.0, 1000.0).of(Kind::Faster).count(), 1);
        let never = compare(1000.0, 1e9);
        assert!(never.is_slower() && never.render().contains("never"), "{}", never.render());
        assert!(!compare(1e9, 1e9).is_slower());
        for line in never.render().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
