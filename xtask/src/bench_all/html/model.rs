//! The rows, grouped as the sections want them.

use super::super::manifest::Manifest;
use super::super::row::{
    AaRow, AbsentRow, FailedRow, LatencyRow, MetgRow, Row, RunRow, SERIAL, Stage, TrafficRow, Verdict,
};

/// An executor with its place in the palette.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) index: usize,
}

/// Everything that the report is made of.
#[derive(Debug)]
pub(super) struct Model<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) runs: Vec<&'a RunRow>,
    pub(super) aa: Vec<&'a AaRow>,
    pub(super) metg: Vec<&'a MetgRow>,
    /// Times of single messages.
    pub(super) latency: Vec<&'a LatencyRow>,
    pub(super) traffic: Vec<&'a TrafficRow>,
    pub(super) absent: Vec<&'a AbsentRow>,
    pub(super) failed: Vec<&'a FailedRow>,
    /// Workloads that ran or failed, in the order of measuring; without those that are about single messages, which have
    /// no serial code to compare with and a section of their own.
    pub(super) workloads: Vec<&'a str>,
    /// All executors but the serial one, in the order of measuring.
    pub(super) series: Vec<Series>,
}

impl<'a> Model<'a> {
    pub(super) fn new(manifest: &'a Manifest, rows: &'a [Row]) -> Self {
        let mut model = Self {
            manifest,
            runs: Vec::new(),
            aa: Vec::new(),
            metg: Vec::new(),
            latency: Vec::new(),
            traffic: Vec::new(),
            absent: Vec::new(),
            failed: Vec::new(),
            workloads: Vec::new(),
            series: Vec::new(),
        };
        for row in rows {
            match row {
                Row::Run(run) => model.runs.push(run),
                Row::Aa(aa) => model.aa.push(aa),
                Row::Metg(metg) => model.metg.push(metg),
                Row::Latency(latency) => model.latency.push(latency),
                Row::Traffic(traffic) => model.traffic.push(traffic),
                Row::Absent(absent) => model.absent.push(absent),
                Row::Failed(failed) => model.failed.push(failed),
            }
        }
        model.name_workloads();
        model.name_series();
        model
    }

    fn name_workloads(&mut self) {
        let ran = self.runs.iter().map(|run| run.workload.as_str());
        let failed = self.failed.iter().filter(|row| row.stage == Stage::Run).map(|row| row.what.as_str());
        for name in ran.chain(failed) {
            let about_messages = self.latency.iter().any(|row| row.workload == name);
            if !about_messages && !self.workloads.contains(&name) {
                self.workloads.push(name);
            }
        }
    }

    fn name_series(&mut self) {
        let ran = self.runs.iter().map(|run| (&run.paradigm, &run.executor));
        let swept = self.metg.iter().map(|metg| (&metg.paradigm, &metg.executor));
        let failed = self.failed.iter().filter(|row| row.stage == Stage::Run);
        let failed = failed.map(|row| (&row.paradigm, &row.executor));
        for (paradigm, executor) in ran.chain(swept).chain(failed) {
            let known = self.series.iter().any(|s| s.paradigm == *paradigm && s.executor == *executor);
            let is_serial = paradigm == SERIAL && executor == SERIAL;
            if !known && !is_serial {
                let index = self.series.len();
                self.series.push(Series { paradigm: paradigm.clone(), executor: executor.clone(), index });
            }
        }
    }

    /// All rows of a workload under an executor, by workers.
    pub(super) fn curve(&self, workload: &str, series: &Series) -> Vec<&'a RunRow> {
        let mut rows: Vec<&RunRow> =
            self.runs.iter().filter(|run| run.workload == workload && series.is_of(run)).copied().collect();
        rows.sort_by_key(|run| run.workers);
        rows
    }

    /// The fastest worker count of a workload under an executor.
    pub(super) fn best(&self, workload: &str, series: &Series) -> Option<&'a RunRow> {
        self.curve(workload, series).into_iter().min_by(|a, b| a.median_ns.total_cmp(&b.median_ns))
    }

    /// The fastest row of a workload, the serial one included.
    pub(super) fn winner(&self, workload: &str) -> Option<&'a RunRow> {
        let of = self.runs.iter().filter(|run| run.workload == workload).copied();
        of.min_by(|a, b| a.median_ns.total_cmp(&b.median_ns))
    }

    pub(super) fn serial(&self, workload: &str) -> Option<&'a RunRow> {
        self.runs.iter().find(|run| run.workload == workload && run.is_serial()).copied()
    }

    pub(super) fn failure(&self, workload: &str, series: &Series) -> Option<&'a FailedRow> {
        let of = |row: &&&FailedRow| {
            row.stage == Stage::Run
                && row.what == workload
                && row.paradigm == series.paradigm
                && row.executor == series.executor
        };
        self.failed.iter().find(of).copied()
    }

    /// The best row of each workload and executor: the cells of the matrix.
    pub(super) fn cells(&self) -> Vec<&'a RunRow> {
        let pairs = self.workloads.iter().flat_map(|workload| self.series.iter().map(move |s| (workload, s)));
        pairs.filter_map(|(workload, series)| self.best(workload, series)).collect()
    }

    pub(super) fn patterns(&self) -> Vec<&'a str> {
        let mut patterns: Vec<&str> = Vec::new();
        for metg in &self.metg {
            if !patterns.contains(&metg.pattern.as_str()) {
                patterns.push(&metg.pattern);
            }
        }
        patterns
    }

    /// The worker counts that anything ran with.
    pub(super) fn worker_counts(&self) -> Vec<usize> {
        let mut counts: Vec<usize> = self.runs.iter().map(|run| run.workers).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }
}

impl Series {
    pub(super) fn is_of(&self, run: &RunRow) -> bool {
        run.paradigm == self.paradigm && run.executor == self.executor
    }

    pub(super) fn has_sent(&self, row: &LatencyRow) -> bool {
        row.paradigm == self.paradigm && row.executor == self.executor
    }

    pub(super) fn swept(&self, metg: &MetgRow) -> bool {
        metg.paradigm == self.paradigm && metg.executor == self.executor
    }

    /// The CSS class that gives it its colour.
    pub(super) fn class(&self) -> String {
        format!("e{}", self.index % COLOURS)
    }

    /// The dashes of its line: whole until the colours run out.
    pub(super) fn dashes(&self) -> &'static str {
        ["", "6 3", "2 3", "8 3 2 3"][self.index / COLOURS % 4]
    }
}

/// How many colours `style.css` has for executors.
const COLOURS: usize = 10;

/// The CSS class of a verdict.
pub(super) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::Baseline => "baseline",
        Verdict::NoDifference | Verdict::Unknown => "same",
    }
}
