//! `cargo xtask build`: every crate, with every feature that this machine can build.

use std::time::Duration;

use crate::error::Error;
use crate::features;
use crate::flags::Build;
use crate::group::{self, Output};
use crate::workspace::{self, Workspace};

/// A cold build on a small machine takes minutes; an hour is a hang.
const LIMIT: Duration = Duration::from_hours(1);

/// Builds libraries, programs and examples, and says what was left out.
///
/// # Errors
/// cargo failed.
pub(crate) fn run(workspace: &Workspace, flags: &Build) -> Result<(), Error> {
    let choices = features::choices(workspace)?;
    let mut command = workspace::cargo();
    command.current_dir(&workspace.root).args(["build", "--workspace", "--lib", "--bins", "--examples"]);
    command.args(features::arguments(&choices));
    if flags.release {
        command.arg("--release");
    }
    let ended = group::run(&mut command, LIMIT, Output::Inherit)?;
    for choice in &choices {
        match choice.obstacle() {
            None => println!("with    {}/{}", choice.package, choice.feature),
            Some(obstacle) => println!("without {}: {obstacle}", choice.package),
        }
    }
    ended.check("cargo build")?;
    println!("built {} packages", workspace.packages.len());
    Ok(())
}
