//! `cargo xtask examples`: builds every example of every crate once, runs each, and says which passed.
//!
//! An example asserts what it shows, so running it is a test; exit code 0 is a pass.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::features::{self, Choice, Obstacle};
use crate::flags::Examples;
use crate::group::{self, Output};
use crate::mpirun;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

/// A cold release build on a small machine takes minutes; an hour is a hang.
const BUILD_LIMIT: Duration = Duration::from_hours(1);
/// Programs of ranks are run under `mpirun` as so many.
const RANKS: usize = 4;

/// One example of one crate.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    package: String,
    name: String,
    /// Why it is not built here.
    obstacle: Option<Obstacle>,
}

/// Builds and runs the examples whose names contain the filter; true when none failed.
///
/// # Errors
/// No example has such a name, or cargo could not be started.
pub(crate) fn run(workspace: &Workspace, flags: &Examples) -> Result<bool, Error> {
    let choices = features::choices(workspace)?;
    let examples = select(find(workspace, &choices), flags.filter.as_deref())?;
    let (absent, present): (Vec<_>, Vec<_>) =
        examples.into_iter().partition(|example| example.obstacle.is_some());
    let mut tally = Tally::default();
    if !present.is_empty() {
        if build(workspace, &choices, &present)? {
            for example in &present {
                for launch in launches(workspace, &choices, example) {
                    tally += Tally::one(run_one(workspace, example, launch, flags.timeout)?);
                }
            }
        } else {
            println!("the examples do not build");
            tally.failed = present.len();
        }
    }
    for Example { name, obstacle, .. } in &absent {
        if let Some(obstacle) = obstacle {
            println!("absent  {name}: {obstacle}");
        }
    }
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// Every example of the workspace, by crate and name.
fn find(workspace: &Workspace, choices: &[Choice]) -> Vec<Example> {
    workspace
        .packages
        .iter()
        .flat_map(|package| package.examples().map(move |target| (package, target)))
        .map(|(package, target)| Example {
            package: package.name.clone(),
            name: target.name.clone(),
            obstacle: features::obstacle(choices, package, &target.required_features),
        })
        .collect()
}

fn select(all: Vec<Example>, filter: Option<&str>) -> Result<Vec<Example>, Error> {
    let Some(filter) = filter else { return Ok(all) };
    let (wanted, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|example| example.name.contains(filter));
    if wanted.is_empty() {
        let names: Vec<_> = others.iter().map(|example| example.name.as_str()).collect();
        return Err(Error::Usage(format!(
            "no example is called `{filter}`; there are: {}",
            names.join(", ")
        )));
    }
    Ok(wanted)
}

fn build(workspace: &Workspace, choices: &[Choice], examples: &[Example]) -> Result<bool, Error> {
    let mut command = workspace::cargo();
    command.current_dir(&workspace.root).args(["build", "--release", "--workspace"]);
    command.args(features::arguments(choices));
    for example in examples {
        command.args(["--example", &example.name]);
    }
    Ok(group::run(&mut command, BUILD_LIMIT, Output::Inherit)?.success())
}

/// How an example is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Launch {
    Plainly,
    /// As [`RANKS`] ranks of MPI.
    Mpirun,
}

/// A program of ranks that was built with MPI is run by its launcher, too.
fn launches(workspace: &Workspace, choices: &[Choice], example: &Example) -> Vec<Launch> {
    let has_mpi = |choice: &Choice| choice.package == example.package && choice.need.name == "mpi";
    let mpi = choices.iter().find(|choice| has_mpi(choice));
    let package = workspace.package(&example.package);
    let mut launches = vec![Launch::Plainly];
    if package.is_some_and(|package| package.par.mpirun.contains(&example.name)) {
        match mpi.and_then(Choice::obstacle) {
            None => launches.push(Launch::Mpirun),
            Some(obstacle) => println!("absent  {} under mpirun: {obstacle}", example.name),
        }
    }
    launches
}

