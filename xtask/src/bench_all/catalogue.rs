//! What the programs say that they can do.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use super::build::Program;
use super::call::call;
use super::contract::Line;
use super::row::{AbsentRow, FailedRow, SERIAL, Stage};
use super::settings::Settings;
use crate::error::Error;

/// The workload whose graphs METG is swept with.
const GRAPHS: &str = "taskgraph";
const PATIENCE: Duration = Duration::from_secs(30);

/// An executor that is there.
#[derive(Clone, Debug)]
pub(super) struct Executor {
    pub(super) program: Program,
    pub(super) paradigm: String,
    pub(super) name: String,
    pub(super) max_workers: Option<usize>,
    pub(super) workloads: Vec<String>,
    pub(super) patterns: Vec<String>,
}

impl Executor {
    pub(super) fn is_serial(&self) -> bool {
        self.paradigm == SERIAL && self.name == SERIAL
    }
}

/// Everything that can be run, cannot be run, or should have said which.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) executors: Vec<Executor>,
    pub(super) absent: Vec<AbsentRow>,
    pub(super) failed: Vec<FailedRow>,
    /// In the order in which the programs name them, the serial one first.
    pub(super) workloads: Vec<String>,
    pub(super) patterns: Vec<String>,
    /// Of workloads that not every number of workers can run: the least, and the most that are of use.
    pub(super) limits: BTreeMap<String, (usize, usize)>,
}

impl Catalogue {
    /// Asks every program for its `list`.
    ///
    /// # Errors
    /// Ctrl-C.
    pub(super) fn ask(programs: &[Program], absent: Vec<AbsentRow>) -> Result<Self, Error> {
        let mut catalogue = Self { absent, ..Self::default() };
        for program in programs {
            match call(Command::new(&program.path).arg("list"), PATIENCE)? {
                Ok(lines) => catalogue.add(program, lines),
                Err(reason) => catalogue.failed.push(FailedRow {
                    stage: Stage::List,
                    what: String::new(),
                    paradigm: program.paradigm.clone(),
                    executor: "*".to_owned(),
                    workers: None,
                    reason,
                }),
            }
        }
        Ok(catalogue)
    }

    fn add(&mut self, program: &Program, lines: Vec<Line>) {
        let (mut workloads, mut patterns, mut executors) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            match line {
                Line::Workload { workload, min_workers, max_workers } => {
                    let limits = (min_workers.unwrap_or(1), max_workers.unwrap_or(usize::MAX));
                    self.limits.insert(workload.clone(), limits);
                    workloads.push(workload);
                }
                Line::Pattern { pattern } => patterns.push(pattern),
                Line::Executor { paradigm, executor, max_workers, workloads } => {
                    executors.push((paradigm, executor, max_workers, workloads));
                }
                Line::Absent { paradigm, executor, reason, remedy } => {
                    self.absent.push(AbsentRow { paradigm, executor, reason, remedy });
                }
                // A list has no measurements; what else it says is not asked for.
                Line::Sample(_)
                | Line::Latency(_)
                | Line::Traffic(_)
                | Line::Failed { .. }
                | Line::Metg(_)
                | Line::Peak { .. } => {}
            }
        }
        add_new(&mut self.workloads, &workloads);
        add_new(&mut self.patterns, &patterns);
        self.executors.extend(executors.into_iter().map(|(paradigm, name, max_workers, own)| {
            let own = own.unwrap_or_else(|| workloads.clone());
            // Patterns are those of the task graphs.
            let has_graphs =
                !workloads.iter().any(|name| name == GRAPHS) || own.iter().any(|name| name == GRAPHS);
            Executor {
                program: program.clone(),
                paradigm,
                name,
                max_workers,
                patterns: if has_graphs { patterns.clone() } else { Vec::new() },
                workloads: own,
            }
        }));
    }

    /// Keeps what `settings` ask for, and the serial baseline.
    ///
    /// # Errors
    /// A workload or an executor that no program has.
    pub(super) fn narrow(mut self, settings: &Settings) -> Result<Self, Error> {
        known("--workload", &settings.workloads, &self.workloads)?;
        let there = self.executors.iter().map(|executor| executor.name.clone());
        let absent = self.absent.iter().filter(|row| row.executor != "*").map(|row| row.executor.clone());
        let mut names = Vec::new();
        add_new(&mut names, &there.chain(absent).collect::<Vec<String>>());
        known("--executor", &settings.executors, &names)?;
        let asked = |list: &[String], name: &String| list.is_empty() || list.contains(name);
        self.workloads.retain(|workload| asked(&settings.workloads, workload));
        self.executors.retain(|e| e.is_serial() || asked(&settings.executors, &e.name));
        self.absent.retain(|row| row.executor == "*" || asked(&settings.executors, &row.executor));
        // Serial code with nothing to compare it with is measured only where somebody asked for it.
        let others: Vec<&Executor> = self.executors.iter().filter(|e| !e.is_serial()).collect();
        let is_compared =
            |name: &String| others.is_empty() || others.iter().any(|e| e.workloads.contains(name));
        self.workloads.retain(|workload| settings.workloads.contains(workload) || is_compared(workload));
        Ok(self)
    }
}

/// Checks that every name of `asked` is in `valid`.
///
/// # Errors
/// One line that names the valid ones.
pub(super) fn known(flag: &str, asked: &[String], valid: &[String]) -> Result<(), Error> {
    match asked.iter().find(|name| !valid.contains(name)) {
        None => Ok(()),
        Some(name) if valid.is_empty() => Err(Error::Usage(format!("{flag} {name}: there is none at all"))),
        Some(name) => Err(Error::Usage(format!("{flag} {name}: unknown; there is {}", valid.join(", ")))),
    }
}

fn add_new(all: &mut Vec<String>, new: &[String]) {
    for name in new {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
}
