//! The lines that a bench program prints, as benches/README.md has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of a program's stdout.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    Workload {
        workload: String,
    },
    Pattern {
        pattern: String,
    },
    Executor {
        paradigm: String,
        executor: String,
        #[serde(default)]
        max_workers: Option<usize>,
    },
    Absent {
        paradigm: String,
        executor: String,
        reason: String,
        remedy: String,
    },
    Sample(Box<Sample>),
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
    use super::{Line, parse};

    /// Every line of the README's example is read, so that the page and the code cannot part.
    #[test]
    fn reads_the_lines_of_the_readme() {
        let readme = include_str!("../../../benches/README.md");
        let block = readme.split("```jsonl").nth(1).unwrap().split("```").next().unwrap();
        let lines: Vec<Line> = block.trim().lines().map(|line| parse(line).unwrap()).collect();
        assert_eq!(lines.len(), 8);
        let Line::Sample(sample) = &lines[4] else { panic!("the fifth line is a sample") };
        assert_eq!((sample.workload.as_str(), sample.spans.len()), ("ep", 1));
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(parse("thread 'main' panicked").unwrap_err().contains("thread 'main'"));
        assert!(parse(r#"{"kind":"gossip"}"#).unwrap_err().contains("gossip"));
    }
}
