//! Drives par: setup, builds, tests, examples and the cross-paradigm benchmark.
#![forbid(unsafe_code)]

mod bench_all;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Drives par.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Command {
    /// Measures every workload under every paradigm and writes the report.
    BenchAll(Box<bench_all::Flags>),
    /// Writes report.html again from a folder's manifest.json and results.jsonl.
    Report {
        /// The folder that bench-all wrote.
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::BenchAll(flags) => bench_all::run(&flags),
        Command::Report { dir } => bench_all::report(&dir),
    }
}
