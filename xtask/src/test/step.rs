//! The steps of `cargo xtask test`: each is one command with a time limit.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::group::Output;
use crate::workspace::{self, Workspace};

use super::{bench, fresh};

/// One step.
pub(super) struct Step {
    /// What `cargo xtask test NAME` calls it.
    pub(super) name: &'static str,
    /// What it checks.
    pub(super) about: &'static str,
    /// After this it hangs.
    pub(super) limit: Duration,
    /// The command, or why there is none.
    pub(super) command: fn(&Session) -> Result<Command, String>,
    /// What of its output is counted.
    pub(super) count: Count,
    /// A run that finds nothing to check has failed.
    pub(super) never_empty: bool,
    /// Looks at what the command left behind.
    pub(super) check: fn(&Session) -> Result<(), String>,
}

/// How many checks a step's output stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// The step is one check.
    One,
    /// libtest's `test result` lines.
    Libtest,
    /// The `N passed, N failed` line of another xtask command.
    LastLine,
}

/// What all steps of one run share.
pub(super) struct Session<'a> {
    pub(super) workspace: &'a Workspace,
    /// The arguments that turn on what this machine can build.
    features: Vec<String>,
    /// Those that turn on what crates want their tests to run with.
    test_features: Vec<String>,
    /// `PAR_REQUIRE` for the steps, when setup has run.
    require: Option<String>,
    /// Where the steps' output goes.
    pub(super) output: Output,
}

/// What `--setup` puts before all others.
pub(super) const SETUP: Step = Step {
    limit: Duration::from_hours(1),
    ..step("setup", "installs what is missing", |session| Ok(session.xtask(&["setup"])))
};

/// Every step, cheap ones first.
pub(super) const STEPS: &[Step] = &[
    step("fmt", "the code is formatted", |session| Ok(session.cargo(&["fmt", "--all", "--check"]))),
    step("tidy", "layers, names, headers, file lengths", |session| Ok(session.xtask(&["tidy"]))),
    Step { limit: Duration::from_mins(30), ..step("clippy", "lints", |session| Ok(clippy(session, &[]))) },
    Step {
        limit: Duration::from_mins(30),
        ..step("features", "lints, with the features that the tests run with", |session| {
            Ok(clippy(session, &session.test_features))
        })
    },
    Step {
        limit: Duration::from_mins(45),
        count: Count::Libtest,
        never_empty: true,
        ..step("tests", "unit and integration tests", |session| {
            let mut command =
                session.build(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
            command.args(&session.test_features);
            Ok(command)
        })
    },
    Step {
        limit: Duration::from_mins(30),
        count: Count::Libtest,
        ..step("doctests", "the examples in the documentation", |session| {
            Ok(session.build(&["test", "--workspace", "--no-fail-fast", "--doc"]))
        })
    },
    Step {
        limit: Duration::from_mins(45),
        count: Count::LastLine,
        ..step("examples", "every example runs", |session| Ok(session.xtask(&["examples"])))
    },
    Step {
        limit: Duration::from_mins(30),
        count: Count::Libtest,
        never_empty: true,
        ..step("loom", "the models of hand-written synchronisation", loom)
    },
    Step {
        limit: Duration::from_mins(20),
        ..step("doc", "the documentation builds without a warning", |session| Ok(doc(session)))
    },
    Step {
        limit: Duration::from_mins(30),
        ..step("new", "a crate from the template builds and passes", fresh::command)
    },
    Step {
        limit: Duration::from_mins(45),
        check: bench::check,
        ..step("bench", "a quick bench-all run, with its report", bench::command)
    },
];

const fn step(
    name: &'static str,
    about: &'static str,
    command: fn(&Session) -> Result<Command, String>,
) -> Step {
    let limit = Duration::from_mins(5);
    Step { name, about, limit, command, count: Count::One, never_empty: false, check: |_| Ok(()) }
}

fn clippy(session: &Session, features: &[String]) -> Command {
    let mut command = session.build(&["clippy", "--workspace", "--all-targets"]);
    command.args(features).args(["--", "-D", "warnings"]);
    command
}

fn loom(session: &Session) -> Result<Command, String> {
    let modelled: Vec<_> = session
        .workspace
        .packages
        .iter()
        .filter(|package| package.dependencies.iter().any(|dependency| dependency.name == "loom"))
        .map(|package| package.name.as_str())
        .collect();
    if modelled.is_empty() {
        return Err("no crate depends on loom".to_owned());
    }
    let mut command = session.cargo(&["test", "--lib", "--release", "--no-fail-fast"]);
    for package in modelled {
        command.args(["-p", package]);
    }
    // Only what is called loom: other tests would run outside a model, which loom refuses.
    command.arg("loom").env("RUSTFLAGS", with_flag("RUSTFLAGS", "--cfg loom"));
    // Other flags, other folder: the two builds do not throw each other's work away.
    command.env("CARGO_TARGET_DIR", session.workspace.target.join("loom"));
    Ok(command)
}

fn doc(session: &Session) -> Command {
    let mut command = session.build(&["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", with_flag("RUSTDOCFLAGS", "-D warnings"));
    command
}

/// The variable's value with one more flag.
fn with_flag(variable: &str, flag: &str) -> OsString {
    let mut flags = env::var_os(variable).unwrap_or_default();
    if !flags.is_empty() {
        flags.push(" ");
    }
    flags.push(flag);
    flags
}

impl<'a> Session<'a> {
    /// A session; `require` goes to the steps as `PAR_REQUIRE` unless the caller has set it already.
    pub(super) fn new(workspace: &'a Workspace, features: Vec<String>, require: Option<String>) -> Self {
        let require = require.filter(|_| env::var_os("PAR_REQUIRE").is_none_or(|set| set.is_empty()));
        Self { workspace, features, test_features: Vec::new(), require, output: Output::Tee }
    }

    /// With arguments that turn on what crates want their tests to run with.
    pub(super) fn testing_with(self, test_features: Vec<String>) -> Self {
        Self { test_features, ..self }
    }

    /// A command of cargo in the root folder.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = workspace::cargo();
        self.prepare(&mut command).args(arguments);
        command
    }

    /// A command of cargo that builds, with the features of this machine.
    fn build(&self, arguments: &[&str]) -> Command {
        let mut command = self.cargo(arguments);
        command.args(&self.features);
        command
    }

    /// A command of this very xtask.
    pub(super) fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(own_program());
        self.prepare(&mut command).args(arguments);
        command
    }

    fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.current_dir(&self.workspace.root);
        // Tests panic on purpose, some in hundreds of workers: their backtraces would hide the one that matters, and take
        // longer than the tests. Who wants one runs that test by `cargo test`.
        command.env("RUST_BACKTRACE", "0");
        if let Some(require) = &self.require {
            command.env("PAR_REQUIRE", require);
        }
        command
    }
}

