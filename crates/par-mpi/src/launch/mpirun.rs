//! The command line and the environment of a launch.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use super::{Launcher, Library, Machine, NoLauncher};

/// A launch of ranks: what is started, how often, and what the launcher must be told for it on this machine.
///
/// Nothing is told that is not needed: root's permission to root alone, oversubscription where there are more ranks
/// than hardware threads. Without a host file all ranks are on this machine, and then they open no sockets to one
/// another.
#[derive(Debug, Clone)]
pub struct Mpirun {
    launcher: Launcher,
    machine: Machine,
    ranks: usize,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    options: Vec<OsString>,
    hosts: Option<PathBuf>,
    oversubscribe: bool,
}

impl Mpirun {
    /// A launch by the launcher on the `PATH`, or the one that `PAR_MPIRUN` names.
    ///
    /// # Errors
    /// [`NoLauncher`].
    pub fn find(ranks: usize) -> Result<Self, NoLauncher> {
        Ok(Self::new(Launcher::find()?, Machine::read(), ranks))
    }

    /// A launch by this launcher on such a machine.
    pub fn new(launcher: Launcher, machine: Machine, ranks: usize) -> Self {
        Self {
            oversubscribe: ranks > machine.cores,
            launcher,
            machine,
            ranks,
            program: PathBuf::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            options: Vec::new(),
            hosts: None,
        }
    }

    /// What every rank runs.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// The program's arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// A variable of every rank's environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// An argument of the launcher itself.
    #[must_use]
    pub fn option(mut self, option: impl AsRef<OsStr>) -> Self {
        self.options.push(option.as_ref().to_owned());
        self
    }

    /// The machines that ranks are spread over, in a file that the launcher understands.
    #[must_use]
    pub fn hosts(mut self, file: impl Into<PathBuf>) -> Self {
        self.hosts = Some(file.into());
        self
    }

    /// Allows more ranks than hardware threads even where this machine has enough of them.
    #[must_use]
    pub fn oversubscribe(mut self) -> Self {
        self.oversubscribe = true;
        self
    }

    /// The launcher.
    pub const fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// What is set in the launcher's environment.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut set: Vec<(OsString, OsString)> = Vec::new();
        let mut add = |name: &str, value: &str| set.push((name.into(), value.into()));
        if self.launcher.library == Library::OpenMpi {
            if self.machine.is_root {
                add("OMPI_ALLOW_RUN_AS_ROOT", "1");
                add("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
            }
            if self.oversubscribe {
                add("OMPI_MCA_rmaps_base_oversubscribe", "1");
                // Without it a rank that waits keeps its core from the one that it waits for.
                add("OMPI_MCA_mpi_yield_when_idle", "1");
            }
            if self.hosts.is_none() {
                add("OMPI_MCA_btl", "self,vader");
                // Reading from another rank's memory is forbidden in many containers, slower in many virtual machines,
                // and in Open MPI 4.1 writes beyond the buffer of a receive that is too short.
                add("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
            }
        }
        set.extend(self.environment.iter().cloned());
        set
    }

    /// The launcher's arguments, the program's included.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-n".into(), self.ranks.to_string().into()];
        if let Some(hosts) = &self.hosts {
            let option = if self.launcher.library == Library::Mpich { "-f" } else { "--hostfile" };
            arguments.extend([option.into(), hosts.into()]);
        }
        if self.launcher.library == Library::OpenMpi && self.hosts.is_some() {
            // Hydra hands its whole environment on, Open MPI's mpirun to other machines only what it is told to.
            for (name, _) in &self.environment {
                arguments.extend(["-x".into(), name.clone()]);
            }
        }
        arguments.extend(self.options.iter().cloned());
        arguments.push(self.program.clone().into());
        arguments.extend(self.arguments.iter().cloned());
        arguments
    }

    /// The command.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.launcher.path);
        command.args(self.arguments()).envs(self.environment());
        // A rank that starts ranks is no rank of theirs.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["OMPI_COMM_WORLD_", "PMIX_", "PMI_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command
    }
}

impl std::fmt::Display for Mpirun {
    /// As one would type it into a shell.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in self.environment() {
            write!(f, "{}={} ", name.to_string_lossy(), quoted(&value))?;
        }
        write!(f, "{}", quoted(self.launcher.path.as_os_str()))?;
        self.arguments().iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |char: char| char.is_alphanumeric() || "-_./=,:+@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(library: Library, ranks: usize, is_root: bool) -> Mpirun {
        let launcher = Launcher { path: "mpirun".into(), library, version: String::new() };
        Mpirun::new(launcher, Machine { is_root, cores: 2 }, ranks).program("prog")
    }

    #[test]
    fn nothing_is_told_that_is_not_needed() {
        assert_eq!(
            launch(Library::OpenMpi, 2, false).to_string(),
            "OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none mpirun -n 2 prog"
        );
        assert_eq!(launch(Library::Mpich, 8, true).to_string(), "mpirun -n 8 prog");
    }

    #[test]
    fn root_and_small_machines_are_provided_for() {
        let text = launch(Library::OpenMpi, 3, true).args(["a b"]).env("X", "it's").to_string();
        for part in [
            "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
            "OMPI_MCA_rmaps_base_oversubscribe=1",
            "OMPI_MCA_mpi_yield_when_idle=1",
            r"X='it'\''s' mpirun -n 3 prog 'a b'",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn ranks_on_other_machines_keep_their_sockets_and_get_the_environment() {
        let text = launch(Library::OpenMpi, 2, false).hosts("hosts").env("X", "1").to_string();
        assert_eq!(text, "X=1 mpirun -n 2 --hostfile hosts -x X prog");
        let text = launch(Library::Mpich, 2, false).hosts("hosts").to_string();
        assert_eq!(text, "mpirun -n 2 -f hosts prog");
    }
}
