//! Drives par: `cargo xtask doctor|setup|build|test|examples|mpirun|bench-all|tidy|new|ci`.
//!
//! It depends on no par crate, so that it runs when they do not build.
//! Its exit codes are those of [`exit::Exit`].

#![forbid(unsafe_code)]

mod bench_all;
mod build;
mod ci;
mod doctor;
mod error;
mod examples;
mod exit;
mod features;
mod flags;
mod group;
mod mpirun;
mod need;
mod new;
mod probe;
mod setup;
mod tally;
mod test;
mod tidy;
mod workspace;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::error::Error;
use crate::exit::Exit;
use crate::flags::{Command, Xtask};
use crate::workspace::Workspace;

fn main() -> Exit {
    let xtask = match Xtask::try_parse() {
        Ok(xtask) => xtask,
        Err(error) => return refuse(&error),
    };
    group::end_children_on_ctrl_c();
    dispatch(&xtask.command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.exit()
    })
}

fn dispatch(command: &Command) -> Result<Exit, Error> {
    let done = |()| Exit::Done;
    let workspace = Workspace::load;
    let exit = match command {
        Command::Doctor => doctor::run(&workspace()?).map(done),
        Command::Setup(flags) => setup::run(&workspace()?, *flags).map(done),
        Command::Build(flags) => build::run(&workspace()?, flags).map(done),
        Command::Test(flags) => test::run(&workspace()?, flags).map(Exit::passed),
        Command::Examples(flags) => examples::run(&workspace()?, flags).map(Exit::passed),
        Command::Mpirun(flags) => mpirun::run(&workspace()?, flags),
        Command::BenchAll(flags) => bench_all::run(&workspace()?, flags),
        Command::Report(flags) => bench_all::report(&flags.dir).map(done),
        Command::Tidy => tidy::run(&workspace()?).map(Exit::passed),
        Command::New(flags) => new::run(&workspace()?, flags).map(done),
        Command::Ci => ci::run(&workspace()?).map(done),
    }?;
    // What was asked of a child that Ctrl-C has ended looks like an answer.
    if group::is_interrupted() { Err(Error::Interrupted) } else { Ok(exit) }
}

/// Shows help as clap makes it, and every refusal as one line.
fn refuse(error: &clap::Error) -> Exit {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_help || !error.use_stderr() {
        // A closed pipe behind --help is no failure.
        let _ = error.print();
    } else {
        eprintln!("{}", one_line(error));
    }
    if error.use_stderr() { Exit::Refused } else { Exit::Done }
}

/// What clap says before it comes to the usage, on one line, with the commands where none was understood.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut parts: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    if error.kind() == ErrorKind::InvalidSubcommand {
        let names: Vec<String> =
            Xtask::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        parts.push(format!("commands: {}", names.join(", ")));
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
            &["xtask", "docter"][..],
            &["xtask", "doctor", "--loud"],
            &["xtask", "examples", "--timeout", "soon"],
            &["xtask", "new"],
        ] {
            let line = refusal(arguments);
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(line.starts_with("error: "), "{line}");
        }
        assert!(refusal(&["xtask", "docter"]).contains("commands: doctor, setup"));
        assert!(refusal(&["xtask", "examples", "--timeout", "soon"]).contains("from 1 to 86400"));
    }
}