/// The program that runs now, even when a step has meanwhile built another one over its path.
fn own_program() -> PathBuf {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() { link } else { env::current_exe().unwrap_or_else(|_| "xtask".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_are_unique() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(STEPS[..index].iter().all(|other| other.name != step.name), "{}", step.name);
        }
    }

    #[test]
    fn flags_are_added_to_what_the_caller_set() {
        assert_eq!(with_flag("PAR_NO_SUCH_VARIABLE", "--cfg loom"), "--cfg loom");
        assert!(with_flag("PATH", "-D warnings").to_string_lossy().ends_with(" -D warnings"));
    }

    #[test]
    fn builds_get_the_features_and_formatting_does_not() {
        let workspace = Workspace { root: "/w".into(), target: "/w/target".into(), packages: Vec::new() };
        let session = Session::new(&workspace, vec!["--features".into(), "par-mpi/mpi".into()], None)
            .testing_with(vec!["--features".into(), "par-threads/fussy".into()]);
        let arguments = |step: &str| -> Vec<OsString> {
            let step = STEPS.iter().find(|candidate| candidate.name == step).unwrap();
            let command = (step.command)(&session).unwrap();
            command.get_args().map(ToOwned::to_owned).collect()
        };
        assert_eq!(arguments("fmt"), ["fmt", "--all", "--check"]);
        assert_eq!(
            arguments("clippy"),
            ["clippy", "--workspace", "--all-targets", "--features", "par-mpi/mpi", "--", "-D", "warnings"]
        );
        for (step, tested) in [("tests", true), ("features", true), ("doctests", false)] {
            assert_eq!(arguments(step).contains(&"par-threads/fussy".into()), tested, "{step}");
        }
        assert!((loom)(&session).unwrap_err().contains("loom"));
    }
}
