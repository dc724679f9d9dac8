//! The program that starts ranks.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which MPI a launcher belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Library {
    /// Open MPI.
    OpenMpi,
    /// MPICH, and those that share its launcher, Hydra: Intel MPI, MVAPICH.
    Mpich,
    /// Another; it is told nothing but the number of ranks.
    Other,
}

/// The program that starts ranks: `mpirun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Where it is.
    pub path: PathBuf,
    /// Which MPI it belongs to.
    pub library: Library,
    /// The first line that it says about itself.
    pub version: String,
}

/// There is no launcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoLauncher {
    /// No such program is on the `PATH`.
    #[error("no {0} on the PATH; install an MPI, e.g. Open MPI, by cargo xtask setup")]
    Absent(String),
    /// It does not run.
    #[error("{program} --version failed: {reason}; reinstall the MPI that it belongs to")]
    Broken {
        /// The program.
        program: String,
        /// What it said.
        reason: String,
    },
}

impl Launcher {
    /// The launcher on the `PATH`, or the one that the variable `PAR_MPIRUN` names.
    ///
    /// # Errors
    /// [`NoLauncher`].
    pub fn find() -> Result<Self, NoLauncher> {
        let name = env::var("PAR_MPIRUN").ok().filter(|name| !name.is_empty());
        Self::named(&name.unwrap_or_else(|| "mpirun".to_owned()))
    }

    /// The launcher of this name or path.
    ///
    /// # Errors
    /// [`NoLauncher`].
    pub fn named(name: &str) -> Result<Self, NoLauncher> {
        let path = on_path(name).ok_or_else(|| NoLauncher::Absent(name.to_owned()))?;
        let broken = |reason: String| NoLauncher::Broken { program: path.display().to_string(), reason };
        let answer = Command::new(&path).arg("--version").stdin(Stdio::null()).output();
        let answer = answer.map_err(|error| broken(error.to_string()))?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        if !answer.status.success() {
            return Err(broken(String::from_utf8_lossy(&answer.stderr).trim().to_owned()));
        }
        let library = library_of(&text);
        let version = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
        Ok(Self { path, library, version })
    }
}

/// Which MPI a launcher belongs to, by what it says about itself.
fn library_of(version: &str) -> Library {
    if version.contains("Open MPI") || version.contains("OpenRTE") || version.contains("PRRTE") {
        Library::OpenMpi
    } else if version.contains("HYDRA") || version.contains("Intel(R) MPI") || version.contains("MPICH") {
        Library::Mpich
    } else {
        Library::Other
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Path::new(name).is_file().then(|| PathBuf::from(name));
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_known_by_what_they_say() {
        assert_eq!(library_of("mpirun (Open MPI) 4.1.4\n\nReport bugs"), Library::OpenMpi);
        assert_eq!(library_of("HYDRA build details:\n    Version: 4.0.2"), Library::Mpich);
        assert_eq!(library_of("Intel(R) MPI Library for Linux* OS, Version 2021.9"), Library::Mpich);
        assert_eq!(library_of("something else"), Library::Other);
    }

    #[test]
    fn an_absent_launcher_is_an_error_that_names_it() {
        let error = Launcher::named("no-such-mpirun").unwrap_err().to_string();
        assert!(error.contains("no-such-mpirun") && error.contains("cargo xtask setup"), "{error}");
    }
}
