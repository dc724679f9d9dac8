//! Comparing with an earlier run.

use std::path::Path;

use super::journal;
use super::manifest::Manifest;
use super::row::{AaRow, Row, RunRow};
use super::units;

/// An earlier run's files, read before anything is built.
#[derive(Debug)]
pub(super) struct Baseline {
    manifest: Manifest,
    rows: Vec<Row>,
}

/// One row now and then.
#[derive(Debug)]
pub(super) struct Change {
    name: String,
    before_ns: f64,
    now_ns: f64,
    floor: f64,
    pub(super) kind: ChangeKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ChangeKind {
    Faster,
    Same,
    Slower,
}

impl Baseline {
    /// Reads `folder`.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let bad = |why| format!("--baseline {}: {why}", folder.display());
        if !folder.join(journal::NAME).is_file() {
            return Err(bad(format!("has no {}; give a folder that bench-all wrote", journal::NAME)));
        }
        let manifest = Manifest::read(folder).map_err(bad)?;
        Ok(Self { manifest, rows: journal::read(folder).map_err(bad)? })
    }

    /// Compares rows that measured the same thing.
    pub(super) fn compare(&self, rows: &[Row]) -> Vec<Change> {
        let floor = |workload: &str| floor_of(&self.rows, workload).max(floor_of(rows, workload));
        runs(rows)
            .filter_map(|now| {
                let before = runs(&self.rows).find(|before| same(before, now))?;
                Some(change(before, now, floor(&now.workload)))
            })
            .collect()
    }

    /// Prints the comparison; true when something got slower beyond the noise.
    pub(super) fn print(&self, changes: &[Change], now: &Manifest) -> bool {
        println!("\nagainst the run of {}", self.manifest.started);
        if (&self.manifest.host.cpu, self.manifest.host.cores) != (&now.host.cpu, now.host.cores) {
            println!("warning: that was another machine ({}); this says little", self.manifest.host.cpu);
        }
        let of = |kind| changes.iter().filter(move |change| change.kind == kind);
        for change in of(ChangeKind::Slower).chain(of(ChangeKind::Faster)) {
            println!("  {}", change.line());
        }
        println!(
            "  {} slower, {} faster, {} within the noise, of {} rows that are in both",
            of(ChangeKind::Slower).count(),
            of(ChangeKind::Faster).count(),
            of(ChangeKind::Same).count(),
            changes.len()
        );
        of(ChangeKind::Slower).next().is_some()
    }
}

impl Change {
    fn line(&self) -> String {
        let (factor, word) = if self.now_ns > self.before_ns {
            (self.now_ns / self.before_ns, "slower")
        } else {
            (self.before_ns / self.now_ns, "faster")
        };
        format!(
            "{:<44} {:>8} → {:>8}  {} {word} (noise {})",
            self.name,
            units::time(self.before_ns),
            units::time(self.now_ns),
            units::times(factor),
            units::percent(self.floor)
        )
    }
}

/// Slower or faster only where the intervals are apart and the medians further apart than the noise.
fn change(before: &RunRow, now: &RunRow, floor: f64) -> Change {
    let ratio = now.median_ns / before.median_ns;
    let kind = match (before.ci95_ns, now.ci95_ns) {
        (Some(old), Some(new)) if new[0] > old[1] && ratio > 1.0 + floor => ChangeKind::Slower,
        (Some(old), Some(new)) if new[1] < old[0] && ratio < 1.0 / (1.0 + floor) => ChangeKind::Faster,
        _ => ChangeKind::Same,
    };
    let name = format!("{} {} {} ×{}", now.workload, now.paradigm, now.executor, now.workers);
    Change { name, before_ns: before.median_ns, now_ns: now.median_ns, floor, kind }
}

fn same(a: &RunRow, b: &RunRow) -> bool {
    let key = |run: &RunRow| (run.workers, run.parts, run.is_serial());
    (&a.workload, &a.params, &a.paradigm, &a.executor) == (&b.workload, &b.params, &b.paradigm, &b.executor)
        && key(a) == key(b)
}

fn runs(rows: &[Row]) -> impl Iterator<Item = &RunRow> {
    rows.iter().filter_map(|row| if let Row::Run(run) = row { Some(&**run) } else { None })
}

fn floor_of(rows: &[Row], workload: &str) -> f64 {
    let of = |aa: &AaRow| (aa.workload == workload).then_some(aa.noise_floor).flatten();
    rows.iter().find_map(|row| if let Row::Aa(aa) = row { of(aa) } else { None }).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{ChangeKind, change};
    use crate::bench_all::row::RunRow;

    fn run(median_ns: f64, half_width: f64) -> RunRow {
        let ci95_ns = Some([median_ns - half_width, median_ns + half_width]);
        RunRow { workload: "ep".into(), median_ns, ci95_ns, ..RunRow::default() }
    }

    #[test]
    fn only_beyond_the_noise() {
        let kind = |before: &RunRow, now: &RunRow, floor| change(before, now, floor).kind;
        assert_eq!(kind(&run(100.0, 1.0), &run(110.0, 1.0), 0.02), ChangeKind::Slower);
        assert_eq!(kind(&run(100.0, 1.0), &run(110.0, 1.0), 0.20), ChangeKind::Same);
        assert_eq!(kind(&run(100.0, 6.0), &run(110.0, 6.0), 0.02), ChangeKind::Same);
        assert_eq!(kind(&run(110.0, 1.0), &run(100.0, 1.0), 0.02), ChangeKind::Faster);
        let unknown = RunRow { ci95_ns: None, ..run(200.0, 0.0) };
        assert_eq!(kind(&run(100.0, 1.0), &unknown, 0.02), ChangeKind::Same);
        assert!(change(&run(100.0, 1.0), &run(110.0, 1.0), 0.02).line().contains("1.10× slower"));
    }
}
