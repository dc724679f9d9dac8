//! The lines that a program prints beside samples, as `benches/README.md` has them.

use std::collections::BTreeMap;

use par_core::Report;
use serde::Serialize;

use crate::spmd::{LatencyTable, Traffic};

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Workload {
        workload: &'a str,
        sizes: BTreeMap<&'a str, serde_json::Value>,
        /// How few workers can run it, where one cannot.
        #[serde(skip_serializing_if = "Option::is_none")]
        min_workers: Option<usize>,
        /// How many workers take part at the most, where more are of no use.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_workers: Option<usize>,
    },
    Pattern {
        pattern: &'a str,
    },
    Executor {
        paradigm: &'a str,
        executor: &'a str,
        max_workers: Option<usize>,
        workloads: Vec<&'a str>,
    },
    Absent {
        paradigm: &'a str,
        executor: &'a str,
        reason: &'a str,
        remedy: &'a str,
    },
    Latency {
        workload: &'a str,
        paradigm: &'a str,
        executor: &'a str,
        workers: usize,
        #[serde(flatten)]
        table: &'a LatencyTable,
        verified: bool,
    },
    Traffic {
        workload: &'a str,
        paradigm: &'a str,
        executor: &'a str,
        workers: usize,
        #[serde(flatten)]
        traffic: &'a Traffic,
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

/// A sample of an SPMD workload.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct SampleLine<'a> {
    #[serde(flatten)]
    pub(super) report: &'a Report,
    /// How ranks are summarised, in the wall time and in the phases.
    pub(super) ranks: &'static str,
    /// Messages of all ranks together.
    pub(super) messages: u64,
}

impl SampleLine<'_> {
    /// The line as JSON, without a newline.
    pub(super) fn to_json(self) -> String {
        serde_json::to_string(&self).expect("only numbers, strings and maps with string keys")
    }
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
