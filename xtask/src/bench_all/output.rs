//! The results folder: made before anything is built, filled at the end, pointed to by `latest`.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::html;
use super::journal;
use super::manifest::Manifest;
use crate::error::Error;

const REPORT: &str = "report.html";

/// Makes `folder` and tries to write into it.
///
/// # Errors
/// It cannot be made, or nothing can be written there.
pub(super) fn make_writable(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let probe = folder.join(".probe");
    fs::write(&probe, b"")?;
    fs::remove_file(probe)
}

/// Writes the report from what is in `folder`, and from nothing else.
///
/// # Errors
/// One of the two files is missing or not understood.
pub(super) fn render(folder: &Path) -> Result<PathBuf, Error> {
    let manifest = Manifest::read(folder)?;
    let rows = journal::read(folder)?;
    let path = folder.join(REPORT);
    fs::write(&path, html::render(&manifest, &rows)).map_err(|source| Error::io("write", &path, source))?;
    Ok(path)
}

/// Lets `latest` beside `folder` point to it; where something else is named so, it stays.
pub(super) fn point_latest(folder: &Path) {
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else { return };
    let latest = parent.join("latest");
    if fs::symlink_metadata(&latest).is_ok_and(|found| found.file_type().is_symlink()) {
        let _ = fs::remove_file(&latest);
    }
    if let Err(error) = symlink(name, &latest) {
        eprintln!("warning: {} does not point to this run: {error}", latest.display());
    }
}
