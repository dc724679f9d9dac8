//! Building the bench programs: what does not build costs its rows and nothing else.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::row::AbsentRow;
use crate::error::Error;
use crate::features::{self, Choice, Obstacle};
use crate::group::{self, Output};
use crate::workspace::{self, Package, Paradigm, Workspace};

/// The package whose programs measure the paradigms.
const PACKAGE: &str = "par-benches";
const LIMIT: Duration = Duration::from_hours(1);

/// A program that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) paradigm: String,
    pub(super) path: PathBuf,
}

/// Builds the programs of `paradigms`, all at once, and one by one where that fails.
///
/// # Errors
/// The workspace's metadata cannot be understood, cargo does not start, or Ctrl-C.
pub(super) fn build(
    workspace: &Workspace,
    paradigms: &[Paradigm],
) -> Result<(Vec<Program>, Vec<AbsentRow>), Error> {
    let choices = features::choices(workspace)?;
    let benches = workspace.package(PACKAGE);
    let (mut programs, mut absent, mut buildable) = (Vec::new(), Vec::new(), Vec::new());
    for paradigm in paradigms {
        match obstacle(benches, paradigm, &choices) {
            Some(obstacle) => absent.push(without(paradigm, obstacle)),
            None => buildable.push(paradigm),
        }
    }
    let features = features::arguments(&choices);
    let names: Vec<&str> = buildable.iter().map(|paradigm| paradigm.bench).collect();
    let all_built = names.is_empty()
        || group::run(&mut cargo(workspace, &features, &names), LIMIT, Output::Inherit)?.success();
    for paradigm in buildable {
        match if all_built { Ok(()) } else { build_one(workspace, &features, paradigm.bench)? } {
            Ok(()) => programs.push(Program {
                paradigm: paradigm.name.to_owned(),
                path: workspace.target.join("release").join(paradigm.bench),
            }),
            Err(reason) => absent.push(without(
                paradigm,
                Obstacle {
                    reason: format!("does not build: {reason}"),
                    remedy: format!("cargo build --release -p {PACKAGE} --bin {} shows why", paradigm.bench),
                },
            )),
        }
    }
    Ok((programs, absent))
}

/// Why a paradigm's program is not even tried.
fn obstacle(benches: Option<&Package>, paradigm: &Paradigm, choices: &[Choice]) -> Option<Obstacle> {
    let program = benches.and_then(|benches| Some((benches, benches.program(paradigm.bench)?)));
    match program {
        Some((benches, program)) => features::obstacle(choices, benches, &program.required_features),
        None => Some(Obstacle {
            reason: format!("{PACKAGE} has no program {}", paradigm.bench),
            remedy: format!("write benches/src/bin/{}.rs, see benches/README.md", paradigm.bench),
        }),
    }
}

fn without(paradigm: &Paradigm, Obstacle { reason, remedy }: Obstacle) -> AbsentRow {
    AbsentRow { paradigm: paradigm.name.to_owned(), executor: "*".to_owned(), reason, remedy }
}

/// Builds one program, with the features of this machine and, where that fails, without.
fn build_one(workspace: &Workspace, features: &[String], bench: &str) -> Result<Result<(), String>, Error> {
    let mut tries = vec![features];
    if !features.is_empty() {
        tries.push(&[]);
    }
    let mut reason = String::new();
    for features in tries {
        eprintln!("building {bench} {}", features.join(" "));
        let mut cargo = cargo(workspace, features, &[bench]);
        cargo.args(["--quiet", "--message-format", "short"]);
        let ended = group::run(&mut cargo, LIMIT, Output::Apart)?;
        match ended.failure() {
            None => return Ok(Ok(())),
            Some(how) => reason = first_error(&ended.complaint).unwrap_or(how),
        }
    }
    Ok(Err(reason))
}

/// As `cargo xtask build` and `examples` build, so that none of them builds anew what another has built.
fn cargo(workspace: &Workspace, features: &[String], programs: &[&str]) -> Command {
    let mut cargo = workspace::cargo();
    cargo.current_dir(&workspace.root).args(["build", "--release", "--workspace"]).args(features);
    for program in programs {
        cargo.args(["--bin", program]);
    }
    cargo
}

/// The first line that says `error`, which is the one that matters.
fn first_error(complaint: &str) -> Option<String> {
    let line = complaint.lines().find(|line| line.contains("error")).or_else(|| complaint.lines().last())?;
    Some(line.trim().chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need;

    #[test]
    fn the_first_error_is_the_reason() {
        assert_eq!(
            first_error("warning: x\nsrc/a.rs:1:1: error[E0425]: no x\nerror: could not").unwrap(),
            "src/a.rs:1:1: error[E0425]: no x"
        );
        assert_eq!(first_error(""), None);
    }

    #[test]
    fn what_is_not_tried_says_why_and_what_helps() {
        let workspace = Workspace::parse(
            r#"{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {"name":"par-benches","manifest_path":"/w/b/Cargo.toml","dependencies":[],"features":{"mpi":[]},
                 "metadata":{"par":{"features":{"mpi":"mpi"}}},"targets":[
                 {"name":"bench-mpi","kind":["bin"],"src_path":"/w/b/m.rs","required-features":["mpi"]}]},
                {"name":"par-mpi","manifest_path":"/w/m/Cargo.toml","dependencies":[],"targets":[],
                 "metadata":{"par":{"paradigm":"mpi","bench":"bench-mpi"}}},
                {"name":"par-new","manifest_path":"/w/n/Cargo.toml","dependencies":[],"targets":[],
                 "metadata":{"par":{"paradigm":"new","bench":"bench-new"}}}]}"#,
        )
        .unwrap();
        let choice = |missing: Option<&str>| Choice {
            package: "par-benches".to_owned(),
            feature: "mpi".to_owned(),
            need: need::find("mpi").unwrap(),
            missing: missing.map(str::to_owned),
        };
        let obstacle = |index: usize, missing| {
            let paradigm = workspace.paradigms()[index];
            obstacle(workspace.package(PACKAGE), &paradigm, &[choice(missing)])
        };
        assert_eq!(obstacle(0, None), None);
        let no_mpi = obstacle(0, Some("no mpirun")).unwrap();
        assert!(
            no_mpi.reason.contains("no mpirun") && no_mpi.remedy.contains("cargo xtask setup"),
            "{no_mpi}"
        );
        assert!(obstacle(1, None).unwrap().remedy.contains("benches/src/bin/bench-new.rs"));
    }
}
