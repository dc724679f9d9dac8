//! The lines that a program prints beside samples, as `benches/README.md` has them.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Workload {
        workload: &'a str,
        sizes: BTreeMap<&'a str, serde_json::Value>,
    },
    Pattern {
        pattern: &'a str,
    },
    Executor {
        paradigm: &'a str,
        executor: &'a str,
        max_workers: Option<usize>,
    },
    Absent {
        paradigm: &'a str,
        executor: &'a str,
        reason: &'a str,
        remedy: &'a str,
    },
    Failed(Failed<'a>),
    Metg {
        paradigm: &'a str,
        executor: &'a str,
        pattern: &'a str,
        workers: usize,
        width: u32,
        steps: u32,
        metg50_ns: Option<f64>,
        /// Why `metg50_ns` is null.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        points: Vec<Point>,
        verified: bool,
    },
    Peak {
        ns_per_iteration: f64,
    },
}

/// What did not work, on what.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Failed<'a> {
    pub(super) workload: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<&'a str>,
    pub(super) paradigm: &'a str,
    pub(super) executor: &'a str,
    pub(super) workers: usize,
    pub(super) reason: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub(super) task_ns: f64,
    pub(super) efficiency: f64,
}

impl Line<'_> {
    /// The line as JSON, without a newline.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("only numbers, strings and maps with string keys")
    }
}
