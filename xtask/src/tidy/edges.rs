//! Rules about which crate may depend on which.

use crate::workspace::{Dependency, Package};

use super::tree::Tree;

/// Where cargo says that crates.io is.
pub(super) const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Runtimes, operating systems and native libraries: the business of paradigm crates.
const FOREIGN_TO_CORE: &[&str] = &[
    "async-std",
    "cl3",
    "cudarc",
    "cust",
    "futures",
    "futures-executor",
    "futures-util",
    "ipc-channel",
    "lapin",
    "libc",
    "memmap2",
    "mio",
    "mpi",
    "nix",
    "opencl3",
    "parking_lot",
    "polling",
    "prost",
    "rayon",
    "rayon-core",
    "rustix",
    "signal-hook",
    "smol",
    "socket2",
    "threadpool",
    "tokio",
    "tokio-util",
    "tonic",
    "windows-sys",
];

/// par-core names no runtime, no operating system and no native library.
pub(super) fn core_names_no_runtime(tree: &Tree) -> Vec<String> {
    let Some(core) = tree.workspace.package("par-core") else { return Vec::new() };
    let foreign = |name: &str| {
        FOREIGN_TO_CORE.contains(&name) || name.starts_with("crossbeam") || name.ends_with("-sys")
    };
    let allowed_kind = |dependency: &&Dependency| dependency.kind.as_deref() != Some("dev");
    core.dependencies
        .iter()
        .filter(allowed_kind)
        .filter(|dependency| foreign(&dependency.name))
        .map(|dependency| {
            format!("par-core depends on {}: move what needs it to a paradigm crate", dependency.name)
        })
        .collect()
}

/// A paradigm crate depends on par-core and its own libraries, never on another paradigm crate, not even in tests.
pub(super) fn paradigms_are_independent(tree: &Tree) -> Vec<String> {
    let is_paradigm = |package: &Package| package.par.paradigm.is_some();
    let mut complaints = Vec::new();
    for package in tree.workspace.packages.iter().filter(|package| is_paradigm(package)) {
        for dependency in members(tree, package) {
            if is_paradigm(dependency) && dependency.name != "par-core" {
                complaints.push(format!(
                    "{} depends on {}: what needs both belongs into examples/ or benches/",
                    package.name, dependency.name
                ));
            }
        }
    }
    complaints
}

/// examples/, benches/ and xtask/ may depend on anything; nothing depends on them.
pub(super) fn leaves_are_leaves(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in &tree.workspace.packages {
        for dependency in members(tree, package) {
            if ["examples", "benches", "xtask"].contains(&tree.relative(dependency.dir()).as_str()) {
                complaints.push(format!("{} depends on {}: nothing may", package.name, dependency.name));
            }
        }
    }
    complaints
}

/// xtask runs when the crates it drives do not build.
pub(super) fn xtask_stands_alone(tree: &Tree) -> Vec<String> {
    let Some(xtask) = tree.workspace.package("xtask") else { return Vec::new() };
    members(tree, xtask)
        .map(|dependency| {
            format!("xtask depends on {}: it must run when that does not build", dependency.name)
        })
        .collect()
}

/// Every dependency is a crate of crates.io with a version, or a member of this workspace.
pub(super) fn sources_are_known(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in &tree.workspace.packages {
        for dependency in &package.dependencies {
            let member = tree.workspace.package(&dependency.name);
            let known = match (&dependency.source, &dependency.path) {
                (Some(source), _) => source == CRATES_IO && dependency.req != "*",
                (None, path) => member.is_some_and(|member| path.as_deref() == Some(member.dir())),
            };
            if !known {
                complaints.push(format!(
                    "{} takes {} {} from {}: only versions from crates.io and members of the workspace",
                    package.name,
                    dependency.name,
                    dependency.req,
                    dependency.source.as_deref().unwrap_or("a path outside"),
                ));
            }
        }
    }
    complaints
}

/// The members that a member depends on, in any way.
fn members<'a>(tree: &'a Tree, package: &'a Package) -> impl Iterator<Item = &'a Package> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.source.is_none())
        .filter_map(|dependency| tree.workspace.package(&dependency.name))
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::tree;
    use super::*;

    const CORE: (&str, &str, &[&str]) = ("crates/par-core", "serial", &["serde"]);

    #[test]
    fn a_runtime_in_core_is_found() {
        assert!(core_names_no_runtime(&tree(&[CORE], &[])).is_empty());
        for name in ["tokio", "crossbeam-deque", "opencl-sys"] {
            let broken = tree(&[("crates/par-core", "serial", &[name])], &[]);
            assert!(core_names_no_runtime(&broken)[0].contains(name));
        }
    }

    #[test]
    fn a_paradigm_that_knows_another_is_found() {
        let threads: (&str, &str, &[&str]) = ("crates/par-threads", "threads", &["par-core", "rayon"]);
        let process: (&str, &str, &[&str]) =
            ("crates/par-process", "processes", &["par-core", "par-threads"]);
        assert!(paradigms_are_independent(&tree(&[CORE, threads], &[])).is_empty());
        assert_eq!(paradigms_are_independent(&tree(&[CORE, threads, process], &[])).len(), 1);
    }

    #[test]
    fn paradigms_may_use_what_is_no_paradigm() {
        let macros: (&str, &str, &[&str]) = ("crates/par-macros", "", &[]);
        let threads: (&str, &str, &[&str]) = ("crates/par-threads", "threads", &["par-macros"]);
        assert!(paradigms_are_independent(&tree(&[macros, threads], &[])).is_empty());
    }

    #[test]
    fn a_dependency_on_benches_is_found() {
        let benches: (&str, &str, &[&str]) = ("benches", "", &["par-core"]);
        assert!(leaves_are_leaves(&tree(&[CORE, benches], &[])).is_empty());
        let mut broken = tree(&[CORE, benches], &[]);
        let mut edge = broken.workspace.packages[1].dependencies[0].clone();
        assert_eq!(edge.name, "serde");
        edge = Dependency { name: "par-benches".to_owned(), source: None, ..edge };
        broken.workspace.packages[1].dependencies.push(edge);
        assert_eq!(leaves_are_leaves(&broken), ["par-core depends on par-benches: nothing may"]);
    }

    #[test]
    fn an_xtask_that_needs_a_par_crate_is_found() {
        assert!(xtask_stands_alone(&tree(&[CORE, ("xtask", "", &["clap"])], &[])).is_empty());
        assert_eq!(xtask_stands_alone(&tree(&[CORE, ("xtask", "", &["par-core"])], &[])).len(), 1);
    }

    #[test]
    fn a_git_dependency_and_a_foreign_path_are_found() {
        let mut broken = tree(&[CORE], &[]);
        assert!(sources_are_known(&broken).is_empty());
        let dependency = &mut broken.workspace.packages[0].dependencies[0];
        dependency.source = Some("git+https://example.com/serde".to_owned());
        assert_eq!(sources_are_known(&broken).len(), 1);
        let dependency = &mut broken.workspace.packages[0].dependencies[0];
        (dependency.source, dependency.path) = (None, Some("/elsewhere/serde".into()));
        assert_eq!(sources_are_known(&broken).len(), 1);
        let dependency = &mut broken.workspace.packages[0].dependencies[0];
        (dependency.source, dependency.req) = (Some(CRATES_IO.to_owned()), "*".to_owned());
        assert_eq!(sources_are_known(&broken).len(), 1);
    }
}
