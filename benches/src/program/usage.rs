//! The command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::catalogue::Size;
use crate::taskgraph::Pattern;

/// Runs the standard workloads under one paradigm, and prints JSON lines; see benches/README.md.
#[derive(Debug, Parser)]
struct Usage {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the workloads, the task-graph patterns and the executors.
    List,
    /// Run a workload on an executor, verify every answer, and print a line per sample.
    Run(RunArgs),
    /// Search the shortest task that an executor runs at half of the peak.
    Metg(MetgArgs),
    /// Print the nanoseconds per iteration of the task graphs' kernel.
    Peak,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[arg(long)]
    pub(super) executor: String,
    #[arg(long)]
    pub(super) workload: String,
    #[arg(long, default_value_t)]
    pub(super) size: Size,
    /// As many as the machine has cores, if nothing is said.
    #[arg(long)]
    pub(super) workers: Option<NonZeroUsize>,
    /// Eight per worker, if nothing is said.
    #[arg(long)]
    pub(super) parts: Option<NonZeroUsize>,
    #[arg(long, default_value = "1")]
    pub(super) samples: NonZeroUsize,
    #[arg(long, default_value_t = 0)]
    pub(super) warmups: usize,
    /// Print when and where each chunk of the last sample ran.
    #[arg(long)]
    pub(super) spans: bool,
    /// A text, or a directory of texts, for the workloads that read one.
    #[arg(long)]
    pub(super) corpus: Option<PathBuf>,
    /// How long a run may take, in seconds.
    #[arg(long, allow_negative_numbers = true, value_parser = seconds, default_value = "600")]
    pub(super) timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct MetgArgs {
    #[arg(long)]
    pub(super) executor: String,
    #[arg(long)]
    pub(super) pattern: Pattern,
    /// As many as the machine has cores, if nothing is said.
    #[arg(long)]
    pub(super) workers: Option<NonZeroUsize>,
    /// The common peak; measured, if nothing is said.
    #[arg(long, allow_negative_numbers = true, value_parser = positive)]
    pub(super) ns_per_iteration: Option<f64>,
    /// How long to search, in seconds.
    #[arg(long, allow_negative_numbers = true, value_parser = seconds, default_value = "4")]
    pub(super) budget: Duration,
}

/// What the command line says.
pub(super) enum Parsed {
    Command(Command),
    /// Help was asked for.
    Help(String),
    /// One line that says what is wrong and what would be right.
    Wrong(String),
}

pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    match Usage::try_parse_from(arguments) {
        Ok(usage) => Parsed::Command(usage.command),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Parsed::Help(error.to_string()),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Parsed::Wrong("no command; choose list, run, metg or peak".to_owned())
            }
            ErrorKind::InvalidSubcommand => Parsed::Wrong(format!(
                "{}; choose list, run, metg or peak",
                one_line(&error.to_string()).split(" tip:").next().unwrap_or_default()
            )),
            _ => Parsed::Wrong(one_line(&error.to_string())),
        },
    }
}

/// clap's paragraphs without the usage and the pointer to the help.
fn one_line(text: &str) -> String {
    let said = text.split("\n\nUsage:").next().unwrap_or(text).split("\n\nFor more").next().unwrap_or(text);
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn seconds(text: &str) -> Result<Duration, String> {
    positive(text).and_then(|seconds| Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()))
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("not a number above 0".to_owned()),
    }
}
