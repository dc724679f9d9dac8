//! `run`: samples of one workload on one executor.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use par_core::Report;

use super::executors::{Kind, StartError};
use super::lines::{Failed, Line};
use super::session::{Ended, Found, Session, Started, attempt, chain};
use super::usage::RunArgs;
use super::watchdog::Watchdog;
use crate::catalogue::{Case, Listed, NamedRunner, Settings};

/// Chunks per worker, if nothing is said: enough to even out what is uneven.
const PARTS_PER_WORKER: usize = 8;

const PER_WORKER: NonZeroUsize = NonZeroUsize::new(PARTS_PER_WORKER).expect("not 0");

/// What is run, and how its failure is told.
struct Experiment<'a> {
    case: &'a dyn Case,
    workers: NonZeroUsize,
    settings: Settings,
    guard: Guard<'a>,
}

/// What is told when a run fails, and after which time it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard<'a> {
    pub(super) failed: Failed<'a>,
    pub(super) timeout: Duration,
    pub(super) patience: Duration,
}

impl Session<'_> {
    /// Starts the executor, warms up, takes the samples, stops the executor.
    ///
    /// The start is told with the first sample, the stop with the last; neither is in the wall time of any.
    pub(super) fn run(&mut self, arguments: &RunArgs) -> Result<(), Ended> {
        let spec = self.spec(&arguments.executor)?;
        let workers = spec.workers(arguments.workers)?;
        let found = self.workload(&arguments.workload)?;
        self.unless_runs(spec, found)?;
        if let Kind::Launched(_, launch) = &spec.kind {
            let runs = 3 + arguments.warmups + arguments.samples.get();
            let limit =
                Watchdog::after(arguments.timeout).saturating_mul(u32::try_from(runs).unwrap_or(u32::MAX));
            let failed = Failed {
                workload: found.name(),
                pattern: None,
                paradigm: self.paradigm,
                executor: &spec.name,
                workers: workers.get(),
                reason: "",
            };
            return self.launch(*launch, workers, limit, failed);
        }
        let listed = match found {
            Found::Chunks(listed) => listed,
            Found::Spmd(listed) => return self.run_ranks(arguments, spec, workers, listed),
        };
        let corpus = arguments.corpus.as_deref().map(|path| open(listed, path)).transpose()?;
        let case = corpus.as_deref().unwrap_or_else(|| listed.case(arguments.size));
        let experiment = Experiment {
            case,
            workers,
            settings: Settings {
                parts: arguments.parts.unwrap_or_else(|| workers.saturating_mul(PER_WORKER)),
                timeout: Some(arguments.timeout),
                spans: false,
            },
            guard: Guard {
                failed: Failed {
                    workload: case.name(),
                    pattern: None,
                    paradigm: self.paradigm,
                    executor: &spec.name,
                    workers: workers.get(),
                    reason: "",
                },
                timeout: arguments.timeout,
                patience: self.patience,
            },
        };
        let guard = experiment.guard;
        let (started, start) = guard.watched(|| spec.start(workers));
        let start = start + spec.head_start();
        let started = match started {
            Ok(started) => started,
            Err(reason) => return Err(self.failed(&guard, "the executor did not start: ", &reason)),
        };

        if let (Err(reason), _) = guard.watched(|| {
            case.prepare();
            Ok::<_, StartError>(())
        }) {
            return Err(self.failed(&guard, "the serial code ", &reason));
        }
        // A sample is held back until the next, since the last one tells what the stop took.
        let mut held = None;
        let sampled = self.sample(&experiment, arguments, &started, start, &mut held);
        let (stopped, stop) = guard.watched(|| started.stop());
        if let Some(mut report) = held {
            report.phases_ns.insert("stop", nanoseconds(stop));
            self.print(&report.to_json_line())?;
        }
        if let Err(reason) = sampled? {
            return Err(self.failed(&guard, "", &reason));
        }
        stopped.map_err(|reason| self.failed(&guard, "the executor did not stop: ", &reason))
    }

    fn sample(
        &mut self,
        experiment: &Experiment<'_>,
        arguments: &RunArgs,
        started: &Started,
        start: Duration,
        held: &mut Option<Report>,
    ) -> Result<Result<(), String>, Ended> {
        let runs = arguments.warmups + arguments.samples.get();
        for index in 0..runs {
            let settings = Settings { spans: arguments.spans && index + 1 == runs, ..experiment.settings };
            let (report, _) = experiment.guard.watched(|| match started {
                Started::BestSerial => experiment.case.run_serial(self.paradigm),
                Started::Executor(executor) => experiment.case.run(self.paradigm, executor, &settings),
                Started::Runner(runner) => {
                    let runner = NamedRunner {
                        name: experiment.guard.failed.executor,
                        workers: experiment.workers,
                        runner: &**runner,
                    };
                    let report = experiment.case.run_together(self.paradigm, &runner, &settings);
                    report.expect("other workloads are refused before anything is started")
                }
                Started::World(_) => unreachable!("a world is refused before it is started"),
            });
            let mut report = match report {
                Ok(_) if index < arguments.warmups => continue,
                Ok(report) => report,
                Err(reason) => return Ok(Err(reason)),
            };
            if index == arguments.warmups {
                report.phases_ns.insert("start", nanoseconds(start));
            }
            if let Some(report) = held.replace(report) {
                self.print(&report.to_json_line())?;
            }
        }
        Ok(Ok(()))
    }

    pub(super) fn failed(&mut self, guard: &Guard<'_>, what: &str, reason: &str) -> Ended {
        self.fail(Failed { reason: &format!("{what}{reason}"), ..guard.failed })
    }
}

impl Guard<'_> {
    /// Calls `f`, under the eyes of a watchdog, and measures it.
    pub(super) fn watched<T, E: Into<StartError>>(
        &self,
        f: impl FnOnce() -> Result<T, E>,
    ) -> (Result<T, String>, Duration) {
        let limit = Watchdog::after(self.timeout) + self.patience;
        let reason = format!("no end within {limit:?}: the deadline of {:?} was not heeded", self.timeout);
        let line = Line::Failed(Failed { reason: &reason, ..self.failed }).to_json();
        let _watchdog = Watchdog::new(limit, line);
        let begun = Instant::now();
        let result = attempt(f);
        (result, begun.elapsed())
    }
}

/// The workload on a text of the user's.
fn open(listed: &Listed, path: &Path) -> Result<Box<dyn Case>, Ended> {
    let Some(open) = listed.corpus() else {
        let line = format!(
            "the workload `{}` reads no text; leave --corpus away, or choose wordcount",
            listed.name()
        );
        return Err(Ended::BadUsage(line));
    };
    open(path).map_err(|error| Ended::BadUsage(format!("--corpus {}: {}", path.display(), chain(&error))))
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
