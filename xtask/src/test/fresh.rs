//! The step that makes a paradigm crate in a copy of the workspace, so that the templates keep up with par-core.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::step::Session;

/// The name of the crate that is made; no crate of the workspace has it.
const NAME: &str = "par-fresh";

/// `new par-fresh --check` in a copy of what git tracks.
///
/// It is built into a target folder of its own: cargo names what it builds after the place within the workspace, so a
/// copy that shared the folder would pass for the workspace itself.
pub(super) fn command(session: &Session) -> Result<Command, String> {
    let workspace = session.workspace;
    let folder = workspace.target.join("test-new");
    let copy = folder.join("workspace");
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(|error| format!("cannot remove {}: {error}", copy.display()))?;
    }
    for path in workspace.files().map_err(|error| error.to_string())? {
        copy_file(&workspace.root.join(&path), &copy.join(&path))
            .map_err(|error| format!("cannot copy {path}: {error}"))?;
    }
    let mut command = session.xtask(&["new", NAME, "--check"]);
    // Kept from run to run, so that only the first one builds the dependencies.
    command.current_dir(copy).env("CARGO_TARGET_DIR", folder.join("target"));
    Ok(command)
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
