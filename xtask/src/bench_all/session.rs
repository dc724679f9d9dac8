//! A whole run, from flags to report.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::budget::{Budget, FEW};
use super::build::{self, Program};
use super::catalogue::{self, Catalogue};
use super::journal::Journal;
use super::manifest::Manifest;
use super::metg::{self, Sweeps};
use super::plan;
use super::progress::Progress;
use super::rounds::{self, Measured};
use super::row::{AbsentRow, Row, SERIAL, runs};
use super::settings::Settings;
use super::{Flags, analysis, output, table, units};
use crate::error::Error;
use crate::exit::Exit;
use crate::setup;
use crate::workspace::{Paradigm, Workspace};

/// Checks, builds, measures, writes, shows.
///
/// # Errors
/// Why there is nothing to show, or Ctrl-C: then what was measured until then is written.
pub(super) fn measure(workspace: &Workspace, flags: &Flags) -> Result<Exit, Error> {
    let settings = Settings::check(flags)?;
    let Prepared { programs, absent, folder } = prepare(workspace, flags, &settings)?;
    let mut catalogue = Catalogue::ask(&programs, absent)?.narrow(&settings)?;
    if catalogue.workloads.is_empty() && catalogue.failed.is_empty() && catalogue.absent.is_empty() {
        return Err(Error::Failed("no program has a workload".to_owned()));
    }
    let with_metg =
        settings.workloads.is_empty() || settings.workloads.iter().any(|name| name == "taskgraph");
    if !with_metg {
        catalogue.patterns.clear();
    }
    let journal = Journal::create(&folder).map_err(|source| Error::io("write", &folder, source))?;
    let mut session = Session {
        manifest: Manifest::begin(&settings, &workspace.root),
        rows: Vec::new(),
        journal,
        settings,
        catalogue,
        folder,
    };
    if !with_metg {
        session.manifest.notes.push("METG was not swept, because --workload names others".to_owned());
    }
    let interrupted = match session.all() {
        Ok(()) => false,
        Err(Error::Interrupted) => true,
        Err(error) => return Err(error),
    };
    session.finish(interrupted, flags.open)
}

/// What there is before the first program is asked.
struct Prepared {
    programs: Vec<Program>,
    absent: Vec<AbsentRow>,
    folder: PathBuf,
}

/// Finds and builds the programs; everything that can be wrong with the flags is said before.
fn prepare(workspace: &Workspace, flags: &Flags, settings: &Settings) -> Result<Prepared, Error> {
    let given = settings.programs.iter();
    let mut given: Vec<Program> =
        given.map(|(paradigm, path)| Program { paradigm: paradigm.clone(), path: path.clone() }).collect();
    let mut paradigms = workspace.paradigms();
    let names: Vec<String> = if given.is_empty() {
        paradigms.iter().map(|paradigm| paradigm.name.to_owned()).collect()
    } else {
        given.iter().map(|program| program.paradigm.clone()).collect()
    };
    catalogue::known("--paradigm", &settings.paradigms, &names)?;
    let folder = settings.folder(flags, &workspace.target)?;
    if flags.setup {
        setup::run(workspace, setup::Flags::default())?;
    }
    let asked = &settings.paradigms;
    let is_wanted = |name: &str| name == SERIAL || asked.is_empty() || asked.iter().any(|one| one == name);
    if !given.is_empty() {
        given.retain(|program| is_wanted(&program.paradigm));
        return Ok(Prepared { programs: given, absent: Vec::new(), folder });
    }
    paradigms.retain(|Paradigm { name, .. }| is_wanted(name));
    let (programs, absent) = build::build(workspace, &paradigms)?;
    Ok(Prepared { programs, absent, folder })
}

/// A run while it goes on.
struct Session {
    settings: Settings,
    catalogue: Catalogue,
    manifest: Manifest,
    rows: Vec<Row>,
    journal: Journal,
    folder: PathBuf,
}

