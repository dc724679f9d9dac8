//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::exit::EXIT_CODES;
use crate::{bench_all, setup, test};

/// Drives par: setup, builds, tests, examples and the cross-paradigm benchmark.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct Xtask {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what this machine has, what is missing, what that costs and what installs it
    Doctor,
    /// Install what is missing, without asking
    Setup(setup::Flags),
    /// Build every crate with the features that this machine can build
    Build(Build),
    /// Run every check that CI runs, one step after the other
    Test(Test),
    /// Build and run every example; each asserts what it shows
    Examples(Examples),
    /// Build a program and run it as the ranks of an MPI job on this machine
    Mpirun(Mpirun),
    /// Run every workload under every paradigm, verify every answer and write the report
    BenchAll(Box<bench_all::Flags>),
    /// Write a run's report.html again from its manifest.json and results.jsonl
    Report(Report),
    /// Check what compilers do not: layers, names, headers, file lengths
    Tidy,
    /// Make a paradigm crate and its bench program
    New(New),
    /// Run what CI runs, in a fresh clone of HEAD
    Ci,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Build with optimisations, as bench-all and examples do
    #[arg(long)]
    pub(crate) release: bool,
}

#[derive(Debug, Args)]
#[command(after_help = test::steps())]
pub(crate) struct Test {
    /// The steps to run [default: all]
    #[arg(value_name = "STEP")]
    pub(crate) steps: Vec<String>,
    /// A step to leave out; may be given again
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<String>,
    /// Install what is missing first
    #[arg(long)]
    pub(crate) setup: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Examples {
    /// Only examples whose names contain this
    pub(crate) filter: Option<String>,
    /// Seconds that one example may take
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["example", "bin"]))]
pub(crate) struct Mpirun {
    /// How many ranks
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) ranks: NonZeroUsize,
    /// The package that has the program [default: the one that has a program of this name]
    #[arg(short, long, value_name = "PACKAGE")]
    pub(crate) package: Option<String>,
    /// The example that every rank runs
    #[arg(long, value_name = "NAME")]
    pub(crate) example: Option<String>,
    /// The program that every rank runs
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
    /// Build with optimisations
    #[arg(long)]
    pub(crate) release: bool,
    /// Allow more ranks than cores even where there are enough
    #[arg(long)]
    pub(crate) oversubscribe: bool,
    /// Print the commands and run none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Use mpicc.NAME and mpirun.NAME, as Debian calls those of a second MPI, and a target folder of its own
    #[arg(long, value_name = "NAME")]
    pub(crate) mpi: Option<String>,
    /// Seconds that the job may take
    #[arg(long, value_name = "SECONDS", default_value = "86400", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// What the program is given
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The folder that bench-all wrote
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The crate's name, e.g. par-foo
    pub(crate) name: String,
    /// Build it, run its tests, its example and its bench program
    #[arg(long)]
    pub(crate) check: bool,
}

/// A number of seconds with an end.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 86400 is wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Xtask::command().debug_assert();
    }

    #[test]
    fn bench_all_is_a_command() {
        assert!(matches!(
            Xtask::try_parse_from(["xtask", "bench-all"]).unwrap().command,
            Command::BenchAll(_)
        ));
    }

    #[test]
    fn a_timeout_of_nothing_is_refused() {
        assert!(Xtask::try_parse_from(["xtask", "examples", "--timeout", "0"]).is_err());
        assert!(Xtask::try_parse_from(["xtask", "examples", "--timeout", "1"]).is_ok());
    }
}
