//! `cargo xtask new par-foo`: a paradigm crate that builds, passes its conformance test and is found by `bench-all`.
//!
//! Everything is decided before anything is written, so a refusal leaves the workspace as it was.

mod manifest;
mod name;
mod template;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::flags::New;
use crate::group::{self, Output};
use crate::workspace::{self, Workspace};

use self::name::Name;

/// A cold build on a small machine takes minutes; an hour is a hang.
const LIMIT: Duration = Duration::from_hours(1);

/// Writes the crate, its bench program and the lines that name it elsewhere.
///
/// # Errors
/// The name cannot be used, or the workspace's manifests are not as expected; nothing is written then.
/// A file could not be written, or, with `--check`, what was made does not build or pass.
pub(crate) fn run(workspace: &Workspace, flags: &New) -> Result<(), Error> {
    let name = Name::parse(&flags.name)?;
    refuse_taken(workspace, &name)?;
    let files = plan(&workspace.root, &name)?;
    for (path, text) in &files {
        write(&workspace.root.join(path), text)?;
        println!("wrote {}", path.display());
    }
    format(workspace, &name);
    println!("next: cargo test -p {}; then make {}'s executor do what the name says", name.krate, name.krate);
    if flags.check { check(workspace, &name) } else { Ok(()) }
}

fn refuse_taken(workspace: &Workspace, name: &Name) -> Result<(), Error> {
    let folder = workspace.root.join("crates").join(&name.krate);
    if workspace.package(&name.krate).is_some() || folder.exists() {
        let names: Vec<_> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
        return Err(Error::Usage(format!("{} exists; taken names: {}", name.krate, names.join(", "))));
    }
    let paradigms = workspace.paradigms();
    if paradigms.iter().any(|paradigm| paradigm.name == name.kebab || paradigm.bench == name.bench()) {
        let names: Vec<_> = paradigms.iter().map(|paradigm| paradigm.name).collect();
        return Err(Error::Usage(format!(
            "the paradigm `{}` exists; taken names: {}",
            name.kebab,
            names.join(", ")
        )));
    }
    Ok(())
}

/// Every file to write, from the root, with its whole text.
fn plan(root: &Path, name: &Name) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut files = template::files(name);
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).map_err(|source| Error::io("read", root.join(path), source))
    };
    files
        .push(("Cargo.toml".into(), manifest::with_workspace_dependency(&read("Cargo.toml")?, &name.krate)?));
    let benches = "benches/Cargo.toml";
    files.push((benches.into(), manifest::with_dependency(&read(benches)?, &name.krate)?));
    // The map comes late in a project's life; tidy asks for the line when there is one.
    if let Ok(map) = read("ARCHITECTURE.md") {
        match manifest::with_map_line(&map, &name.krate) {
            Some(map) => files.push(("ARCHITECTURE.md".into(), map)),
            None => println!("add a line for {} to ARCHITECTURE.md", name.krate),
        }
    }
    if let Ok(index) = read("examples/README.md") {
        let example = format!("{}_hello", name.snake);
        files.push(("examples/README.md".into(), manifest::with_recipe(&index, &name.krate, &example)));
    }
    Ok(files)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    }
    fs::write(path, text).map_err(|source| Error::io("write", path, source))
}

/// A long name breaks lines elsewhere than a short one; without rustfmt the files are as good, only not as pretty.
fn format(workspace: &Workspace, name: &Name) {
    let mut command = workspace::cargo();
    command.current_dir(&workspace.root).args(["fmt", "-p", &name.krate, "-p", "par-benches"]);
    let formatted = group::run(&mut command, Duration::from_mins(1), Output::Capture);
    if !formatted.is_ok_and(|ended| ended.success()) {
        println!("not formatted: run cargo fmt");
    }
}

/// Builds and tests what was made, and asks its bench program for its executors.
fn check(workspace: &Workspace, name: &Name) -> Result<(), Error> {
    let (krate, bench, example) = (name.krate.as_str(), name.bench(), format!("{}_hello", name.snake));
    for arguments in [
        &["test", "-p", krate][..],
        &["run", "-p", krate, "--example", &example],
        &["run", "-p", "par-benches", "--bin", &bench, "--", "list"],
        &["clippy", "-p", krate, "-p", "par-benches", "--all-targets", "--", "-D", "warnings"],
        &["fmt", "-p", krate, "-p", "par-benches", "--check"],
    ] {
        let mut command: Command = workspace::cargo();
        command.current_dir(&workspace.root).args(arguments);
        let ended = group::run(&mut command, LIMIT, Output::Inherit)?;
        ended.check(&format!("cargo {}", arguments.join(" ")))?;
    }
    Ok(())
}
