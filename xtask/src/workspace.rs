//! The workspace as `cargo metadata` sees it: its crates, and which of them are paradigms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::group::{self, Output};

/// The members of this workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// Every member, sorted by name.
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Package {
    /// The name in its manifest.
    pub(crate) name: String,
    /// The path of its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What it names in its dependency tables, of all three kinds.
    pub(crate) dependencies: Vec<Dependency>,
    /// Its library, programs, examples, tests and benches.
    pub(crate) targets: Vec<Target>,
    /// Its features, with what each turns on.
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default, deserialize_with = "par_metadata", rename = "metadata")]
    pub(crate) par: Par,
}

/// One line of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Dependency {
    /// The crate's name.
    pub(crate) name: String,
    /// The registry or repository; `None` for a path.
    pub(crate) source: Option<String>,
    /// The folder, for a path dependency.
    pub(crate) path: Option<PathBuf>,
    /// `dev` or `build`; `None` for a normal dependency.
    pub(crate) kind: Option<String>,
    /// The version that is asked for.
    pub(crate) req: String,
}

/// One thing that cargo builds from a package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: String,
    /// `lib`, `proc-macro`, `bin`, `example`, `test`, `bench` or `custom-build`.
    pub(crate) kind: Vec<String>,
    /// Its root file.
    pub(crate) src_path: PathBuf,
    /// The features without which it is not built.
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

/// `[package.metadata.par]`: what a crate tells xtask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Par {
    /// The paradigm's name in reports; with `bench` it makes the crate a paradigm crate.
    pub(crate) paradigm: Option<String>,
    /// The bench program in `benches/` that runs it.
    pub(crate) bench: Option<String>,
    /// What the machine must have for all of the crate to run, by the names of [`crate::need::NEEDS`].
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Features that need something native at build time: feature → need.
    #[serde(default)]
    pub(crate) features: BTreeMap<String, String>,
    /// Features that need nothing native and that the tests run with: what only tests and debugging want to pay for.
    #[serde(default, rename = "test-features")]
    pub(crate) test_features: Vec<String>,
    /// Examples that are programs of ranks, and run under `mpirun`, too, where there is one.
    #[serde(default)]
    pub(crate) mpirun: Vec<String>,
}

/// A paradigm crate: what `bench-all` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paradigm<'a> {
    /// The paradigm's name in reports.
    pub(crate) name: &'a str,
    /// The bench program in `benches/` that runs it.
    pub(crate) bench: &'a str,
    /// The crate.
    pub(crate) package: &'a Package,
}

impl Workspace {
    /// Asks cargo for the workspace that xtask belongs to.
    ///
    /// # Errors
    /// cargo failed, or a `[package.metadata.par]` says what xtask does not understand.
    pub(crate) fn load() -> Result<Self, Error> {
        Self::load_at(&manifest())
    }

    /// Asks cargo for the workspace of the manifest at `manifest`.
    ///
    /// # Errors
    /// cargo failed, or a `[package.metadata.par]` says what xtask does not understand.
    pub(crate) fn load_at(manifest: &Path) -> Result<Self, Error> {
        let mut command = cargo();
        command
            .args(["metadata", "--no-deps", "--quiet", "--format-version", "1", "--manifest-path"])
            .arg(manifest);
        let ended =
            group::run(&mut command, Duration::from_mins(1), Output::Apart)?.check("cargo metadata")?;
        Self::parse(&ended.output)
    }

    /// Reads what `cargo metadata` printed.
    ///
    /// # Errors
    /// It is no such JSON, or a `[package.metadata.par]` says what xtask does not understand.
    pub(crate) fn parse(json: &str) -> Result<Self, Error> {
        let mut workspace: Self = serde_json::from_str(json)
            .map_err(|error| Error::Failed(format!("cannot read cargo metadata: {error}")))?;
        workspace.packages.sort_by(|left, right| left.name.cmp(&right.name));
        for package in &workspace.packages {
            if package.par.paradigm.is_some() != package.par.bench.is_some() {
                return Err(Error::Failed(format!(
                    "[package.metadata.par] of {} has one of `paradigm` and `bench`: a paradigm needs both",
                    package.name
                )));
            }
        }
        Ok(workspace)
    }

