//! `cargo xtask mpirun`: builds a program with the features that it needs, and runs it as ranks on this machine.
//!
//! What the launcher is told is what `par_mpi::launch` tells it; it is said here again, because xtask depends on no
//! crate of the project.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::unistd::Uid;

use crate::error::Error;
use crate::exit::Exit;
use crate::features;
use crate::flags::Mpirun;
use crate::group::{self, Output};
use crate::probe;
use crate::workspace::{self, Package, Workspace};

/// A cold build on a small machine takes minutes; an hour is a hang.
const BUILD_LIMIT: Duration = Duration::from_hours(1);

/// Builds and runs; the job's exit code.
///
/// # Errors
/// There is no such program, no MPI, it does not build, or the launcher could not be started.
pub(crate) fn run(workspace: &Workspace, flags: &Mpirun) -> Result<Exit, Error> {
    let (kind, name) = wanted(flags);
    let package = find(workspace, flags.package.as_deref(), kind, name)?;
    let job = Job::here(flags.mpi.as_deref())?;
    let target =
        flags.mpi.as_ref().map_or_else(|| workspace.target.clone(), |mpi| workspace.target.join(mpi));
    let mut build = build(workspace, flags, package, &target)?;
    println!("$ {}", shown(&build));
    if !flags.dry_run {
        group::run(&mut build, BUILD_LIMIT, Output::Inherit)?.check("cargo build")?;
    }
    let profile = target.join(if flags.release { "release" } else { "debug" });
    let program = if kind == "example" { profile.join("examples").join(name) } else { profile.join(name) };
    let mut command = job.command(flags.ranks.get(), flags.oversubscribe, &program);
    command.args(&flags.arguments);
    println!("$ {}", shown(&command));
    if flags.dry_run {
        return Ok(Exit::Done);
    }
    let ended = group::run(&mut command, flags.timeout, Output::Inherit)?;
    if let (None, Some(reason)) = (ended.code(), ended.failure()) {
        println!("the job {reason}");
    }
    Ok(match ended.code() {
        Some(0) => Exit::Done,
        Some(code) => Exit::Program(code),
        None => Exit::Failed,
    })
}

/// What runs a built program as so many ranks.
///
/// # Errors
/// There is no launcher.
pub(crate) fn launched(program: &Path, ranks: usize) -> Result<Command, Error> {
    Ok(Job::here(None)?.command(ranks, false, program))
}

fn wanted(flags: &Mpirun) -> (&'static str, &str) {
    match (&flags.example, &flags.bin) {
        (Some(name), _) => ("example", name),
        (None, name) => ("bin", name.as_deref().unwrap_or_default()),
    }
}

/// The package that has this program.
fn find<'w>(
    workspace: &'w Workspace,
    package: Option<&str>,
    kind: &str,
    name: &str,
) -> Result<&'w Package, Error> {
    let has = |package: &&Package, name: Option<&str>| {
        let of_kind = package.targets.iter().filter(|target| target.kind.iter().any(|one| one == kind));
        let named = of_kind.filter(|target| name.is_none_or(|name| target.name == name));
        named.count() > 0
    };
    let chosen = |candidate: &&Package| package.is_none_or(|package| candidate.name == package);
    let mut found = workspace.packages.iter().filter(chosen).filter(|package| has(package, Some(name)));
    match (found.next(), found.next()) {
        (Some(package), None) => Ok(package),
        (Some(one), Some(other)) => {
            Err(Error::Usage(format!("`{name}` is of {} and of {}: say which with -p", one.name, other.name)))
        }
        (None, _) => {
            let all = workspace.packages.iter().filter(chosen).flat_map(|package| &package.targets);
            let names: Vec<&str> = all
                .filter(|target| target.kind.iter().any(|one| one == kind))
                .map(|target| target.name.as_str())
                .collect();
            Err(Error::Usage(format!("no {kind} is called `{name}`; there are: {}", names.join(", "))))
        }
    }
}

/// The launcher, and which MPI it says that it belongs to.
fn launcher(mpi: Option<&str>) -> Result<Launcher, Error> {
    let name = match mpi {
        Some(mpi) => format!("mpirun.{mpi}"),
        None => std::env::var("PAR_MPIRUN").unwrap_or_else(|_| "mpirun".to_owned()),
    };
    let named = PathBuf::from(&name);
    let path = if named.is_absolute() { Some(named) } else { probe::program(&[&name]) };
    let path = path.ok_or_else(|| Error::Failed(format!("no {name} on the PATH; run cargo xtask setup")))?;
    let version = probe::answer(Command::new(&path).arg("--version")).unwrap_or_default();
    Ok(Launcher { path, is_open_mpi: version.contains("Open MPI") || version.contains("OpenRTE") })
}

