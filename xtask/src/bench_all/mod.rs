//! `cargo xtask bench-all`: one workload, every paradigm, honest numbers.
//!
//! The order of the files is the order of a run: flags are checked before anything is built ([`settings`]),
//! programs are found and built ([`discover`], [`build`]), asked what they can do ([`catalogue`]),
//! planned ([`plan`]), run in shuffled rounds ([`rounds`], [`metg`]), judged ([`analysis`], [`statistics`]),
//! written down ([`journal`], [`manifest`]) and shown ([`table`], [`html`]).
//! A child never outlives its call: see [`child`].

mod analysis;
mod baseline;
mod budget;
mod build;
mod catalogue;
mod child;
mod contract;
mod discover;
mod html;
mod interrupt;
mod journal;
mod manifest;
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
use std::process::ExitCode;

/// What `cargo xtask bench-all` may be told.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// Small inputs, at most three minutes for everything once it is built.
    #[arg(long)]
    quick: bool,
    /// Only this workload (may be given again).
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<String>,
    /// Only this paradigm beside the serial baseline (may be given again).
    #[arg(long = "paradigm", value_name = "NAME")]
    paradigms: Vec<String>,
    /// Only this executor beside the serial baseline (may be given again).
    #[arg(long = "executor", value_name = "NAME")]
    executors: Vec<String>,
    /// Worker counts; the default is the powers of two up to the machine's cores, and the cores.
    #[arg(long, value_name = "1,2,…", value_delimiter = ',')]
    workers: Vec<usize>,
    /// Chunks that every executor gets.
    #[arg(long, value_name = "P", default_value_t = 16)]
    parts: usize,
    /// Samples to aim at per configuration: 30, or 12 with --quick.
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Where to write; the default is target/bench-all/TIME, and `latest` points there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// An earlier run to compare with: exit code 3 when something got slower beyond the noise.
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// A text for the workloads that count words.
    #[arg(long, value_name = "PATH")]
    corpus: Option<PathBuf>,
    /// Seed of the order and of the bootstrap; the default is the clock.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Seconds the whole run may take once built: 150 with --quick, else 2400.
    #[arg(long, value_name = "SECONDS")]
    budget: Option<u64>,
    /// Seconds one call of a program may take: 20 with --quick, else 300.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Installs what is missing first, as `cargo xtask setup` does.
    #[arg(long)]
    setup: bool,
    /// Opens the report in a browser.
    #[arg(long)]
    open: bool,
    /// A program that is built already, instead of those that cargo finds (may be given again).
    #[arg(long = "program", value_name = "PARADIGM=PATH", hide = true)]
    programs: Vec<String>,
}

/// Measures, writes and shows.
///
/// The exit code is 0 when every answer that ran was verified, 1 when something failed, 2 on bad input,
/// 3 when something is slower than `--baseline` beyond the noise, 130 after Ctrl-C.
pub(crate) fn run(flags: &Flags) -> ExitCode {
    match session::measure(flags) {
        Ok(finished) => finished.exit_code(),
        Err(stop) => {
            if let Some(message) = stop.message() {
                eprintln!("error: {message}");
            }
            stop.exit_code()
        }
    }
}

/// Writes `report.html` again from the `manifest.json` and `results.jsonl` of a folder.
pub(crate) fn report(dir: &Path) -> ExitCode {
    match output::render(dir) {
        Ok(path) => {
            println!("{}", path.display());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