/// Runs a built example; shows its output when it fails.
fn run_one(
    workspace: &Workspace,
    Example { package, name, .. }: &Example,
    launch: Launch,
    limit: Duration,
) -> Result<bool, Error> {
    let program: PathBuf = workspace.target.join("release/examples").join(name);
    let (mut command, how) = match launch {
        Launch::Plainly => (Command::new(program), String::new()),
        Launch::Mpirun => (mpirun::launched(&program, RANKS)?, format!(" on {RANKS} ranks of MPI")),
    };
    let ended = group::run(command.current_dir(&workspace.root), limit, Output::Capture)?;
    let seconds = ended.elapsed.as_secs_f64();
    match ended.failure() {
        None => println!("passed  {name}{how} in {seconds:.2} s"),
        Some(reason) => {
            println!("FAILED  {name} of {package}{how} in {seconds:.2} s: {reason}");
            for line in ended.output.lines() {
                println!("    {line}");
            }
        }
    }
    Ok(ended.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need;

    fn example(package: &str, name: &str) -> Example {
        Example { package: package.to_owned(), name: name.to_owned(), obstacle: None }
    }

    #[test]
    fn a_filter_selects_and_an_empty_selection_is_refused() {
        let all = || {
            vec![example("t", "threads_hello"), example("t", "threads_lock"), example("p", "process_hello")]
        };
        assert_eq!(select(all(), None).unwrap().len(), 3);
        assert_eq!(select(all(), Some("hello")).unwrap().len(), 2);
        let error = select(all(), Some("gpu")).unwrap_err().to_string();
        assert!(error.contains("`gpu`") && error.contains("threads_lock"), "{error}");
    }

    #[test]
    fn a_program_of_ranks_is_launched_where_there_is_an_mpi() {
        let workspace = Workspace::parse(
            r#"{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {"name":"e","manifest_path":"/w/e/Cargo.toml","dependencies":[],"features":{"mpi":[]},
                 "metadata":{"par":{"features":{"mpi":"mpi"},"mpirun":["hello"]}},"targets":[]}]}"#,
        )
        .unwrap();
        let choice = |missing: Option<&str>| Choice {
            package: "e".to_owned(),
            feature: "mpi".to_owned(),
            need: need::find("mpi").unwrap(),
            missing: missing.map(str::to_owned),
        };
        let both = [Launch::Plainly, Launch::Mpirun];
        assert_eq!(launches(&workspace, &[choice(None)], &example("e", "hello")), both);
        let absent = launches(&workspace, &[choice(Some("no mpirun"))], &example("e", "hello"));
        assert_eq!(absent, [Launch::Plainly]);
        assert_eq!(launches(&workspace, &[choice(None)], &example("e", "other")), [Launch::Plainly]);
    }

    #[test]
    fn an_example_whose_feature_is_missing_is_absent_with_a_reason() {
        let workspace = Workspace::parse(
            r#"{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {"name":"par-mpi","manifest_path":"/w/m/Cargo.toml","dependencies":[],"features":{"mpi":[]},
                 "metadata":{"par":{"features":{"mpi":"mpi"}}},"targets":[
                 {"name":"mpi_hello","kind":["example"],"src_path":"/w/m/x.rs","required-features":["mpi"]},
                 {"name":"par_mpi","kind":["lib"],"src_path":"/w/m/lib.rs"}]}]}"#,
        )
        .unwrap();
        let choice = |missing| Choice {
            package: "par-mpi".to_owned(),
            feature: "mpi".to_owned(),
            need: need::find("mpi").unwrap(),
            missing,
        };
        let absent = find(&workspace, &[choice(Some("no mpirun".to_owned()))]);
        assert!(absent[0].obstacle.as_ref().unwrap().reason.contains("no mpirun"));
        assert_eq!(find(&workspace, &[choice(None)]), [example("par-mpi", "mpi_hello")]);
    }
}
