//! Running xtask with the fake program of `tests/fixtures` in the role of every paradigm.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of fake programs, and results beside them.
#[derive(Debug)]
pub(crate) struct Fake {
    folder: TempDir,
    paradigms: Vec<String>,
}

impl Fake {
    pub(crate) fn new(paradigms: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bench-fake");
        for paradigm in paradigms {
            symlink(&program, folder.path().join(paradigm)).unwrap();
        }
        Self { folder, paradigms: paradigms.iter().map(|name| (*name).to_owned()).collect() }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// `xtask bench-all` with the programs and `--out`, as quick as can be.
    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["bench-all", "--quick", "--seed", "7", "--out"]).arg(self.out()).args(flags);
        for paradigm in &self.paradigms {
            let path = self.folder.path().join(paradigm);
            command.arg("--program").arg(format!("{paradigm}={}", path.display()));
        }
        command
    }

    pub(crate) fn run(&self, flags: &[&str]) -> Output {
        self.command(flags).output().unwrap()
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.out().join("results.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn rows_of(&self, kind: &str) -> Vec<Value> {
        self.rows().into_iter().filter(|row| row["kind"] == kind).collect()
    }

    pub(crate) fn manifest(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.out().join("manifest.json")).unwrap()).unwrap()
    }

    pub(crate) fn report(&self) -> String {
        std::fs::read_to_string(self.out().join("report.html")).unwrap()
    }
}

/// The one line that a refusal prints.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
