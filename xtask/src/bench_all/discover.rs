//! The paradigm crates of this workspace, found by `[package.metadata.par]`.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

/// The workspace as cargo sees it.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    pub(super) target: PathBuf,
    pub(super) paradigms: Vec<Paradigm>,
}

/// A crate that says `[package.metadata.par]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Paradigm {
    pub(super) name: String,
    /// The program of par-benches that measures it.
    pub(super) bench: String,
    /// Whether par-benches has such a program.
    pub(super) has_program: bool,
    /// Features of par-benches that the program is tried with first.
    pub(super) features: Vec<String>,
}

/// Asks cargo.
///
/// # Errors
/// Cargo does not start, or this is no workspace of it.
pub(super) fn workspace() -> Result<Workspace, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo metadata does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    read(&output.stdout)
}

fn read(json: &[u8]) -> Result<Workspace, String> {
    let metadata: Metadata =
        serde_json::from_slice(json).map_err(|error| format!("cargo metadata is not understood: {error}"))?;
    let benches = metadata.packages.iter().find(|package| package.name == "par-benches");
    let programs: Vec<&str> = benches
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name.as_str())
        .collect();
    let mut paradigms: Vec<Paradigm> = metadata
        .packages
        .iter()
        .filter_map(|package| {
            serde_json::from_value::<Par>(package.metadata.as_ref()?.get("par")?.clone()).ok()
        })
        .map(|par| Paradigm {
            has_program: programs.contains(&par.bench.as_str()),
            name: par.paradigm,
            bench: par.bench,
            features: par.features,
        })
        .collect();
    paradigms.sort_by_key(|paradigm| (paradigm.name != "serial", paradigm.name.clone()));
    Ok(Workspace { root: metadata.workspace_root, target: metadata.target_directory, paradigms })
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Option<serde_json::Value>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Par {
    paradigm: String,
    bench: String,
    #[serde(default)]
    features: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn serial_comes_first_and_programs_are_looked_up() {
        let json = r#"{"target_directory":"/t","workspace_root":"/w","packages":[
            {"name":"par-mpi","metadata":{"par":{"paradigm":"mpi","bench":"bench-mpi","features":["mpi"]}},"targets":[]},
            {"name":"par-core","metadata":{"par":{"paradigm":"serial","bench":"bench-serial"}},"targets":[]},
            {"name":"par-macros","metadata":null,"targets":[]},
            {"name":"par-benches","metadata":{},"targets":[{"name":"bench-serial","kind":["bin"]}]}]}"#;
        let found = read(json.as_bytes()).unwrap().paradigms;
        let names: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.has_program)).collect();
        assert_eq!(names, [("serial", true), ("mpi", false)]);
        assert_eq!(found[1].features, ["mpi"]);
    }

    #[test]
    fn this_workspace_has_a_serial_paradigm() {
        let found = super::workspace().unwrap();
        assert_eq!(found.paradigms[0].name, "serial");
    }
}
