//! A shell that outlives xtask by a moment: it ends the groups that xtask left behind when it was killed with SIGKILL.
//!
//! xtask tells it `+ GROUP` and `- GROUP` through a pipe.
//! The pipe's end is xtask's end, however that came about; the groups that were not taken back are ended then.

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::unistd::Pid;

use super::processes;

/// Signals are ignored, because one that ends a whole session must not end the guardian before its work.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
live=' '
while read -r sign group; do
    case $sign in
        +) live="$live$group " ;;
        -) live="${live%% $group *} ${live#* $group }" ;;
    esac
done
end() { kill -s "$1" -- "-$2" 2>/dev/null || sudo -n kill -s "$1" -- "-$2" 2>/dev/null; }
for group in $live; do end TERM "$group" && ended="$ended $group"; done
[ -z "$ended" ] || sleep 2
for group in $ended; do end KILL "$group"; done
"#;

static GUARDIAN: OnceLock<Mutex<Guardian>> = OnceLock::new();

/// Wakes the guardian of this process.
pub(super) fn start() {
    GUARDIAN.get_or_init(|| Mutex::new(Guardian::start()));
}

/// Puts a group under guard.
pub(super) fn guard(group: Pid) {
    tell('+', group);
}

/// Takes it back.
pub(super) fn release(group: Pid) {
    tell('-', group);
}

fn tell(sign: char, group: Pid) {
    if let Some(guardian) = GUARDIAN.get() {
        // The ear is valid whatever became of the line.
        guardian.lock().unwrap_or_else(PoisonError::into_inner).tell(sign, group);
    }
}

/// The guardian's ear; without a shell there is none, and the other ways to end groups remain.
#[derive(Debug)]
struct Guardian(Option<ChildStdin>);

impl Guardian {
    /// Starts the shell, in a group of its own.
    fn start() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = processes::lead(&mut shell).spawn();
        Self(shell.ok().and_then(|mut shell| shell.stdin.take()))
    }

    fn tell(&mut self, sign: char, group: Pid) {
        if let Some(ear) = &mut self.0
            && ear.write_all(format!("{sign} {group}\n").as_bytes()).is_err()
        {
            // Somebody ended the shell.
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn sleeper() -> std::process::Child {
        processes::lead(Command::new("sleep").arg("60")).spawn().unwrap()
    }

    #[test]
    fn groups_end_with_the_pipe_unless_they_were_taken_back() {
        let mut children: Vec<_> = (0..3).map(|_| sleeper()).collect();
        let group = |child: &std::process::Child| Pid::from_raw(child.id() as i32);
        let mut guardian = Guardian::start();
        for child in &children {
            guardian.tell('+', group(child));
        }
        guardian.tell('-', group(&children[1]));
        drop(guardian);
        let start = Instant::now();
        while children[0].try_wait().unwrap().is_none() || children[2].try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "the groups live on");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(children[1].try_wait().unwrap().is_none());
        children[1].kill().unwrap();
        children[1].wait().unwrap();
    }
}
