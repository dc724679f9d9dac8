//! The rows of `results.jsonl`: all that the report knows besides the manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contract::{Point, Ranks, Span};
use super::messages::{LatencyPoint, LogGp};
use super::units;

/// The paradigm and the executor that everything is measured against.
pub(super) const SERIAL: &str = "serial";

/// One line of `results.jsonl`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Row {
    Run(Box<RunRow>),
    Aa(AaRow),
    Metg(MetgRow),
    Latency(LatencyRow),
    Traffic(TrafficRow),
    Absent(AbsentRow),
    Failed(FailedRow),
}

/// A workload under an executor with a number of workers; every sample in it was verified.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct RunRow {
    pub(super) workload: String,
    pub(super) params: Value,
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) workers: usize,
    pub(super) parts: usize,
    /// In the order of measuring; nothing is deleted.
    pub(super) samples_ns: Vec<u64>,
    /// How many of the samples each round brought.
    pub(super) rounds: Vec<usize>,
    pub(super) median_ns: f64,
    pub(super) ci95_ns: Option<[f64; 2]>,
    /// Median of all samples of the serial code, both arms of the A/A pair.
    pub(super) serial_median_ns: Option<f64>,
    /// Absolute: `serial_median_ns / median_ns`.
    pub(super) speedup: Option<f64>,
    /// Bootstrap interval of the median over rounds of serial/this, paired by round.
    pub(super) speedup_ci95: Option<[f64; 2]>,
    /// Against the same executor with one worker.
    pub(super) relative_speedup: Option<f64>,
    pub(super) efficiency: Option<f64>,
    pub(super) karp_flatt: Option<f64>,
    pub(super) verdict: Verdict,
    pub(super) noise_floor: Option<f64>,
    pub(super) verified: bool,
    pub(super) checked_against: String,
    pub(super) phases_ns: BTreeMap<String, u64>,
    pub(super) tasks: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) cpu_ns: u64,
    pub(super) peak_rss_bytes: u64,
    pub(super) operations_per_second: Option<f64>,
    pub(super) bytes_per_second: Option<f64>,
    /// Of one more run, with the chunks' times recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) spans: Vec<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) spans_wall_ns: Option<u64>,
    /// Of a world: how its ranks are summarised, in the samples and in the phases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ranks: Option<Ranks>,
    /// Of a world: messages of all ranks together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<u64>,
}

/// What may be said of a configuration against the serial code.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// This is the serial code.
    Baseline,
    Faster,
    /// Inside the noise floor, or the interval covers 1.
    NoDifference,
    Slower,
    /// Too few samples for an interval, or no serial time.
    #[default]
    Unknown,
}

/// The serial code against itself, run as two configurations.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct AaRow {
    pub(super) workload: String,
    pub(super) samples_a_ns: Vec<u64>,
    pub(super) samples_b_ns: Vec<u64>,
    pub(super) ratio: f64,
    pub(super) ci95: Option<[f64; 2]>,
    /// How far from 1 the interval reaches: a smaller difference is none.
    pub(super) noise_floor: Option<f64>,
}

/// The smallest task that keeps half of the machine busy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct MetgRow {
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) pattern: String,
    pub(super) workers: usize,
    pub(super) metg50_ns: Option<f64>,
    pub(super) points: Vec<Point>,
}

/// Times of single messages between the ranks of a world, by length.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct LatencyRow {
    pub(super) workload: String,
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) workers: usize,
    /// How many times all lengths were measured.
    pub(super) sweeps: usize,
    /// Medians over sweeps, in order of length.
    pub(super) points: Vec<LatencyPoint>,
    pub(super) loggp: Option<LogGp>,
}

/// Who sent how much to whom, `[from][to]`, in one run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct TrafficRow {
    pub(super) workload: String,
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) workers: usize,
    pub(super) messages: Vec<Vec<u64>>,
    pub(super) bytes: Vec<Vec<u64>>,
}

/// An executor that this machine lacks, or a paradigm that did not build.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct AbsentRow {
    pub(super) paradigm: String,
    /// `*` stands for all of the paradigm.
    pub(super) executor: String,
    pub(super) reason: String,
    pub(super) remedy: String,
}

/// Something that ran and gave no verified answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct FailedRow {
    pub(super) stage: Stage,
    /// A workload, a pattern, or empty.
    pub(super) what: String,
    pub(super) paradigm: String,
    pub(super) executor: String,
    pub(super) workers: Option<usize>,
    pub(super) reason: String,
}

/// What was being tried.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    List,
    Run,
    Timeline,
    Metg,
    Peak,
}

impl Stage {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Run => "run",
            Self::Timeline => "timeline",
            Self::Metg => "metg",
            Self::Peak => "peak",
        }
    }
}

