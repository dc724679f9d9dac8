//! Building the bench programs: what does not build costs its rows and nothing else.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::child::{self, End};
use super::discover::{Paradigm, Workspace};
use super::row::AbsentRow;
use super::settings::Stop;

/// A program that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) paradigm: String,
    pub(super) path: PathBuf,
}

const PATIENCE: Duration = Duration::from_hours(1);

/// Builds the programs of `paradigms`, all at once, and one by one where that fails.
///
/// # Errors
/// Ctrl-C.
pub(super) fn build(
    workspace: &Workspace,
    paradigms: &[&Paradigm],
) -> Result<(Vec<Program>, Vec<AbsentRow>), Stop> {
    let (known, unknown): (Vec<&Paradigm>, Vec<&Paradigm>) = paradigms.iter().partition(|p| p.has_program);
    let mut absent: Vec<AbsentRow> = unknown.into_iter().map(without_program).collect();
    let mut programs = Vec::new();
    let plain: Vec<&Paradigm> = known.iter().copied().filter(|p| p.features.is_empty()).collect();
    let at_once = build_all(workspace, &plain)?;
    for paradigm in known {
        let is_built = at_once && paradigm.features.is_empty();
        match if is_built { Ok(()) } else { build_one(workspace, paradigm)? } {
            Ok(()) => programs.push(Program {
                paradigm: paradigm.name.clone(),
                path: workspace.target.join("release").join(&paradigm.bench),
            }),
            Err(reason) => absent.push(AbsentRow {
                paradigm: paradigm.name.clone(),
                executor: "*".to_owned(),
                reason,
                remedy: format!("cargo build --release -p par-benches --bin {} shows why", paradigm.bench),
            }),
        }
    }
    Ok((programs, absent))
}

fn without_program(paradigm: &Paradigm) -> AbsentRow {
    AbsentRow {
        paradigm: paradigm.name.clone(),
        executor: "*".to_owned(),
        reason: format!("par-benches has no program {}", paradigm.bench),
        remedy: format!("write benches/src/bin/{}.rs, see benches/README.md", paradigm.bench),
    }
}

/// True when everything was built; cargo's own messages go to the terminal.
fn build_all(workspace: &Workspace, paradigms: &[&Paradigm]) -> Result<bool, Stop> {
    if paradigms.is_empty() {
        return Ok(true);
    }
    let mut cargo = cargo(workspace);
    for paradigm in paradigms {
        cargo.args(["--bin", &paradigm.bench]);
    }
    match child::run_shown(&mut cargo)
        .map_err(|error| Stop::Broken(format!("cargo does not start: {error}")))?
    {
        End::Interrupted => Err(Stop::Interrupted),
        End::Exited(status) => Ok(status.success()),
        End::TimedOut(_) | End::Flooded(_) => Ok(false),
    }
}

/// Builds one program, with its features and, where that fails, without.
fn build_one(workspace: &Workspace, paradigm: &Paradigm) -> Result<Result<(), String>, Stop> {
    let mut tries = vec![paradigm.features.as_slice()];
    if !paradigm.features.is_empty() {
        tries.push(&[]);
    }
    let mut reason = String::new();
    for features in tries {
        eprintln!("building {} {}", paradigm.bench, features.join(" "));
        let mut cargo = cargo(workspace);
        cargo.args(["--quiet", "--message-format", "short", "--bin", &paradigm.bench]);
        if !features.is_empty() {
            cargo.args(["--features", &features.join(",")]);
        }
        let finished = child::run(&mut cargo, PATIENCE)
            .map_err(|error| Stop::Broken(format!("cargo does not start: {error}")))?;
        if finished.interrupted() {
            return Err(Stop::Interrupted);
        }
        if finished.failure().is_none() {
            return Ok(Ok(()));
        }
        reason = first_error(&finished.stderr);
    }
    Ok(Err(format!("does not build: {reason}")))
}

fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&workspace.root).args(["build", "--release", "--package", "par-benches"]);
    cargo
}

/// The first line that says `error`, which is the one that matters.
fn first_error(stderr: &str) -> String {
    let line = stderr.lines().find(|line| line.contains("error")).or_else(|| stderr.lines().last());
    line.unwrap_or("cargo said nothing").trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::first_error;

    #[test]
    fn the_first_error_is_the_reason() {
        assert_eq!(
            first_error("warning: x\nsrc/a.rs:1:1: error[E0425]: no x\nerror: could not"),
            "src/a.rs:1:1: error[E0425]: no x"
        );
        assert_eq!(first_error(""), "cargo said nothing");
    }
}
