//! A whole run, from flags to report.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use super::budget::{Budget, FEW};
use super::build::{self, Program};
use super::catalogue::{self, Catalogue};
use super::discover;
use super::journal::Journal;
use super::manifest::Manifest;
use super::metg::{self, Sweeps};
use super::plan;
use super::progress::Progress;
use super::rounds::{self, Interrupted, Measured};
use super::row::{AbsentRow, Row, SERIAL};
use super::settings::{Settings, Stop};
use super::{Flags, analysis, interrupt, output, table, units};

/// A run that wrote its files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    interrupted: bool,
    failed: bool,
    slower: bool,
}

impl Finished {
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self { interrupted: true, .. } => 130,
            Self { failed: true, .. } => 1,
            Self { slower: true, .. } => 3,
            _ => 0,
        })
    }
}

/// Checks, builds, measures, writes, shows.
///
/// # Errors
/// Why there is nothing to show.
pub(super) fn measure(flags: &Flags) -> Result<Finished, Stop> {
    interrupt::install();
    let settings = Settings::check(flags)?;
    let Prepared { root, programs, absent, folder } = prepare(flags, &settings)?;
    let mut catalogue = Catalogue::ask(&programs, absent)?.narrow(&settings)?;
    if catalogue.workloads.is_empty() && catalogue.failed.is_empty() && catalogue.absent.is_empty() {
        return Err(Stop::Broken("no program has a workload".to_owned()));
    }
    let with_metg =
        settings.workloads.is_empty() || settings.workloads.iter().any(|name| name == "taskgraph");
    if !with_metg {
        catalogue.patterns.clear();
    }
    let journal = Journal::create(&folder).map_err(|error| cannot_write(&folder, &error))?;
    let mut session = Session {
        manifest: Manifest::begin(&settings, &root),
        rows: Vec::new(),
        journal,
        settings,
        catalogue,
        folder,
    };
    if !with_metg {
        session.manifest.notes.push("METG was not swept, because --workload names others".to_owned());
    }
    let interrupted = session.all().is_err();
    session.finish(interrupted, flags.open)
}

/// What there is before the first program is asked.
struct Prepared {
    root: PathBuf,
    programs: Vec<Program>,
    absent: Vec<AbsentRow>,
    folder: PathBuf,
}

/// Finds and builds the programs; everything that can be wrong with the flags is said before.
fn prepare(flags: &Flags, settings: &Settings) -> Result<Prepared, Stop> {
    let workspace = discover::workspace().map_err(Stop::Broken)?;
    let given: Vec<Program> = settings
        .programs
        .iter()
        .map(|(paradigm, path)| Program { paradigm: paradigm.clone(), path: path.clone() })
        .collect();
    let mut names: Vec<String> = given.iter().map(|program| program.paradigm.clone()).collect();
    if given.is_empty() {
        names = workspace.paradigms.iter().map(|paradigm| paradigm.name.clone()).collect();
    }
    catalogue::known("--paradigm", &settings.paradigms, &names)?;
    let folder = settings.folder(flags, &workspace.target)?;
    if flags.setup {
        install().map_err(|error| Stop::Broken(error.to_string()))?;
    }
    let wanted =
        |name: &String| name == SERIAL || settings.paradigms.is_empty() || settings.paradigms.contains(name);
    if !given.is_empty() {
        let given = given.into_iter().filter(|program| wanted(&program.paradigm)).collect();
        return Ok(Prepared { root: workspace.root, programs: given, absent: Vec::new(), folder });
    }
    let paradigms: Vec<_> = workspace.paradigms.iter().filter(|paradigm| wanted(&paradigm.name)).collect();
    let (programs, absent) = build::build(&workspace, &paradigms)?;
    Ok(Prepared { root: workspace.root, programs, absent, folder })
}

/// Installs what the optional rows need; without `--setup` nothing outside the workspace is touched.
fn install() -> Result<(), crate::error::Error> {
    let workspace = crate::workspace::Workspace::load()?;
    crate::setup::run(&workspace, crate::setup::Flags::default())
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
    fn all(&mut self) -> Result<(), Interrupted> {
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
    ) -> Result<(), Interrupted> {
        let configs = plan::configurations(&self.catalogue, workload, &self.settings.workers);
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

    fn metg(&mut self, budget: &Budget, progress: &mut Progress) -> Result<(), Interrupted> {
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

    fn finish(mut self, interrupted: bool, open: bool) -> Result<Finished, Stop> {
        self.note_few_samples();
        self.note_load();
        self.manifest.end(interrupted);
        let write = || -> std::io::Result<()> {
            self.manifest.write(&self.folder)?;
            self.journal.finish(&self.rows)
        };
        write().map_err(|error| cannot_write(&self.folder, &error))?;
        let report = output::render(&self.folder).map_err(Stop::Broken)?;
        output::point_latest(&self.folder);
        print!("{}", table::render(&self.manifest, &self.rows));
        let slower = self
            .settings
            .baseline
            .as_ref()
            .is_some_and(|baseline| baseline.print(&baseline.compare(&self.rows), &self.manifest));
        if interrupted {
            println!("\ninterrupted: what was measured until then is in the report");
        }
        println!("\n{}", report.display());
        if open {
            open_report(&report);
        }
        let any = |kind: fn(&Row) -> bool| self.rows.iter().any(kind);
        let nothing = !any(|row| matches!(row, Row::Run(_)));
        if nothing {
            eprintln!("error: nothing could be measured; what is absent says how to get it");
        }
        let failed = nothing || any(|row| matches!(row, Row::Failed(_)));
        Ok(Finished { interrupted, failed, slower })
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

    fn note_few_samples(&mut self) {
        let runs =
            || self.rows.iter().filter_map(|row| if let Row::Run(run) = row { Some(run) } else { None });
        let few = runs().filter(|run| run.samples_ns.len() < FEW).count();
        if few > 0 {
            let of = units::count(runs().count(), "configuration");
            let why = if self.settings.samples < FEW {
                "as --samples asked"
            } else {
                "the time did not allow more"
            };
            self.manifest.notes.push(format!("{few} of {of} have fewer than {FEW} samples: {why}"));
        }
    }
}

fn cannot_write(folder: &Path, error: &std::io::Error) -> Stop {
    Stop::Broken(format!("{}: cannot be written: {error}", folder.display()))
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
