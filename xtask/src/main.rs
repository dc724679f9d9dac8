//! Drives par: `cargo xtask doctor|setup|build|test|examples|bench-all|tidy|new|ci`.
//!
//! It depends on no par crate, so that it runs when they do not build.
//! Exit codes: 0 done; 1 something failed; 2 the command line cannot be obeyed, with one line that says what can be.

#![forbid(unsafe_code)]

mod bench_all;
mod build;
mod ci;
mod doctor;
mod error;
mod examples;
mod features;
mod flags;
mod group;
mod guardian;
mod need;
mod new;
mod probe;
mod setup;
mod tally;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::error::Error;
use crate::flags::{Command, Xtask};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let xtask = match Xtask::try_parse() {
        Ok(xtask) => xtask,
        Err(error) => return refuse(&error),
    };
    dispatch(&xtask.command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.exit_code()
    })
}

fn dispatch(command: &Command) -> Result<ExitCode, Error> {
    let done = |()| ExitCode::SUCCESS;
    let passed = |passed| if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let workspace = || group::end_all_on_ctrl_c().and_then(|()| Workspace::load());
    match command {
        // They find their programs by themselves, and on Ctrl-C still write a report.
        Command::BenchAll(flags) => Ok(bench_all::run(flags)),
        Command::Report(flags) => Ok(bench_all::report(&flags.dir)),
        Command::Doctor => doctor::run(&workspace()?).map(done),
        Command::Setup(flags) => setup::run(&workspace()?, *flags).map(done),
        Command::Build(flags) => build::run(&workspace()?, flags).map(done),
        Command::Test(flags) => test::run(&workspace()?, flags).map(passed),
        Command::Examples(flags) => examples::run(&workspace()?, flags).map(passed),
        Command::Tidy => tidy::run(&workspace()?).map(passed),
        Command::New(flags) => new::run(&workspace()?, flags).map(done),
        Command::Ci => ci::run(&workspace()?).map(done),
    }
}

/// Shows help as clap makes it, and every refusal as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe behind --help is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", one_line(error));
    ExitCode::from(2)
}

/// What clap says before it comes to the usage, on one line, with the commands where none was understood.
fn one_line(error: &clap::Error) -> String {
    let commands = || {
        let names: Vec<String> =
            Xtask::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        names.join(", ")
    };
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return format!("error: a command is wanted: {}", commands());
    }
    let text = error.to_string();
    let mut parts: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    if error.kind() == ErrorKind::InvalidSubcommand {
        parts.push(format!("commands: {}", commands()));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        one_line(&Xtask::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn refusals_are_one_line_that_names_what_is_valid() {
        for arguments in [
            &["xtask"][..],
            &["xtask", "docter"],
            &["xtask", "doctor", "--loud"],
            &["xtask", "examples", "--timeout", "soon"],
            &["xtask", "new"],
        ] {
            let line = refusal(arguments);
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(line.starts_with("error: "), "{line}");
        }
        assert!(refusal(&["xtask"]).contains("doctor, setup"));
        assert!(refusal(&["xtask", "docter"]).contains("commands: doctor, setup"));
        assert!(refusal(&["xtask", "examples", "--timeout", "soon"]).contains("from 1 to 86400"));
    }
}