impl RunRow {
    pub(super) fn is_serial(&self) -> bool {
        self.executor == SERIAL && self.paradigm == SERIAL
    }

    /// The verdict in words: `2.0× faster`.
    pub(super) fn verdict_text(&self) -> String {
        let factor = |value: f64| match value {
            value if value < 1.095 => format!("{value:.2}×"),
            value if value < 99.5 => format!("{value:.1}×"),
            value => format!("{}×", units::thousands(value.round() as usize)),
        };
        match (self.verdict, self.speedup) {
            (Verdict::Baseline, _) => "baseline".to_owned(),
            (Verdict::NoDifference, _) => "no difference".to_owned(),
            (Verdict::Faster, Some(speedup)) => format!("{} faster", factor(speedup)),
            (Verdict::Slower, Some(speedup)) => format!("{} slower", factor(1.0 / speedup)),
            (_, None) => "no baseline".to_owned(),
            _ => "too few samples".to_owned(),
        }
    }
}

/// The rows of what ran.
pub(super) fn runs(rows: &[Row]) -> impl Iterator<Item = &RunRow> {
    rows.iter().filter_map(|row| if let Row::Run(run) = row { Some(&**run) } else { None })
}

/// The rows of the METG sweeps.
pub(super) fn sweeps(rows: &[Row]) -> impl Iterator<Item = &MetgRow> {
    rows.iter().filter_map(|row| if let Row::Metg(metg) = row { Some(metg) } else { None })
}

/// The rows of single messages.
pub(super) fn latencies(rows: &[Row]) -> impl Iterator<Item = &LatencyRow> {
    rows.iter().filter_map(|row| if let Row::Latency(latency) = row { Some(latency) } else { None })
}

impl LatencyRow {
    /// The time of a message of that length.
    pub(super) fn at(&self, bytes: u64) -> Option<f64> {
        self.points.iter().find(|point| point.bytes == bytes).map(|point| point.one_way_ns)
    }

    /// The highest bandwidth of all lengths, in bytes a nanosecond, where more than one was measured.
    pub(super) fn bandwidth(&self) -> Option<f64> {
        let rates = self.points.iter().map(|point| point.bytes as f64 / point.one_way_ns);
        (self.points.len() > 1).then(|| rates.fold(0.0, f64::max))
    }
}

impl Row {
    /// Rows with one key are versions of one row; the last one counts.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Run(run) => {
                format!("run {} {} {} {}", run.workload, run.paradigm, run.executor, run.workers)
            }
            Self::Aa(aa) => format!("aa {}", aa.workload),
            Self::Metg(metg) => format!("metg {} {} {}", metg.paradigm, metg.executor, metg.pattern),
            Self::Latency(row) => {
                format!("latency {} {} {} {}", row.workload, row.paradigm, row.executor, row.workers)
            }
            Self::Traffic(row) => {
                format!("traffic {} {} {} {}", row.workload, row.paradigm, row.executor, row.workers)
            }
            Self::Absent(absent) => format!("absent {} {}", absent.paradigm, absent.executor),
            Self::Failed(f) => {
                format!("failed {:?} {} {} {} {:?}", f.stage, f.what, f.paradigm, f.executor, f.workers)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Row, RunRow, Verdict};

    /// The README's rows are read and written as they stand there, so that the page and the code cannot part.
    #[test]
    fn rows_of_the_readme() {
        let readme = include_str!("../../../benches/README.md");
        let block = readme.split("```jsonl").nth(2).unwrap().split("```").next().unwrap();
        for line in block.trim().lines() {
            let row: Row = serde_json::from_str(line).unwrap();
            let (ours, theirs): (Value, Value) =
                (serde_json::to_value(&row).unwrap(), serde_json::from_str(line).unwrap());
            assert_eq!(ours, theirs);
        }
        assert_eq!(block.trim().lines().count(), 8);
    }

    #[test]
    fn verdicts_in_words() {
        let say =
            |verdict, speedup| RunRow { verdict, speedup: Some(speedup), ..RunRow::default() }.verdict_text();
        assert_eq!(say(Verdict::Faster, 1.96), "2.0× faster");
        assert_eq!(say(Verdict::Faster, 1.04), "1.04× faster");
        assert_eq!(say(Verdict::Slower, 0.77), "1.3× slower");
        assert_eq!(say(Verdict::Slower, 0.004), "250× slower");
        assert_eq!(say(Verdict::Slower, 0.0001), "10,000× slower");
        assert_eq!(say(Verdict::NoDifference, 1.004), "no difference");
        assert_eq!(RunRow::default().verdict_text(), "no baseline");
    }
}
