//! One run, as one line of JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counter, Outcome, Phases, Workload};

/// One run of a workload, as one line of JSON: what bench programs print and `bench-all` reads.
///
/// Times are in nanoseconds, sizes in bytes. What par-core cannot know without asking an operating system
/// (`cpu_ns`, `peak_rss_bytes`) is filled in by the program that does.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// # use par_core::{Cost, Mismatch, Workload, split};
/// # #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
/// # struct Sum;
/// # #[par_core::workload]
/// # impl Workload for Sum {
/// #     const NAME: &'static str = "sum";
/// #     type Chunk = std::ops::Range<u64>;
/// #     type Partial = u64;
/// #     type Output = u64;
/// #     fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk> { split(0..100, parts) }
/// #     fn compute(&self, chunk: Self::Chunk) -> u64 { chunk.sum() }
/// #     fn identity(&self) -> u64 { 0 }
/// #     fn merge(&self, left: u64, right: u64) -> u64 { left + right }
/// #     fn finish(&self, total: u64) -> u64 { total }
/// #     fn serial(&self) -> u64 { 4950 }
/// #     fn verify(&self, a: &u64, b: &u64) -> Result<(), Mismatch> { Mismatch::unless_equal("sum", a, b) }
/// #     fn cost(&self) -> Cost { Cost::operations(100) }
/// # }
/// use par_core::{Executor, Plan, Report, Runner, SerialExecutor};
///
/// let executor = SerialExecutor::new();
/// let outcome = executor.run(&Sum, Plan::parts(4)?)?;
/// Sum.verify(&outcome.output, &Sum.serial())?;
/// let report = Report::new(&Sum, "serial", &executor, &outcome).verified("a closed formula");
/// assert!(report.to_json_line().starts_with(r#"{"kind":"sample","workload":"sum""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    kind: &'static str,
    /// The workload's name.
    pub workload: String,
    /// Its parameters, as JSON.
    pub params: serde_json::Value,
    /// The paradigm, e.g. `threads`.
    pub paradigm: String,
    /// The executor's name.
    pub executor: String,
    /// How many workers it has.
    pub workers: usize,
    /// Into how many parts the problem was to be cut.
    pub parts: usize,
    /// End to end: from the workload's parameters to its answer.
    pub wall_ns: u64,
    /// Per phase; queue and compute (and a kernel's setup) are summed over workers.
    pub phases_ns: BTreeMap<&'static str, u64>,
    /// Chunks that ran.
    pub tasks: u64,
    /// To workers.
    pub bytes_sent: u64,
    /// From workers.
    pub bytes_received: u64,
    /// Of all threads and child processes.
    pub cpu_ns: u64,
    /// Of the whole process tree.
    pub peak_rss_bytes: u64,
    /// What the workload counts as operations.
    pub operations: u64,
    /// The least memory traffic of the workload.
    pub bytes_moved: u64,
    /// Whether the answer was checked and found right.
    pub verified: bool,
    /// Against what.
    pub checked_against: String,
    /// When each chunk ran and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<ChunkSpan>,
}

/// When and where one chunk ran, in nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkSpan {
    /// The worker's index.
    pub worker: usize,
    /// The chunk's place in chunk order.
    pub chunk: usize,
    /// When the worker began it.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
}

impl Report {
    /// The report of a run that nobody has verified yet.
    pub fn new<W: Workload>(
        workload: &W,
        paradigm: &str,
        executor: &(impl crate::Executor + ?Sized),
        outcome: &Outcome<W::Output>,
    ) -> Self {
        Self::of_runner(workload, paradigm, executor.name(), executor.workers().get(), outcome)
    }

    /// As [`new`](Self::new), of a runner that is no executor and has that name and so many workers.
    pub fn of_runner<W: Workload>(
        workload: &W,
        paradigm: &str,
        runner: &str,
        workers: usize,
        outcome: &Outcome<W::Output>,
    ) -> Self {
        let cost = workload.cost();
        let params = serde_json::to_value(workload).unwrap_or_default();
        Self {
            workers,
            parts: outcome.parts.get(),
            wall_ns: u64::try_from(outcome.wall.as_nanos()).unwrap_or(u64::MAX),
            tasks: outcome.tasks as u64,
            bytes_sent: outcome.metrics.get(Counter::BytesSent),
            bytes_received: outcome.metrics.get(Counter::BytesReceived),
            operations: cost.operations,
            bytes_moved: cost.bytes,
            spans: outcome.spans.clone(),
            ..Self::empty(W::NAME, params, paradigm, runner)
        }
        .with_phases(&outcome.phases)
    }

    /// A report of one worker and one part in which all quantities are 0, for what is not run by an executor: the
    /// serial code, a collective, a device.
    pub fn empty(workload: &str, params: serde_json::Value, paradigm: &str, executor: &str) -> Self {
        Self {
            kind: "sample",
            workload: workload.to_owned(),
            params,
            paradigm: paradigm.to_owned(),
            executor: executor.to_owned(),
            workers: 1,
            parts: 1,
            wall_ns: 0,
            phases_ns: Phases::ZERO.iter().map(|(phase, time)| (phase.name(), time)).collect(),
            tasks: 0,
            bytes_sent: 0,
            bytes_received: 0,
            cpu_ns: 0,
            peak_rss_bytes: 0,
            operations: 0,
            bytes_moved: 0,
            verified: false,
            checked_against: String::new(),
            spans: Vec::new(),
        }
    }

    /// With the time of each phase.
    #[must_use]
    pub fn with_phases(self, phases: &Phases) -> Self {
        Self { phases_ns: phases.iter().map(|(phase, time)| (phase.name(), time)).collect(), ..self }
    }

    /// Says that the answer was checked and found right, and against what.
    #[must_use]
    pub fn verified(self, checked_against: impl Into<String>) -> Self {
        Self { verified: true, checked_against: checked_against.into(), ..self }
    }

    /// The report as one line of JSON, without a newline.
    ///
    /// # Panics
    /// Never: a report holds only numbers, strings and maps with string keys.
    pub fn to_json_line(&self) -> String {
        serde_json::to_string(self).expect("only numbers, strings and maps with string keys")
    }
}
