//! `metg`: the shortest task that pays, on one executor.

use std::time::Duration;

use super::executors::Kind;
use super::lines::{Failed, Line, Point};
use super::list::peak;
use super::session::{Ended, Session, Started, attempt};
use super::usage::MetgArgs;
use super::watchdog::Watchdog;
use crate::taskgraph::{MetgSearch, Target};

/// A search that takes as many times longer than its budget hangs.
const HANGS: u32 = 12;
const LEAST_LIMIT: Duration = Duration::from_secs(30);

impl Session<'_> {
    pub(super) fn metg(&mut self, arguments: &MetgArgs) -> Result<(), Ended> {
        let spec = self.spec(&arguments.executor)?;
        let workers = spec.workers(arguments.workers)?;
        self.unless_runs(spec, self.workload("taskgraph")?)?;
        let pattern = arguments.pattern;
        let failed = Failed {
            workload: "taskgraph",
            pattern: Some(pattern.name()),
            paradigm: self.paradigm,
            executor: &spec.name,
            workers: workers.get(),
            reason: "",
        };
        let limit = (HANGS * arguments.budget).max(LEAST_LIMIT) + self.patience;
        if let Kind::Launched(_, launch) = &spec.kind {
            return self.launch(*launch, workers, 2 * limit, failed);
        }
        let search = MetgSearch {
            pattern,
            ns_per_iteration: arguments.ns_per_iteration.unwrap_or_else(peak),
            budget: arguments.budget,
        };
        let reason = format!("no end within {limit:?}, though the budget is {:?}", arguments.budget);
        let watched = Watchdog::new(limit, Line::Failed(Failed { reason: &reason, ..failed }).to_json());
        let found = attempt(|| spec.start(workers)).and_then(|started| {
            let found = attempt(|| search.run(&target(&started)));
            // A wrong answer is worse news than an executor that does not stop.
            let stopped = attempt(|| started.stop());
            found.and_then(|found| stopped.map(|()| found))
        });
        drop(watched);
        let metg = match found {
            Ok(metg) => metg,
            Err(reason) => return Err(self.fail(Failed { reason: &reason, ..failed })),
        };
        let line = Line::Metg {
            paradigm: self.paradigm,
            executor: &spec.name,
            pattern: pattern.name(),
            workers: workers.get(),
            width: metg.width,
            steps: metg.steps,
            metg50_ns: metg.metg50_ns.as_ref().ok().copied(),
            reason: metg.metg50_ns.as_ref().err().map(String::as_str),
            points: metg
                .points
                .iter()
                .map(|point| Point { task_ns: point.task_ns, efficiency: point.efficiency })
                .collect(),
            // Every graph was, or this line would be another.
            verified: true,
        };
        let line = line.to_json();
        self.print(&line)
    }
}

fn target(started: &Started) -> Target {
    match started {
        Started::BestSerial => Target::Serial,
        Started::Executor(executor) => Target::Executor(executor.clone()),
        Started::Runner(_) | Started::World(_) => {
            unreachable!("what runs no task graphs is refused before it is started")
        }
    }
}