    /// The paradigm crates, sorted by paradigm, `serial` first because it is the reference of all others.
    pub(crate) fn paradigms(&self) -> Vec<Paradigm<'_>> {
        let mut paradigms: Vec<_> = self
            .packages
            .iter()
            .filter_map(|package| {
                let (name, bench) = (package.par.paradigm.as_deref()?, package.par.bench.as_deref()?);
                Some(Paradigm { name, bench, package })
            })
            .collect();
        paradigms.sort_by_key(|paradigm| (paradigm.name != "serial", paradigm.name));
        paradigms
    }

    /// The paths, from the root, of every file that git tracks, and of every new one that it does not ignore.
    ///
    /// # Errors
    /// git failed.
    pub(crate) fn files(&self) -> Result<Vec<String>, Error> {
        let mut git = Command::new("git");
        // A checkout of another user, as containers have it, is read all the same.
        git.args(["-c", "safe.directory=*", "-c", "core.quotePath=false", "ls-files"])
            .args(["--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root);
        let ended = group::run(&mut git, Duration::from_mins(1), Output::Apart)?.check("git ls-files")?;
        let mut files: Vec<String> = ended.output.lines().map(str::to_owned).collect();
        files.sort();
        files.dedup();
        // What is deleted and not yet committed is still tracked.
        files.retain(|path| self.root.join(path).is_file());
        Ok(files)
    }

    /// The member of this name.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    /// The folder of its manifest.
    pub(crate) fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    /// Its examples.
    pub(crate) fn examples(&self) -> impl Iterator<Item = &Target> {
        self.targets_of("example")
    }

    /// Its program of this name.
    pub(crate) fn program(&self, name: &str) -> Option<&Target> {
        self.targets_of("bin").find(|target| target.name == name)
    }

    fn targets_of(&self, kind: &'static str) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.kind.iter().any(|one| one == kind))
    }
}

/// The cargo that runs this xtask, or the one on the PATH.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The root manifest: that of the folder in which xtask is run, or else that of the folder where it was built.
fn manifest() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .chain(Path::new(env!("CARGO_MANIFEST_DIR")).ancestors())
        .find(|folder| folder.join("xtask/Cargo.toml").is_file() && folder.join("Cargo.toml").is_file())
        .unwrap_or(&here)
        .join("Cargo.toml")
}

fn par_metadata<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Par, D::Error> {
    #[derive(Deserialize)]
    struct Metadata {
        par: Option<Par>,
    }
    let metadata = Option::<Metadata>::deserialize(deserializer)?;
    Ok(metadata.and_then(|metadata| metadata.par).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(par: &str) -> Result<Workspace, Error> {
        Workspace::parse(&format!(
            r#"{{"workspace_root":"/w","target_directory":"/w/target","packages":[
                {{"name":"par-zeta","manifest_path":"/w/crates/par-zeta/Cargo.toml","dependencies":[],"targets":[],
                  "features":{{}},"metadata":{{"par":{par},"docs":{{}}}}}},
                {{"name":"par-alpha","manifest_path":"/w/crates/par-alpha/Cargo.toml","dependencies":[],
                  "targets":[],"features":{{}},"metadata":{{"par":{{"paradigm":"alpha","bench":"bench-alpha"}}}}}},
                {{"name":"plain","manifest_path":"/w/plain/Cargo.toml","dependencies":[],"targets":[],
                  "features":{{}},"metadata":null}}]}}"#
        ))
    }

    #[test]
    fn paradigms_are_found_and_serial_is_first() {
        let workspace = workspace(
            r#"{"paradigm":"serial","bench":"bench-serial","needs":["mpi"],"features":{"mpi":"mpi"}}"#,
        )
        .unwrap();
        let names: Vec<_> =
            workspace.paradigms().iter().map(|paradigm| (paradigm.name, paradigm.bench)).collect();
        assert_eq!(names, [("serial", "bench-serial"), ("alpha", "bench-alpha")]);
        assert_eq!(workspace.package("par-zeta").unwrap().par.needs, ["mpi"]);
        assert_eq!(workspace.package("plain").unwrap().par, Par::default());
    }

    #[test]
    fn needs_alone_make_no_paradigm() {
        assert_eq!(workspace(r#"{"needs":["chromium"]}"#).unwrap().paradigms().len(), 1);
    }

    #[test]
    fn half_a_paradigm_is_refused() {
        let error = workspace(r#"{"paradigm":"zeta"}"#).unwrap_err().to_string();
        assert!(error.contains("par-zeta"), "{error}");
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(workspace(r#"{"paradim":"zeta"}"#).is_err());
    }

    #[test]
    fn this_workspace_loads() {
        let workspace = Workspace::load().unwrap();
        assert!(workspace.package("xtask").is_some());
        assert!(workspace.root.join("Cargo.toml").is_file());
    }
}