impl Session {
    fn all(&mut self) -> Result<(), Error> {
        let known: Vec<Row> = (self.catalogue.absent.iter().cloned().map(Row::Absent))
            .chain(self.catalogue.failed.iter().cloned().map(Row::Failed))
            .collect();
        self.keep(known);
        let budget = Budget::start(self.settings.budget, !self.catalogue.patterns.is_empty());
        let workloads = self.catalogue.workloads.clone();
        let mut progress = Progress::new(workloads.len() + usize::from(!self.catalogue.patterns.is_empty()));
        let mut outcome = Ok(());
        for (index, workload) in workloads.iter().enumerate() {
            outcome = self.workload(workload, &budget, workloads.len() - index, &mut progress);
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_ok() {
            outcome = self.metg(&budget, &mut progress);
        }
        progress.finish();
        outcome
    }

    fn workload(
        &mut self,
        workload: &str,
        budget: &Budget,
        left: usize,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let configs = plan::configurations(&self.catalogue, workload, &self.settings.workers);
        if configs.is_empty() {
            self.note_nobody(workload);
        }
        let mut measured: Vec<Measured> = configs.into_iter().map(Measured::new).collect();
        let seed = self.settings.seed;
        let journal = &mut self.journal;
        let outcome = rounds::measure(
            &self.settings,
            workload,
            &mut measured,
            budget.for_workload(left),
            progress,
            |measured| {
                if let Err(error) = journal.append(&analysis::rows(workload, measured, seed)) {
                    eprintln!("warning: a round was not written down: {error}");
                }
            },
        );
        let rows = analysis::rows(workload, &measured, seed);
        progress.done(&rows);
        self.keep(rows);
        outcome
    }

    fn metg(&mut self, budget: &Budget, progress: &mut Progress) -> Result<(), Error> {
        let mut sweeps = Sweeps::default();
        let mut rows = Vec::new();
        let outcome =
            metg::sweep(&self.settings, &self.catalogue, budget, progress, &mut sweeps, |row| rows.push(row));
        progress.done(&rows);
        self.keep(rows);
        self.manifest.peak_ns_per_iteration = sweeps.peak_ns_per_iteration;
        if sweeps.skipped > 0 {
            let (skipped, planned) = (sweeps.skipped, sweeps.planned);
            self.manifest.notes.push(format!(
                "METG: {skipped} of {planned} sweeps were not made, because the time was up or there was no peak"
            ));
        }
        outcome
    }

    fn keep(&mut self, rows: Vec<Row>) {
        if let Err(error) = self.journal.append(&rows) {
            eprintln!("warning: rows were not written down: {error}");
        }
        self.rows.extend(rows);
    }

    fn finish(mut self, interrupted: bool, open: bool) -> Result<Exit, Error> {
        self.note_few_samples();
        self.note_load();
        self.manifest.end(interrupted);
        let write = || {
            self.manifest.write(&self.folder)?;
            self.journal.finish(&self.rows)
        };
        write().map_err(|source| Error::io("write", &self.folder, source))?;
        let report = output::render(&self.folder)?;
        output::point_latest(&self.folder);
        print!("{}", table::render(&self.manifest, &self.rows));
        if interrupted {
            println!("\ninterrupted: this is what was measured until then");
        }
        let comparison =
            self.settings.baseline.as_ref().map(|baseline| baseline.compare(&self.manifest, &self.rows));
        if let Some(comparison) = &comparison {
            print!("{}", comparison.render());
        }
        println!("\n{}", report.display());
        if open {
            open_report(&report);
        }
        if interrupted {
            return Err(Error::Interrupted);
        }
        if runs(&self.rows).next().is_none() {
            return Err(Error::Failed(
                "nothing could be measured; what is absent says how to get it".to_owned(),
            ));
        }
        Ok(if self.rows.iter().any(|row| matches!(row, Row::Failed(_))) {
            Exit::Failed
        } else if comparison.is_some_and(|comparison| comparison.is_slower()) {
            Exit::Slower
        } else {
            Exit::Done
        })
    }

    fn note_load(&mut self) {
        let load = self.manifest.load_average_start.map_or(0.0, |[one, ..]| one);
        if load > self.settings.cores as f64 / 2.0 {
            self.manifest.notes.push(format!(
                "the machine was busy with something else when this began: a load of {load:.1} on {}",
                units::count(self.settings.cores, "core")
            ));
        }
    }

    /// Why a workload has no row: nobody runs it, or with more workers than there are.
    fn note_nobody(&mut self, workload: &str) {
        let able = self.catalogue.executors.iter().any(|e| e.workloads.iter().any(|name| name == workload));
        let (least, _) = self.catalogue.limits.get(workload).copied().unwrap_or((1, usize::MAX));
        self.manifest.notes.push(if able {
            format!("{workload} was not run: it needs {}", units::count(least, "worker"))
        } else {
            format!("{workload} was not run: none of the executors asked for has it")
        });
    }

    fn note_few_samples(&mut self) {
        let few = runs(&self.rows).filter(|run| run.samples_ns.len() < FEW).count();
        if few > 0 {
            let of = units::count(runs(&self.rows).count(), "configuration");
            let why = if self.settings.samples < FEW {
                "as --samples asked"
            } else {
                "the time did not allow more"
            };
            self.manifest.notes.push(format!("{few} of {of} have fewer than {FEW} samples: {why}"));
        }
    }
}

/// Opens the report where there is something to open it with, and says so where there is not.
fn open_report(report: &Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = Command::new(opener)
        .arg(report)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if quiet.is_err() {
        eprintln!("warning: there is no {opener} here; open the file in a browser");
    }
}
