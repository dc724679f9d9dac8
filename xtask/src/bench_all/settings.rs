//! The flags, checked before anything is built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Flags;
use super::baseline::Baseline;
use super::{output, units, utc};

/// Why a run ends without results.
#[derive(Debug)]
pub(super) enum Stop {
    /// What was asked for cannot be: one line that names what can.
    BadInput(String),
    /// Nothing could be measured.
    Broken(String),
    /// Ctrl-C before there was anything to write.
    Interrupted,
}

impl Stop {
    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::BadInput(message) | Self::Broken(message) => Some(message),
            Self::Interrupted => None,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::BadInput(_) => 2,
            Self::Broken(_) => 1,
            Self::Interrupted => 130,
        })
    }
}

/// A run's parameters, all of them valid.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) quick: bool,
    pub(super) workloads: Vec<String>,
    pub(super) paradigms: Vec<String>,
    pub(super) executors: Vec<String>,
    pub(super) cores: usize,
    pub(super) workers: Vec<usize>,
    pub(super) parts: usize,
    pub(super) samples: usize,
    pub(super) seed: u64,
    pub(super) budget: Duration,
    pub(super) timeout: Duration,
    pub(super) corpus: Option<PathBuf>,
    pub(super) baseline: Option<Baseline>,
    pub(super) programs: Vec<(String, PathBuf)>,
    pub(super) started: u64,
}

impl Settings {
    /// Checks `flags` against this machine.
    ///
    /// # Errors
    /// The first flag that makes no sense, in one line.
    pub(super) fn check(flags: &Flags) -> Result<Self, Stop> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let started = utc::now();
        Ok(Self {
            quick: flags.quick,
            workloads: flags.workloads.clone(),
            paradigms: flags.paradigms.clone(),
            executors: flags.executors.clone(),
            cores,
            workers: worker_counts(&flags.workers, cores)?,
            parts: positive("--parts", flags.parts)?,
            samples: positive("--samples", flags.samples.unwrap_or(if flags.quick { 12 } else { 30 }))?,
            seed: flags.seed.unwrap_or_else(seed_of_the_clock),
            budget: seconds("--budget", flags.budget, if flags.quick { 150 } else { 2400 })?,
            timeout: seconds("--timeout", flags.timeout, if flags.quick { 20 } else { 300 })?,
            corpus: flags.corpus.as_deref().map(readable_file).transpose()?,
            baseline: flags.baseline.as_deref().map(Baseline::read).transpose().map_err(Stop::BadInput)?,
            programs: flags.programs.iter().map(|text| program(text)).collect::<Result<_, _>>()?,
            started,
        })
    }

    /// Makes sure that the results can be written, and says where.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub(super) fn folder(&self, flags: &Flags, target: &Path) -> Result<PathBuf, Stop> {
        let default = || target.join("bench-all").join(utc::folder(self.started));
        let folder = flags.out.clone().unwrap_or_else(default);
        output::make_writable(&folder).map_err(|error| {
            Stop::BadInput(format!("--out {}: cannot be written: {error}", folder.display()))
        })?;
        Ok(folder)
    }
}

fn worker_counts(asked: &[usize], cores: usize) -> Result<Vec<usize>, Stop> {
    if asked.contains(&0) {
        return Err(Stop::BadInput(format!("--workers 0: give counts from 1 to {cores}")));
    }
    if let Some(beyond) = asked.iter().find(|count| **count > cores) {
        return Err(Stop::BadInput(format!(
            "--workers {beyond}: this process may use {}, and more workers than cores are no scaling; give counts from 1 to {cores}",
            units::count(cores, "core")
        )));
    }
    let mut counts = asked.to_vec();
    if counts.is_empty() {
        counts.extend((0..).map(|power| 1 << power).take_while(|count| *count < cores));
        counts.push(cores);
    }
    counts.sort_unstable();
    counts.dedup();
    Ok(counts)
}

fn positive(flag: &str, value: usize) -> Result<usize, Stop> {
    if value == 0 { Err(Stop::BadInput(format!("{flag} 0: give a number of at least 1"))) } else { Ok(value) }
}

fn seconds(flag: &str, asked: Option<u64>, default: u64) -> Result<Duration, Stop> {
    match asked {
        Some(0) => Err(Stop::BadInput(format!("{flag} 0: give a number of seconds of at least 1"))),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Ok(Duration::from_secs(default)),
    }
}

fn readable_file(path: &Path) -> Result<PathBuf, Stop> {
    let bad = |why: String| Stop::BadInput(format!("--corpus {}: {why}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| bad(error.to_string()))?;
    if !metadata.is_file() {
        return Err(bad("is not a file".to_owned()));
    }
    fs::File::open(path).map_err(|error| bad(error.to_string()))?;
    fs::canonicalize(path).map_err(|error| bad(error.to_string()))
}

fn program(text: &str) -> Result<(String, PathBuf), Stop> {
    let (paradigm, path) = text
        .split_once('=')
        .ok_or_else(|| Stop::BadInput(format!("--program {text}: give PARADIGM=PATH")))?;
    Ok((paradigm.to_owned(), readable_program(path)?))
}

fn readable_program(path: &str) -> Result<PathBuf, Stop> {
    std::path::absolute(path)
        .ok()
        .filter(|path| path.is_file())
        .ok_or_else(|| Stop::BadInput(format!("--program {path}: is not a file")))
}

fn seed_of_the_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_micros() as u64 % 1_000_000_007)
}

#[cfg(test)]
mod tests {
    use super::{Settings, worker_counts};
    use crate::bench_all::Flags;

    #[test]
    fn counts_are_powers_of_two_and_the_cores() {
        assert_eq!(worker_counts(&[], 1).unwrap(), [1]);
        assert_eq!(worker_counts(&[], 2).unwrap(), [1, 2]);
        assert_eq!(worker_counts(&[], 6).unwrap(), [1, 2, 4, 6]);
        assert_eq!(worker_counts(&[], 8).unwrap(), [1, 2, 4, 8]);
        assert_eq!(worker_counts(&[3, 1, 3], 4).unwrap(), [1, 3]);
    }

    #[test]
    fn bad_counts_are_one_line_that_names_the_good_ones() {
        for bad in [0, 9] {
            let stop = worker_counts(&[1, bad], 8).unwrap_err();
            let message = stop.message().unwrap();
            assert!(message.contains("from 1 to 8") && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn what_is_missing_is_bad_input() {
        let flags = Flags { parts: 1, corpus: Some("/no/such/text".into()), ..Flags::default() };
        assert!(
            Settings::check(&flags).unwrap_err().message().unwrap().starts_with("--corpus /no/such/text")
        );
        let flags = Flags { parts: 1, baseline: Some("/no/such/run".into()), ..Flags::default() };
        assert!(
            Settings::check(&flags).unwrap_err().message().unwrap().starts_with("--baseline /no/such/run")
        );
        let flags = Flags { parts: 0, ..Flags::default() };
        assert!(Settings::check(&flags).unwrap_err().message().unwrap().starts_with("--parts 0"));
    }
}
