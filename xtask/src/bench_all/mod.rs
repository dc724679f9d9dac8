//! `cargo xtask bench-all`.

use std::path::Path;
use std::process::ExitCode;

/// Arguments of `bench-all`.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {}

/// Runs every workload under every paradigm.
pub(crate) fn run(_flags: &Flags) -> ExitCode {
    eprintln!("bench-all is not in this build");
    ExitCode::FAILURE
}

/// Writes the report of a folder again.
pub(crate) fn report(_dir: &Path) -> ExitCode {
    eprintln!("bench-all is not in this build");
    ExitCode::FAILURE
}
