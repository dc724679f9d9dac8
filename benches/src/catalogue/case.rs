//! One workload at one size, its type erased.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use par_core::comm::SpmdError;
use par_core::{
    Executor, Mismatch, Options, Outcome, Phase, Phases, Plan, Report, RunError, Runner, ZeroError,
};

use super::{Standard, StandardRunner};
use crate::process_tree::{Meter, Usage};
use crate::taskgraph::GraphRunError;

/// How a case is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Into how many parts the problem is cut.
    pub parts: NonZeroUsize,
    /// The run's deadline, from its start.
    pub timeout: Option<Duration>,
    /// Whether to record when and where each chunk ran.
    pub spans: bool,
}

/// Something that runs workloads and is no executor, and how reports name it.
#[derive(Clone, Copy)]
pub struct NamedRunner<'r> {
    /// Its name.
    pub name: &'r str,
    /// How many workers it has.
    pub workers: NonZeroUsize,
    /// What runs.
    pub runner: &'r dyn StandardRunner,
}

impl fmt::Debug for NamedRunner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedRunner({}, {} workers)", self.name, self.workers)
    }
}

/// One workload at one size, with its type erased. Whatever it returns has been verified.
pub trait Case: Send + Sync {
    /// The workload's name.
    fn name(&self) -> &'static str;

    /// Its parameters, as they are in reports.
    fn params(&self) -> serde_json::Value;

    /// What its answers are compared with.
    fn checked_against(&self) -> String;

    /// Makes what answers are compared with, if that is not published, so that no run has to.
    fn prepare(&self) {}

    /// Runs it on an executor, verifies the answer, and reports.
    ///
    /// # Errors
    /// [`CaseError`]: it did not run, or the answer is wrong.
    ///
    /// # Blocking
    /// Until the answer is there and verified.
    fn run(
        &self,
        paradigm: &str,
        executor: &Arc<dyn Executor>,
        settings: &Settings,
    ) -> Result<Report, CaseError>;

    /// Runs it on something that is no executor, verifies the answer, and reports; `None` when it is no workload of
    /// chunks, and only executors can run it.
    ///
    /// # Errors
    /// [`CaseError`]: it did not run, or the answer is wrong.
    ///
    /// # Blocking
    /// Until the answer is there and verified.
    fn run_together(
        &self,
        paradigm: &str,
        runner: &NamedRunner<'_>,
        settings: &Settings,
    ) -> Option<Result<Report, CaseError>> {
        let _ = (paradigm, runner, settings);
        None
    }

    /// Whether [`run_together`](Self::run_together) runs it.
    fn is_chunks(&self) -> bool {
        false
    }

    /// Runs its best serial code, verifies the answer, and reports.
    ///
    /// # Errors
    /// [`CaseError`]: the answer is wrong.
    fn run_serial(&self, paradigm: &str) -> Result<Report, CaseError>;
}

impl fmt::Debug for dyn Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({} {})", self.name(), self.params())
    }
}

