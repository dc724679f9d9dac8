//! `manifest.json`: on what, with what and how a run was made. No host name, no path of the machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::settings::Settings;
use super::utc;
use crate::error::Error;
use crate::probe::{self, Machine};

/// The file's name in a results folder.
pub(super) const NAME: &str = "manifest.json";

/// Everything about a run besides its rows.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Manifest {
    pub(super) started: String,
    pub(super) ended: String,
    pub(super) interrupted: bool,
    pub(super) host: Host,
    pub(super) toolchain: String,
    pub(super) commit: Option<String>,
    /// Whether the tree had changes that no commit has.
    pub(super) dirty: Option<bool>,
    pub(super) options: Options,
    pub(super) load_average_start: Option<[f64; 3]>,
    pub(super) load_average_end: Option<[f64; 3]>,
    /// Nanoseconds per iteration of the task graph's kernel on one core, common to all METG rows.
    pub(super) peak_ns_per_iteration: Option<f64>,
    /// What a reader should know: few samples, sweeps that time did not allow.
    pub(super) notes: Vec<String>,
}

/// The machine.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Host {
    pub(super) cpu: String,
    /// What this process may use: affinity and cgroup quota count.
    pub(super) cores: usize,
    pub(super) cores_online: Option<usize>,
    pub(super) smt: Option<bool>,
    pub(super) governor: Option<String>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) kernel: Option<String>,
    pub(super) architecture: String,
    /// `cpu.max` of the cgroup: quota and period in microseconds, or `max`.
    pub(super) cgroup_quota: Option<String>,
    pub(super) numa_nodes: Option<usize>,
}

/// The flags as they were understood.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Options {
    pub(super) quick: bool,
    pub(super) workloads: Vec<String>,
    pub(super) paradigms: Vec<String>,
    pub(super) executors: Vec<String>,
    pub(super) workers: Vec<usize>,
    pub(super) parts: usize,
    pub(super) samples: usize,
    pub(super) seed: u64,
    pub(super) budget_seconds: u64,
    pub(super) timeout_seconds: u64,
    /// Size of the corpus given, if one was.
    pub(super) corpus_bytes: Option<u64>,
}

impl Manifest {
    /// What is known when a run begins; `root` is the workspace.
    pub(super) fn begin(settings: &Settings, root: &Path) -> Self {
        let machine = Machine::read();
        let git = |arguments: &[&str]| {
            probe::answer(Command::new("git").arg("-C").arg(root).args(arguments))
                .map(|text| text.trim().to_owned())
        };
        Self {
            started: utc::rfc3339(settings.started),
            toolchain: machine.rustc.clone(),
            host: Host::of(machine),
            commit: git(&["rev-parse", "HEAD"]).filter(|commit| !commit.is_empty()),
            dirty: git(&["status", "--porcelain"]).map(|changes| !changes.is_empty()),
            options: Options::of(settings),
            load_average_start: load_average(),
            ..Self::default()
        }
    }

    /// Adds what is known only when it ends.
    pub(super) fn end(&mut self, interrupted: bool) {
        self.ended = utc::rfc3339(utc::now());
        self.interrupted = interrupted;
        self.load_average_end = load_average();
    }

    /// Writes it into `folder`.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        fs::write(folder.join(NAME), serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads the one of `folder`.
    ///
    /// # Errors
    /// There is none, or it is not understood.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let bad = |error: String| Error::Usage(format!("{}: {error}", path.display()));
        let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}

impl Options {
    fn of(settings: &Settings) -> Self {
        Self {
            quick: settings.quick,
            workloads: settings.workloads.clone(),
            paradigms: settings.paradigms.clone(),
            executors: settings.executors.clone(),
            workers: settings.workers.clone(),
            parts: settings.parts,
            samples: settings.samples,
            seed: settings.seed,
            budget_seconds: settings.budget.as_secs(),
            timeout_seconds: settings.timeout.as_secs(),
            corpus_bytes: settings.corpus.as_ref().and_then(|path| Some(fs::metadata(path).ok()?.len())),
        }
    }
}

impl Host {
    fn of(machine: Machine) -> Self {
        Self {
            cpu: machine.cpu,
            cores: machine.cores,
            cores_online: fs::read_to_string("/proc/cpuinfo")
                .ok()
                .map(|text| text.lines().filter(|line| line.starts_with("processor")).count()),
            smt: line("/sys/devices/system/cpu/smt/active").map(|active| active == "1"),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_bytes: (machine.memory_bytes > 0).then_some(machine.memory_bytes),
            kernel: line("/proc/sys/kernel/osrelease"),
            architecture: machine.arch.to_owned(),
            cgroup_quota: line("/sys/fs/cgroup/cpu.max"),
            numa_nodes: fs::read_dir("/sys/devices/system/node").ok().map(|entries| {
                let names = entries.flatten().map(|entry| entry.file_name());
                names.filter(|name| is_node(&name.to_string_lossy())).count()
            }),
        }
    }
}

fn is_node(name: &str) -> bool {
    name.strip_prefix("node").is_some_and(|number| number.parse::<usize>().is_ok())
}

fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn load_average() -> Option<[f64; 3]> {
    let text = line("/proc/loadavg")?;
    let mut numbers = text.split(' ').map(|word| word.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}
