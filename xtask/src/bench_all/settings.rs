//! The flags, checked before anything is built.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Flags;
use super::baseline::Baseline;
use super::{output, units, utc};
use crate::error::Error;

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
    pub(super) fn check(flags: &Flags) -> Result<Self, Error> {
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
            budget: flags.budget.unwrap_or(Duration::from_secs(if flags.quick { 150 } else { 2400 })),
            timeout: flags.timeout.unwrap_or(Duration::from_secs(if flags.quick { 20 } else { 300 })),
            corpus: flags.corpus.as_deref().map(readable_file).transpose()?,
            baseline: flags.baseline.as_deref().map(Baseline::read).transpose()?,
            programs: flags.programs.iter().map(|text| program(text)).collect::<Result<_, _>>()?,
            started,
        })
    }

    /// Makes sure that the results can be written, and says where.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub(super) fn folder(&self, flags: &Flags, target: &Path) -> Result<PathBuf, Error> {
        let default = || target.join("bench-all").join(utc::folder(self.started));
        let folder = flags.out.clone().unwrap_or_else(default);
        output::make_writable(&folder).map_err(|error| {
            Error::Usage(format!("--out {}: cannot be written: {error}", folder.display()))
        })?;
        Ok(folder)
    }
}

fn worker_counts(asked: &[usize], cores: usize) -> Result<Vec<usize>, Error> {
    if asked.contains(&0) {
        return Err(Error::Usage(format!("--workers 0: give counts from 1 to {cores}")));
    }
    if let Some(beyond) = asked.iter().find(|count| **count > cores) {
        return Err(Error::Usage(format!(
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

fn positive(flag: &str, value: usize) -> Result<usize, Error> {
    if value == 0 { Err(Error::Usage(format!("{flag} 0: give a number of at least 1"))) } else { Ok(value) }
}

fn readable_file(path: &Path) -> Result<PathBuf, Error> {
    let bad = |why: String| Error::Usage(format!("--corpus {}: {why}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| bad(error.to_string()))?;
    if !metadata.is_file() {
        return Err(bad("is not a file".to_owned()));
    }
    fs::File::open(path).map_err(|error| bad(error.to_string()))?;
    fs::canonicalize(path).map_err(|error| bad(error.to_string()))
}

fn program(text: &str) -> Result<(String, PathBuf), Error> {
    let (paradigm, path) =
        text.split_once('=').ok_or_else(|| Error::Usage(format!("--program {text}: give PARADIGM=PATH")))?;
    Ok((paradigm.to_owned(), readable_program(path)?))
}

fn readable_program(path: &str) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .ok()
        .filter(|path| path.is_file())
        .ok_or_else(|| Error::Usage(format!("--program {path}: is not a file")))
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
            let message = worker_counts(&[1, bad], 8).unwrap_err().to_string();
            assert!(message.contains("from 1 to 8") && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn what_is_missing_is_bad_input() {
        let refusal = |flags: Flags| Settings::check(&flags).unwrap_err().to_string();
        let flags = Flags { parts: 1, ..Flags::default() };
        let corpus = Some("/no/such/text".into());
        assert!(refusal(Flags { corpus, ..flags.clone() }).starts_with("--corpus /no/such/text"));
        let baseline = Some("/no/such/run".into());
        assert!(refusal(Flags { baseline, ..flags.clone() }).starts_with("--baseline /no/such/run"));
        assert!(refusal(Flags { parts: 0, ..flags }).starts_with("--parts 0"));
    }
}
