//! Drives par: `cargo xtask doctor|setup|build|test|examples|bench-all|tidy|new|ci`.
//!
//! It depends on no par crate, so that it runs when they do not build.
//! Exit codes: 0 done; 1 something failed; 2 the command line cannot be obeyed, with one line that says what can be.

#![forbid(unsafe_code)]

mod bench_all;
mod error;
mod features;
mod flags;
mod group;
mod need;
mod probe;
mod setup;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::error::Error;
use crate::flags::{Command, Xtask};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let xtask = match Xtask::try_parse() {
        Ok(xtask) => xtask,
        Err(error) => return refuse(&error),
    };
    group::end_all_on_ctrl_c().and_then(|()| dispatch(&xtask.command)).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.exit_code()
    })
}

fn dispatch(command: &Command) -> Result<ExitCode, Error> {
    match command {
        Command::Setup(flags) => setup::run(&Workspace::load()?, *flags).map(|()| ExitCode::SUCCESS),
        Command::BenchAll(flags) => Ok(bench_all::run(flags)),
        _ => Err(Error::Failed("not yet".to_owned())),
    }
}

/// Shows help as clap makes it, and every refusal as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe behind --help is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", one_line(&error.to_string()));
    ExitCode::from(2)
}

/// What clap says before it comes to the usage, on one line.
fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    parts.join(" ")
}
