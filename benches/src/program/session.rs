//! One call of a program.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use par_core::{Executor, Shutdown};

use super::executors::{AnyWorld, ExecutorSpec, Kind, Runs, StartError};
use super::lines::{Failed, Line};
use crate::catalogue::{Listed, Size, StandardRunner};
use crate::spmd::SpmdListed;

/// How long an executor may take to stop.
const SHUTDOWN: Duration = Duration::from_secs(30);

/// What a command works with.
pub(super) struct Session<'a> {
    pub(super) paradigm: &'a str,
    pub(super) executors: &'a [ExecutorSpec],
    pub(super) workloads: &'a [Listed],
    pub(super) spmd: &'a [SpmdListed],
    /// The command line, without the program's name.
    pub(super) command_line: &'a [OsString],
    /// How much longer than others this process waits before it ends itself.
    pub(super) patience: Duration,
    pub(super) out: &'a mut dyn Write,
}

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Ended {
    /// A `failed` line says why.
    Failed,
    /// One line that says what would be right.
    BadUsage(String),
    /// Nobody reads the output.
    Output(io::Error),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Something that was started, or needs no start.
pub(super) enum Started {
    BestSerial,
    Executor(Arc<dyn Executor>),
    Runner(Box<dyn StandardRunner>),
    World(Box<dyn AnyWorld>),
}

/// A workload of either kind.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    /// Chunks for an executor.
    Chunks(&'a Listed),
    /// A program for the ranks of a world.
    Spmd(&'a SpmdListed),
}

impl<'a> Session<'a> {
    /// Prints a line at once, so that what was measured is not lost with the program.
    pub(super) fn print(&mut self, line: &str) -> Result<(), Ended> {
        writeln!(self.out, "{line}")?;
        Ok(self.out.flush()?)
    }

    /// Prints a `failed` line.
    pub(super) fn fail(&mut self, failed: Failed<'_>) -> Ended {
        match self.print(&Line::Failed(failed).to_json()) {
            Ok(()) => Ended::Failed,
            Err(ended) => ended,
        }
    }

    /// The executor of that name.
    pub(super) fn spec(&self, name: &str) -> Result<&'a ExecutorSpec, Ended> {
        self.executors
            .iter()
            .find(|spec| spec.name == name)
            .ok_or_else(|| unknown("executor", name, self.executors.iter().map(|spec| spec.name.as_str())))
    }

    /// The workload of that name.
    pub(super) fn workload(&self, name: &str) -> Result<Found<'a>, Ended> {
        let chunks = self.workloads.iter().find(|listed| listed.name() == name).map(Found::Chunks);
        let spmd = || self.spmd.iter().find(|listed| listed.name() == name).map(Found::Spmd);
        chunks.or_else(spmd).ok_or_else(|| {
            let chunks = self.workloads.iter().map(Listed::name);
            unknown("workload", name, chunks.chain(self.spmd.iter().map(SpmdListed::name)))
        })
    }
}

impl<'a> Session<'a> {
    /// Passes when `spec` can run `workload`.
    pub(super) fn unless_runs(&self, spec: &ExecutorSpec, workload: Found<'a>) -> Result<(), Ended> {
        if spec.runs(workload) {
            return Ok(());
        }
        let able: Vec<&str> = self
            .executors
            .iter()
            .filter(|other| other.runs(workload))
            .map(|other| other.name.as_str())
            .collect();
        let instead = match &able[..] {
            [] => "no executor of this program does".to_owned(),
            able => format!("choose {}", able.join(", ")),
        };
        Err(Ended::BadUsage(format!(
            "the executor `{}` does not run `{}`: {instead}",
            spec.name,
            workload.name()
        )))
    }
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Ended {
    let known: Vec<&str> = known.collect();
    Ended::BadUsage(format!("no {what} is called `{name}`; choose one of {}", known.join(", ")))
}

impl Found<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chunks(listed) => listed.name(),
            Self::Spmd(listed) => listed.name(),
        }
    }
}

impl ExecutorSpec {
    /// Whether it can run that workload at all.
    pub(super) fn runs(&self, workload: Found<'_>) -> bool {
        let runs = match &self.kind {
            Kind::Absent { .. } => return true,
            Kind::BestSerial => {
                return match workload {
                    Found::Chunks(_) => true,
                    Found::Spmd(listed) => listed.program(Size::Quick).has_serial(),
                };
            }
            Kind::Present(_) | Kind::Started(..) => Runs::Tasks,
            Kind::Runner(_) => Runs::Chunks,
            Kind::World(_) => Runs::Messages,
            Kind::Launched(runs, _) => *runs,
        };
        match (runs, workload) {
            (Runs::Tasks, Found::Chunks(_)) | (Runs::Messages, Found::Spmd(_)) => true,
            (Runs::Chunks, Found::Chunks(listed)) => listed.case(Size::Quick).is_chunks(),
            (Runs::Tasks | Runs::Chunks, Found::Spmd(_)) | (Runs::Messages, Found::Chunks(_)) => false,
        }
    }

    /// How many workers to start: what was asked for, or as many as the machine and the executor allow.
    pub(super) fn workers(&self, wanted: Option<NonZeroUsize>) -> Result<NonZeroUsize, Ended> {
        let most = self.max_workers.unwrap_or(NonZeroUsize::MAX);
        match wanted {
            Some(wanted) if wanted > most => Err(Ended::BadUsage(format!(
                "the executor `{}` cannot have {wanted} workers; choose --workers from 1 to {most}",
                self.name
            ))),
            Some(wanted) => Ok(wanted),
            None => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).min(most)),
        }
    }

    /// How long it took to start before the program could start it.
    pub(super) fn head_start(&self) -> Duration {
        if let Kind::Started(_, start) = self.kind { start } else { Duration::ZERO }
    }

    /// Starts it.
    pub(super) fn start(&self, workers: NonZeroUsize) -> Result<Started, StartError> {
        match &self.kind {
            Kind::BestSerial => Ok(Started::BestSerial),
            Kind::Present(start) => Ok(Started::Executor(start(workers)?.into())),
            Kind::Started(executor, _) => Ok(Started::Executor(Arc::clone(executor))),
            Kind::Runner(start) => Ok(Started::Runner(start(workers)?)),
            Kind::World(start) => Ok(Started::World(start(workers)?)),
            Kind::Launched(..) => unreachable!("what is launched is started by the program that is launched"),
            Kind::Absent { reason, remedy } => Err(format!("{reason}; try: {remedy}").into()),
        }
    }
}

impl Started {
    /// Stops it, and gives everything back.
    pub(super) fn stop(self) -> Result<(), StartError> {
        if let Self::Executor(executor) = self {
            executor.shutdown(Shutdown::drain().within(SHUTDOWN))?;
        }
        Ok(())
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Calls `f`, whose error or panic becomes text.
pub(super) fn attempt<T, E>(f: impl FnOnce() -> Result<T, E>) -> Result<T, String>
where
    E: Into<StartError>,
{
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let error: StartError = error.into();
            Err(chain(&*error))
        }
        Err(payload) => {
            let message = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
            Err(format!("panicked: {}", message.unwrap_or_else(|| "a value that is not text".to_owned())))
        }
    }
}
