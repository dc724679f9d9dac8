//! `cargo xtask bench-all`: one workload, every paradigm, honest numbers.
//!
//! The order of the files is the order of a run: flags are checked before anything is built ([`settings`]),
//! programs are built ([`build`]), asked what they can do ([`catalogue`]),
//! planned ([`plan`]), run in shuffled rounds ([`rounds`], [`metg`]), judged ([`analysis`], [`messages`], [`statistics`]),
//! compared with an earlier run ([`baseline`]), written down ([`journal`], [`manifest`]) and shown ([`table`], [`html`]).
//! Every [`call`] of a program is verified before its times count.

mod analysis;
mod baseline;
mod budget;
mod build;
mod call;
mod catalogue;
mod contract;
mod html;
mod journal;
mod manifest;
mod messages;
mod metg;
mod output;
mod plan;
mod progress;
mod random;
mod rounds;
mod row;
mod session;
mod settings;
mod statistics;
mod table;
mod units;
mod utc;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Error;
use crate::exit::Exit;
use crate::flags::seconds;
use crate::workspace::Workspace;

/// Arguments of `bench-all`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// Small inputs; at most three minutes for everything, once it is built
    #[arg(long)]
    quick: bool,
    /// Only this workload; may be given again
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<String>,
    /// Only this paradigm, beside the serial baseline; may be given again
    #[arg(long = "paradigm", value_name = "NAME")]
    paradigms: Vec<String>,
    /// Only this executor, beside the serial baseline; may be given again
    #[arg(long = "executor", value_name = "NAME")]
    executors: Vec<String>,
    /// Worker counts [default: the powers of two up to the machine's cores, and the cores]
    #[arg(long, value_name = "1,2,…", value_delimiter = ',')]
    workers: Vec<usize>,
    /// Chunks that every executor gets
    #[arg(long, value_name = "N", default_value_t = 16)]
    parts: usize,
    /// Samples to aim at per configuration [default: 30, or 12 with --quick]
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Where to write, beside which `latest` points there [default: target/bench-all/TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// An earlier run to compare with; exit code 3 when something got slower beyond the noise
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// A text for the workloads that count words
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// Seed of the order and of the bootstrap [default: the clock]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Seconds that the whole run may take once built [default: 2400, or 150 with --quick]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    budget: Option<Duration>,
    /// Seconds that one call of a program may take [default: 300, or 20 with --quick]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Install what is missing first
    #[arg(long)]
    setup: bool,
    /// Open the report in a browser
    #[arg(long)]
    open: bool,
    /// A program that is built already, instead of those that cargo finds; may be given again
    #[arg(long = "program", value_name = "PARADIGM=PATH", hide = true)]
    programs: Vec<String>,
}

/// Measures, writes and shows.
///
/// # Errors
/// There is nothing to show, or Ctrl-C came: then what was measured until then is written.
pub(crate) fn run(workspace: &Workspace, flags: &Flags) -> Result<Exit, Error> {
    session::measure(workspace, flags)
}

/// Writes `report.html` again from the `manifest.json` and `results.jsonl` of a folder.
///
/// # Errors
/// The folder is not one that `bench-all` wrote, or cannot be written to.
pub(crate) fn report(dir: &Path) -> Result<(), Error> {
    println!("{}", output::render(dir)?.display());
    Ok(())
}
