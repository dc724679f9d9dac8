//! The step that makes a paradigm crate in a copy of the workspace, so that the templates keep up with par-core.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::step::Session;

/// The name of the crate that is made; no crate of the workspace has it.
const NAME: &str = "par-fresh";

/// `new par-fresh --check` in a copy of what git tracks, built into the workspace's own target folder.
pub(super) fn command(session: &Session) -> Result<Command, String> {
    let workspace = session.workspace;
    let copy = workspace.target.join("test-new");
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(|error| format!("cannot remove {}: {error}", copy.display()))?;
    }
    for path in workspace.files().map_err(|error| error.to_string())? {
        copy_file(&workspace.root.join(&path), &copy.join(&path))
            .map_err(|error| format!("cannot copy {path}: {error}"))?;
    }
    let mut command = session.xtask(&["new", NAME, "--check"]);
    // Dependencies are built already; crates of another folder do not replace those of the workspace.
    command.current_dir(copy).env("CARGO_TARGET_DIR", &workspace.target);
    Ok(command)
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