fn build(workspace: &Workspace, flags: &Mpirun, package: &Package, target: &Path) -> Result<Command, Error> {
    let (kind, name) = wanted(flags);
    let choices: Vec<_> =
        features::choices(workspace)?.into_iter().filter(|choice| choice.package == package.name).collect();
    let required = package.targets.iter().find(|target| target.name == name && target.kind[0] == kind);
    if let Some(obstacle) = required
        .and_then(|target| features::obstacle(&choices, package, &target.required_features))
        .filter(|_| flags.mpi.is_none())
    {
        return Err(Error::Failed(format!("`{name}` cannot be built here: {obstacle}")));
    }
    let mut command = workspace::cargo();
    command.current_dir(&workspace.root).args(["build", "-p", &package.name]);
    command.arg(format!("--{kind}")).arg(name).args(features::arguments(&choices));
    if flags.release {
        command.arg("--release");
    }
    if let Some(mpi) = &flags.mpi {
        command.env("MPICC", format!("mpicc.{mpi}")).env("CARGO_TARGET_DIR", target);
    }
    Ok(command)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

struct Launcher {
    path: PathBuf,
    is_open_mpi: bool,
}

/// What a launch depends on.
struct Job {
    launcher: Launcher,
    is_root: bool,
    cores: usize,
}

impl Job {
    /// On this machine, by the MPI of this name or by the usual one.
    fn here(mpi: Option<&str>) -> Result<Self, Error> {
        Ok(Self { launcher: launcher(mpi)?, is_root: Uid::effective().is_root(), cores: cores() })
    }

    fn command(&self, ranks: usize, oversubscribe: bool, program: &Path) -> Command {
        let mut command = Command::new(&self.launcher.path);
        if self.launcher.is_open_mpi {
            command.env("OMPI_MCA_btl", "self,vader");
            // Reading from another rank's memory is forbidden in many containers, slower in many virtual machines, and
            // in Open MPI 4.1 writes beyond the buffer of a receive that is too short.
            command.env("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
            if self.is_root {
                command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
            }
            if oversubscribe || ranks > self.cores {
                // Without the second a rank that waits keeps its core from the one that it waits for.
                command
                    .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
                    .env("OMPI_MCA_mpi_yield_when_idle", "1");
            }
        }
        command.args(["-n", &ranks.to_string()]).arg(program);
        command
    }
}

/// A command as one would type it into a shell.
fn shown(command: &Command) -> String {
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), value?.to_string_lossy())));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| {
        let word = word.to_string_lossy();
        if word.is_empty()
            || word.contains(|char: char| char.is_whitespace() || "'\"$&|;<>()*?\\".contains(char))
        {
            format!("'{}'", word.replace('\'', r"'\''"))
        } else {
            word.into_owned()
        }
    });
    set.chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::flags::{Command as Asked, Xtask};

    fn flags(line: &[&str]) -> Mpirun {
        let line = [&["xtask", "mpirun"][..], line].concat();
        match Xtask::try_parse_from(line).unwrap().command {
            Asked::Mpirun(flags) => flags,
            other => panic!("{other:?}"),
        }
    }

    fn line(job: &Job, ranks: &str) -> String {
        let flags = flags(&["-n", ranks, "--example", "ring", "--", "--times", "3 x"]);
        let mut command = job.command(flags.ranks.get(), flags.oversubscribe, Path::new("t/ring"));
        shown(command.args(&flags.arguments))
    }

    fn job(is_open_mpi: bool, is_root: bool) -> Job {
        Job { launcher: Launcher { path: "mpirun".into(), is_open_mpi }, is_root, cores: 2 }
    }

    #[test]
    fn only_what_is_needed_is_set() {
        let mpich = line(&job(false, true), "4");
        assert_eq!(mpich, "mpirun -n 4 t/ring --times '3 x'");
        let plain = line(&job(true, false), "2");
        assert!(!plain.contains("ROOT") && !plain.contains("oversubscribe"), "{plain}");
        let small = line(&job(true, true), "3");
        for part in ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "oversubscribe=1", "yield_when_idle=1"] {
            assert!(small.contains(part), "{part} in {small}");
        }
    }

    #[test]
    fn one_program_is_wanted_and_one_package_has_it() {
        assert!(Xtask::try_parse_from(["xtask", "mpirun", "-n", "2"]).is_err());
        assert!(Xtask::try_parse_from(["xtask", "mpirun", "-n", "0", "--bin", "x"]).is_err());
        let workspace = Workspace::parse(
            r#"{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {"name":"one","manifest_path":"/w/1/Cargo.toml","dependencies":[],"metadata":null,"targets":[
                 {"name":"ring","kind":["example"],"src_path":"/w/1/x.rs"},
                 {"name":"both","kind":["example"],"src_path":"/w/1/y.rs"}]},
                {"name":"two","manifest_path":"/w/2/Cargo.toml","dependencies":[],"metadata":null,"targets":[
                 {"name":"both","kind":["example"],"src_path":"/w/2/y.rs"}]}]}"#,
        )
        .unwrap();
        assert_eq!(find(&workspace, None, "example", "ring").unwrap().name, "one");
        assert_eq!(find(&workspace, Some("two"), "example", "both").unwrap().name, "two");
        let error = find(&workspace, None, "example", "both").unwrap_err().to_string();
        assert!(error.contains("one") && error.contains("two") && error.contains("-p"), "{error}");
        let error = find(&workspace, None, "example", "rung").unwrap_err().to_string();
        assert!(error.contains("ring, both"), "{error}");
    }
}