/// Why a case has no verified answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// It did not run to its end.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It did, and the answer is wrong.
    #[error(transparent)]
    Wrong(#[from] Mismatch),
    /// A task graph did not run as it should.
    #[error(transparent)]
    Graph(#[from] GraphRunError),
    /// A rank of an SPMD program failed.
    #[error(transparent)]
    Ranks(#[from] SpmdError),
    /// A parameter was 0.
    #[error(transparent)]
    Zero(#[from] ZeroError),
}

/// The case of any standard workload.
pub(super) struct WorkloadCase<W: Standard> {
    workload: W,
    /// The serial code's answer, made when it is needed first, outside of all measurements.
    reference: Mutex<Option<W::Output>>,
}

impl<W: Standard> WorkloadCase<W> {
    pub(super) fn new(workload: W) -> Self {
        Self { workload, reference: Mutex::new(None) }
    }

    /// Runs it as the settings say, and verifies the answer.
    fn measure(
        &self,
        run: impl FnOnce(Plan) -> Result<Outcome<W::Output>, RunError>,
        settings: &Settings,
    ) -> Result<(Outcome<W::Output>, Usage), CaseError> {
        let options = settings.timeout.map_or_else(Options::new, |timeout| Options::new().timeout(timeout));
        let plan = Plan::parts(settings.parts.get())?.options(options);
        let plan = if settings.spans { plan.spans() } else { plan };
        let meter = Meter::start();
        let outcome = run(plan)?;
        let usage = meter.stop();
        self.verify(&outcome.output)?;
        Ok((outcome, usage))
    }

    fn verify(&self, output: &W::Output) -> Result<(), Mismatch> {
        if !self.workload.needs_serial() {
            // What is published does not depend on the reference.
            return self.workload.verify(output, output);
        }
        let mut reference = self.reference.lock().unwrap_or_else(PoisonError::into_inner);
        self.workload.verify(output, reference.get_or_insert_with(|| self.workload.serial()))
    }
}

impl<W: Standard> Case for WorkloadCase<W> {
    fn prepare(&self) {
        if self.workload.needs_serial() {
            let mut reference = self.reference.lock().unwrap_or_else(PoisonError::into_inner);
            reference.get_or_insert_with(|| self.workload.serial());
        }
    }

    fn name(&self) -> &'static str {
        W::NAME
    }

    fn params(&self) -> serde_json::Value {
        serde_json::to_value(&self.workload).unwrap_or_default()
    }

    fn checked_against(&self) -> String {
        self.workload.checked_against().into_owned()
    }

    fn run(
        &self,
        paradigm: &str,
        executor: &Arc<dyn Executor>,
        settings: &Settings,
    ) -> Result<Report, CaseError> {
        let runner = executor.as_ref();
        let (outcome, usage) = self.measure(|plan| runner.run(&self.workload, plan), settings)?;
        let report = Report::new(&self.workload, paradigm, runner, &outcome);
        Ok(with_usage(report, usage).verified(self.checked_against()))
    }

    fn run_together(
        &self,
        paradigm: &str,
        named: &NamedRunner<'_>,
        settings: &Settings,
    ) -> Option<Result<Report, CaseError>> {
        let runner = W::runner(named.runner);
        let measured = self.measure(|plan| runner.run(&self.workload, plan), settings);
        Some(measured.map(|(outcome, usage)| {
            let workers = named.workers.get();
            let report = Report::of_runner(&self.workload, paradigm, named.name, workers, &outcome);
            with_usage(report, usage).verified(self.checked_against())
        }))
    }

    fn is_chunks(&self) -> bool {
        true
    }

    fn run_serial(&self, paradigm: &str) -> Result<Report, CaseError> {
        let meter = Meter::start();
        let begun = Instant::now();
        let output = self.workload.serial();
        let wall = begun.elapsed();
        let usage = meter.stop();
        self.verify(&output)?;
        let cost = self.workload.cost();
        let mut report = serial_report(self, paradigm, wall);
        report.operations = cost.operations;
        report.bytes_moved = cost.bytes;
        Ok(with_usage(report, usage).verified(self.checked_against()))
    }
}

/// The report of serial code: one worker, one task, all of it computation.
pub(super) fn serial_report(case: &dyn Case, paradigm: &str, wall: Duration) -> Report {
    let mut phases = Phases::ZERO;
    phases.add(Phase::Compute, wall);
    let mut report = Report::empty(case.name(), case.params(), paradigm, "serial").with_phases(&phases);
    report.wall_ns = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
    report.tasks = 1;
    report
}

pub(super) fn with_usage(mut report: Report, usage: Usage) -> Report {
    report.cpu_ns = u64::try_from(usage.cpu.as_nanos()).unwrap_or(u64::MAX);
    report.peak_rss_bytes = usage.peak_rss_bytes;
    report
}
