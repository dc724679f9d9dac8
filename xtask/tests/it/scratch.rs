//! A small workspace in a temporary folder, and xtask run in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const ROOT: &str = "[workspace]
resolver = \"3\"
members = [\"crates/*\", \"benches\", \"xtask\"]

[workspace.package]
version = \"0.1.0\"
edition = \"2024\"

[workspace.dependencies]
par-core = { path = \"crates/par-core\", version = \"0.1.0\" }
";

/// A workspace of par-core, benches and xtask, all empty.
pub(crate) struct Scratch(TempDir);

/// What a run of xtask ended with.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let scratch = Self(tempfile::tempdir().expect("the temporary folder can be written"));
        scratch.write("Cargo.toml", ROOT);
        scratch.write("benches/src/lib.rs", "");
        scratch.write("xtask/src/lib.rs", "");
        scratch.write("crates/par-core/src/lib.rs", "");
        let metadata = "[package.metadata.par]\nparadigm = \"serial\"\nbench = \"bench-serial\"\n";
        scratch.write("crates/par-core/Cargo.toml", &format!("{}{metadata}", package("par-core")));
        let dependency = "[dependencies]\npar-core.workspace = true\n";
        scratch.write("benches/Cargo.toml", &format!("{}{dependency}", package("par-benches")));
        scratch.write("xtask/Cargo.toml", &package("xtask"));
        scratch
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// xtask in this workspace, with a target folder of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).current_dir(self.root()).env_remove("CARGO_TARGET_DIR");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let Output { status, stdout, stderr } =
            self.command(arguments).output().expect("xtask is built beside its tests");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: status.code(), stdout: text(&stdout), stderr: text(&stderr) }
    }
}

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\n\n")
}
