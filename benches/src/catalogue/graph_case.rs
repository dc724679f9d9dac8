//! A task graph as a workload.

use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::{Counter, Executor, Phase, Report};
use serde_json::json;

use super::case::{serial_report, with_usage};
use super::{Case, CaseError, Settings};
use crate::process_tree::Meter;
use crate::taskgraph::{Graph, GraphRun, run_graph_serial};

/// The name of the workload in reports.
const NAME: &str = "taskgraph";
/// A graph that has made no progress for so long is stuck; where the caller has set no deadline.
const LONGEST: Duration = Duration::from_mins(10);

/// A graph whose tasks all compute for the same number of iterations.
///
/// Its operations are iterations of the kernel. The number of parts does not matter: the graph is its own split.
#[derive(Debug)]
pub(super) struct GraphCase {
    graph: Graph,
    iterations: u64,
}

impl GraphCase {
    pub(super) fn new(graph: Graph, iterations: u64) -> Self {
        Self { graph, iterations }
    }

    fn operations(&self) -> u64 {
        self.graph.tasks() * self.iterations
    }
}

impl Case for GraphCase {
    fn name(&self) -> &'static str {
        NAME
    }

    fn params(&self) -> serde_json::Value {
        json!({
            "pattern": self.graph.pattern(),
            "width": self.graph.width(),
            "steps": self.graph.steps(),
            "iterations": self.iterations,
        })
    }

    fn checked_against(&self) -> String {
        "counts of Task Bench, inputs of every task".to_owned()
    }

    fn run(
        &self,
        paradigm: &str,
        executor: &Arc<dyn Executor>,
        settings: &Settings,
    ) -> Result<Report, CaseError> {
        let before = executor.metrics();
        let meter = Meter::start();
        let begun = Instant::now();
        let prepared = GraphRun::prepare(self.graph, self.iterations);
        let preparation = begun.elapsed();
        let finished = prepared.execute(executor, settings.timeout.unwrap_or(LONGEST))?;
        let usage = meter.stop();
        let tasks = finished.verify()?;
        let wall = preparation + finished.wall();
        let counted = executor.metrics() - before;
        let mut phases = counted.phases();
        phases.add(Phase::Split, preparation);
        let mut report = Report::empty(NAME, self.params(), paradigm, executor.name()).with_phases(&phases);
        report.workers = executor.workers().get();
        report.parts = self.graph.width() as usize;
        report.wall_ns = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
        report.tasks = tasks;
        report.bytes_sent = counted.get(Counter::BytesSent);
        report.bytes_received = counted.get(Counter::BytesReceived);
        report.operations = self.operations();
        Ok(with_usage(report, usage).verified(self.checked_against()))
    }

    fn run_serial(&self, paradigm: &str) -> Result<Report, CaseError> {
        let meter = Meter::start();
        let finished = run_graph_serial(self.graph, self.iterations)?;
        let usage = meter.stop();
        let tasks = finished.verify()?;
        let mut report = serial_report(self, paradigm, finished.wall());
        report.tasks = tasks;
        report.operations = self.operations();
        Ok(with_usage(report, usage).verified(self.checked_against()))
    }
}
