//! `cargo xtask doctor`: what this machine has, what is missing, what that costs, and the one command that installs it.

use crate::error::Error;
use crate::features;
use crate::need::{NEEDS, Need};
use crate::probe::{self, Machine};
use crate::setup;
use crate::workspace::{Package, Workspace};

/// Prints the page.
///
/// # Errors
/// Rust itself is missing, or the workspace's metadata cannot be understood.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let machine = Machine::read();
    println!("this machine");
    line("ok", "rust", &machine.rustc);
    match probe::c_compiler() {
        Ok(compiler) => line("ok", "c compiler", &compiler),
        Err(reason) => {
            line("MISSING", "c compiler", &format!("{reason}; costs: crates whose build compiles C"));
        }
    }
    line("ok", "processor", &format!("{}, {} cores", machine.cpu, machine.cores));
    line("ok", "memory", &format!("{:.1} GiB", machine.memory_bytes as f64 / f64::from(1 << 30)));
    line("ok", "system", &format!("{} {}", machine.os, machine.arch));

    println!("\nwhat crates may need");
    let mut missing = Vec::new();
    for need in NEEDS {
        let users = users(workspace, need);
        match (need.probe)() {
            Ok(found) => line("ok", need.name, &found),
            Err(reason) => {
                line(if users.is_empty() { "absent" } else { "MISSING" }, need.name, &reason);
                println!("{:22}costs: {}", "", need.costs);
                missing.push((need, !users.is_empty()));
            }
        }
        println!("{:22}for {}: {}", "", need.what, used_by(&users));
    }

    println!("\nparadigms");
    let choices = features::choices(workspace)?;
    for paradigm in workspace.paradigms() {
        line("found", paradigm.name, &format!("{} through {}", paradigm.package.name, paradigm.bench));
        for choice in choices.iter().filter(|choice| choice.package == paradigm.package.name) {
            if let Some(reason) = &choice.missing {
                println!("{:22}without feature `{}`: {reason}", "", choice.feature);
            }
        }
    }
    advise(&missing);
    Ok(())
}

/// The one command, and what it would run.
fn advise(missing: &[(&'static Need, bool)]) {
    let (used, unused): (Vec<_>, Vec<_>) = missing.iter().partition(|(_, used)| *used);
    let packaged = |needs: &[&(&'static Need, bool)]| -> Vec<&'static Need> {
        needs.iter().map(|(need, _)| *need).filter(|need| !need.packages.is_empty()).collect()
    };
    let (used, unused) = (packaged(&used), packaged(&unused));
    println!();
    if used.is_empty() {
        println!("nothing that this workspace uses is missing");
    } else {
        println!("to install what this workspace uses: cargo xtask setup");
        for line in setup::remedy(&used) {
            println!("    which runs: {line}");
        }
    }
    if !unused.is_empty() {
        let names: Vec<_> = unused.iter().map(|need| need.name).collect();
        println!("to install also what no crate uses yet ({}): cargo xtask setup --all", names.join(", "));
    }
}

fn line(state: &str, name: &str, text: &str) {
    println!("  {state:8} {name:10} {text}");
}

/// The crates that declare a need, for themselves or for one of their features.
fn users<'a>(workspace: &'a Workspace, need: &Need) -> Vec<&'a str> {
    let uses = |package: &&Package| {
        package.par.needs.iter().chain(package.par.features.values()).any(|name| name == need.name)
    };
    workspace.packages.iter().filter(uses).map(|package| package.name.as_str()).collect()
}

fn used_by(users: &[&str]) -> String {
    if users.is_empty() {
        return "no crate of this workspace uses it yet".to_owned();
    }
    format!("used by {}", users.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need;

    #[test]
    fn users_are_those_who_declare_the_need() {
        let workspace = Workspace::parse(
            r#"{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {"name":"a","manifest_path":"/w/a/Cargo.toml","dependencies":[],"targets":[],
                 "metadata":{"par":{"needs":["mpi"]}}},
                {"name":"b","manifest_path":"/w/b/Cargo.toml","dependencies":[],"targets":[],
                 "features":{"x":[]},"metadata":{"par":{"features":{"x":"mpi"}}}},
                {"name":"c","manifest_path":"/w/c/Cargo.toml","dependencies":[],"targets":[],"metadata":null}]}"#,
        )
        .unwrap();
        assert_eq!(users(&workspace, need::find("mpi").unwrap()), ["a", "b"]);
        assert_eq!(used_by(&users(&workspace, need::find("cuda").unwrap())), used_by(&[]));
    }
}
