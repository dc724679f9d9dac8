//! The lines that a bench program prints, as benches/README.md has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::messages::{Latency, Traffic};

/// One line of a program's stdout.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    Workload {
        workload: String,
        #[serde(default)]
        min_workers: Option<usize>,
        #[serde(default)]
        max_workers: Option<usize>,
    },
    Pattern {
        pattern: String,
    },
    Executor {
        paradigm: String,
        executor: String,
        #[serde(default)]
        max_workers: Option<usize>,
        /// Those that it runs; all, if nothing is said.
        #[serde(default)]
        workloads: Option<Vec<String>>,
    },
    Absent {
        paradigm: String,
        executor: String,
        reason: String,
        remedy: String,
    },
    Sample(Box<Sample>),
    Latency(Box<Latency>),
    Traffic(Traffic),
    Failed {
        reason: String,
    },
    Metg(Curve),
    Peak {
        ns_per_iteration: f64,
    },
}

/// One timed and verified repetition.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sample {
    pub(super) workload: String,
    #[serde(default)]
    pub(super) params: Value,
    pub(super) executor: String,
    pub(super) parts: usize,
    pub(super) wall_ns: u64,
    #[serde(default)]
    pub(super) phases_ns: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) tasks: u64,
    #[serde(default)]
    pub(super) bytes_sent: u64,
    #[serde(default)]
    pub(super) bytes_received: u64,
    #[serde(default)]
    pub(super) cpu_ns: u64,
    #[serde(default)]
    pub(super) peak_rss_bytes: u64,
    #[serde(default)]
    pub(super) operations: u64,
    #[serde(default)]
    pub(super) bytes_moved: u64,
    pub(super) verified: bool,
    #[serde(default)]
    pub(super) checked_against: String,
    #[serde(default)]
    pub(super) spans: Vec<Span>,
    /// How ranks are summarised, where workers are ranks.
    #[serde(default)]
    pub(super) ranks: Option<Ranks>,
    /// Messages between ranks.
    #[serde(default)]
    pub(super) messages: u64,
}

/// How the ranks of a world are summarised, in the wall time and in each phase.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ranks {
    /// By the maximum: the slowest rank counts.
    Max,
}

/// When a worker computed a chunk, in nanoseconds since the run began.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Span {
    pub(super) worker: usize,
    pub(super) chunk: u64,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
}

impl Span {
    pub(super) fn length_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// Efficiency over task length, and where it falls through one half.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Curve {
    pub(super) executor: String,
    pub(super) pattern: String,
    pub(super) workers: usize,
    /// `None` where no task length reaches one half.
    pub(super) metg50_ns: Option<f64>,
    pub(super) points: Vec<Point>,
    pub(super) verified: bool,
}

/// One task length of a METG sweep.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) task_ns: f64,
    pub(super) efficiency: f64,
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it, with the beginning of the line.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    serde_json::from_str(line).map_err(|error| {
        let start: String = line.chars().take(60).collect();
        format!("printed a line that is not of the contract ({error}): {start}")
    })
}

#[cfg(test)]
mod tests {
    use super::{Line, Ranks, parse};

    /// Every line of the README's example is read, so that the page and the code cannot part.
    #[test]
    fn reads_the_lines_of_the_readme() {
        let readme = include_str!("../../../benches/README.md");
        let block = readme.split("```jsonl").nth(1).unwrap().split("```").next().unwrap();
        let lines: Vec<Line> = block.trim().lines().map(|line| parse(line).unwrap()).collect();
        assert_eq!(lines.len(), 13);
        let samples: Vec<_> = lines
            .iter()
            .filter_map(|line| if let Line::Sample(sample) = line { Some(sample) } else { None })
            .collect();
        let [chunks, ranks] = samples[..] else { panic!("{} samples", samples.len()) };
        assert_eq!((chunks.workload.as_str(), chunks.spans.len(), chunks.ranks), ("ep", 1, None));
        assert_eq!((ranks.workload.as_str(), ranks.messages, ranks.ranks), ("heat", 300, Some(Ranks::Max)));
        for line in &lines {
            match line {
                Line::Latency(latency) => latency.check("pingpong", "thread-world", 2).unwrap(),
                Line::Traffic(traffic) => traffic.check("heat", "thread-world", 2).unwrap(),
                _ => {}
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(parse("thread 'main' panicked").unwrap_err().contains("thread 'main'"));
        assert!(parse(r#"{"kind":"gossip"}"#).unwrap_err().contains("gossip"));
        for bad in [
            r#"{"kind":"latency","workload":"pingpong"}"#,
            r#"{"kind":"traffic","workload":"heat","executor":"w","workers":2,"messages":[1,2],"bytes":[]}"#,
            r#"{"kind":"executor","paradigm":"p","executor":"e","workloads":"heat"}"#,
            r#"{"kind":"workload","workload":"pingpong","min_workers":-2}"#,
            r#"{"kind":"sample","workload":"heat","executor":"w","parts":2,"wall_ns":1,"verified":true,"ranks":"mean"}"#,
        ] {
            assert!(parse(bad).unwrap_err().contains("not of the contract"), "{bad}");
        }
    }
}
