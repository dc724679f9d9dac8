//! `cargo xtask setup`: installs what is missing, with the package manager that this machine has.
//!
//! Being asked for by name is the consent, so nothing here waits for an answer.
//! When nothing is missing, the package manager is not touched.

use std::process::Command;
use std::time::Duration;

use nix::unistd::Uid;

use crate::error::Error;
use crate::group::{self, Output};
use crate::need::{self, NEEDS, Need, Packages};
use crate::probe;
use crate::workspace::Workspace;

/// How long one command of a package manager may take.
const LIMIT: Duration = Duration::from_mins(20);

/// Arguments of `setup`.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Flags {
    /// Install also what no crate of this workspace uses yet
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the commands and run none
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Installs the needs of this workspace's crates that the machine lacks.
///
/// # Errors
/// No known package manager, a command of it failed, or something is still missing afterwards.
pub(crate) fn run(workspace: &Workspace, flags: Flags) -> Result<(), Error> {
    let wanted = if flags.all { NEEDS.iter().collect() } else { declared(workspace)? };
    let missing: Vec<&Need> = wanted.into_iter().filter(|need| (need.probe)().is_err()).collect();
    let (installable, hopeless): (Vec<&Need>, Vec<&Need>) =
        missing.into_iter().partition(|need| !need.packages.is_empty());
    for need in hopeless {
        println!("{}", need.remedy());
    }
    if installable.is_empty() {
        println!("nothing to install");
        return Ok(());
    }
    let names: Vec<_> = installable.iter().map(|need| need.name).collect();
    println!("installs: {}", names.join(", "));
    let manager = Manager::find()?;
    for line in manager.commands(&installable, Uid::effective().is_root()) {
        println!("$ {}", line.join(" "));
        if !flags.dry_run {
            execute(&line)?;
        }
    }
    if flags.dry_run {
        return Ok(());
    }
    still_missing(&installable)
}

/// The needs that crates of this workspace declare, in the table's order.
///
/// # Errors
/// A crate declares a need that xtask does not know.
pub(crate) fn declared(workspace: &Workspace) -> Result<Vec<&'static Need>, Error> {
    let mut names = Vec::new();
    for package in &workspace.packages {
        for name in package.par.needs.iter().chain(package.par.features.values()) {
            names.push(need::find(name)?.name);
        }
    }
    Ok(NEEDS.iter().filter(|need| names.contains(&need.name)).collect())
}

/// The commands that would install these needs here, for people to read; empty without a package manager.
pub(crate) fn remedy(needs: &[&Need]) -> Vec<String> {
    let Ok(manager) = Manager::find() else { return Vec::new() };
    let root = Uid::effective().is_root();
    manager.commands(needs, root).iter().map(|line| line.join(" ")).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Brew,
}

impl Manager {
    fn find() -> Result<Self, Error> {
        [("apt-get", Self::Apt), ("dnf", Self::Dnf), ("brew", Self::Brew)]
            .into_iter()
            .find_map(|(name, manager)| probe::program(&[name]).map(|_| manager))
            .ok_or_else(|| {
                Error::Failed(
                    "no apt-get, dnf or brew on the PATH; install what `cargo xtask doctor` names".to_owned(),
                )
            })
    }

    fn packages(self, packages: &Packages) -> &'static [&'static str] {
        match self {
            Self::Apt => packages.apt_on(&std::fs::read_to_string("/etc/os-release").unwrap_or_default()),
            Self::Dnf => packages.dnf,
            Self::Brew => packages.brew,
        }
    }

    /// The command lines, in order.
    fn commands(self, needs: &[&Need], root: bool) -> Vec<Vec<&'static str>> {
        let packages = needs.iter().flat_map(|need| self.packages(&need.packages)).copied();
        let (prefix, fixed): (&[&str], &[&[&str]]) = match self {
            // sudo drops the environment, so the front end is named behind it; -n: it never asks for a password.
            Self::Apt => (
                &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"],
                &[&["update"], &["install", "-y", "--no-install-recommends"]],
            ),
            Self::Dnf => (&["dnf"], &[&["install", "-y", "--setopt=install_weak_deps=False"]]),
            Self::Brew => (&["brew"], &[&["install"]]),
        };
        let sudo: &[&str] = if root || self == Self::Brew { &[] } else { &["sudo", "-n"] };
        let mut lines: Vec<Vec<&str>> = fixed.iter().map(|last| [sudo, prefix, last].concat()).collect();
        if let Some(install) = lines.last_mut() {
            install.extend(packages);
        }
        lines
    }
}

fn execute(line: &[&str]) -> Result<(), Error> {
    let (program, arguments) = line.split_first().expect("a command line has a program");
    let ended = group::run(Command::new(program).args(arguments), LIMIT, Output::Inherit)?;
    let advice = if *program == "sudo" { " (sudo may want a password: run it by hand)" } else { "" };
    ended.check(&format!("`{}`{advice}", line.join(" ")))?;
    Ok(())
}

fn still_missing(needs: &[&Need]) -> Result<(), Error> {
    let missing: Vec<String> = needs
        .iter()
        .filter_map(|need| (need.probe)().err().map(|reason| format!("{} ({reason})", need.name)))
        .collect();
    if missing.is_empty() {
        println!("all installed");
        return Ok(());
    }
    Err(Error::Failed(format!("installed, and still missing: {}", missing.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(manager: Manager, root: bool) -> Vec<String> {
        let needs = [need::find("mpi").unwrap(), need::find("opencl").unwrap()];
        manager.commands(&needs, root).iter().map(|line| line.join(" ")).collect()
    }

    #[test]
    fn apt_updates_first_and_never_asks() {
        let lines = lines(Manager::Apt, true);
        assert_eq!(lines[0], "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 update");
        assert!(lines[1].contains("install -y --no-install-recommends openmpi-bin"), "{}", lines[1]);
        assert!(lines[1].ends_with("pocl-opencl-icd"), "{}", lines[1]);
    }

    #[test]
    fn sudo_is_used_where_one_is_not_root_and_never_asks() {
        assert!(lines(Manager::Apt, false).iter().all(|line| line.starts_with("sudo -n env ")));
        assert!(lines(Manager::Dnf, false)[0].starts_with("sudo -n dnf install -y"));
        assert_eq!(lines(Manager::Brew, false), ["brew install open-mpi llvm pocl"]);
    }

    #[test]
    fn declared_needs_of_this_workspace_hold_the_browser() {
        let needs = declared(&Workspace::load().unwrap()).unwrap();
        assert!(needs.iter().any(|need| need.name == "chromium"));
    }
}
