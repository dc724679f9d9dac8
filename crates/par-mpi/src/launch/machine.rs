//! What a launcher must know about this machine.

use std::process::{Command, Stdio};

/// What a launcher must know about this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Whether the user is root, as in most containers; Open MPI then refuses unless it is told not to.
    pub is_root: bool,
    /// How many hardware threads there are.
    pub cores: usize,
}

impl Machine {
    /// Looks at this machine.
    pub fn read() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { is_root: user() == Some(0), cores }
    }
}

/// The number of the user who runs this.
fn user() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of_proc =
        status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()?.parse().ok());
    of_proc.or_else(|| {
        let answer = Command::new("id").arg("-u").stdin(Stdio::null()).output().ok()?;
        String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_and_a_user() {
        assert!(Machine::read().cores > 0);
        assert!(user().is_some());
    }
}
