//! `cargo xtask ci`: what CI runs, in a fresh clone of HEAD, so that nothing uncommitted helps.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::group::{self, Output};
use crate::workspace::Workspace;

/// The steps inside have limits of their own; this one is for what they cannot see.
const LIMIT: Duration = Duration::from_hours(4);

/// Clones HEAD into `target/ci-clone` and runs `.ci/run` there.
///
/// # Errors
/// The clone could not be made, or the run failed.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let clone = workspace.target.join("ci-clone");
    if clone.exists() {
        fs::remove_dir_all(&clone).map_err(|source| Error::io("remove", &clone, source))?;
    }
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", "--no-hardlinks"]).arg(&workspace.root).arg(&clone);
    group::run(&mut git, LIMIT, Output::Inherit)?.check("git clone")?;
    let mut script = Command::new(clone.join(".ci/run"));
    // The clone builds into a target folder of its own, as it would on a bare machine.
    script.current_dir(&clone).env_remove("CARGO_TARGET_DIR");
    group::run(&mut script, LIMIT, Output::Inherit)?.check(".ci/run")?;
    Ok(())
}
