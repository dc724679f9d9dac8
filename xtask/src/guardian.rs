//! A shell that outlives xtask by a moment: it ends the groups that xtask left behind when it was killed with SIGKILL.
//!
//! xtask tells it `+ GROUP` and `- GROUP` through a pipe.
//! The pipe's end is xtask's end, however that came about; the groups that were not taken back are ended then.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};

use nix::unistd::Pid;

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
for group in $live; do kill -s TERM -- "-$group" 2>/dev/null && ended="$ended $group"; done
[ -z "$ended" ] || sleep 2
for group in $ended; do kill -s KILL -- "-$group" 2>/dev/null; done
"#;

/// The guardian's ear; without a shell there is none, and the other ways to end groups remain.
#[derive(Debug)]
pub(crate) struct Guardian(Option<ChildStdin>);

impl Guardian {
    /// Starts the shell, in a group of its own.
    pub(crate) fn start() -> Self {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Self(shell.ok().and_then(|mut shell| shell.stdin.take()))
    }

    /// Puts a group under guard.
    pub(crate) fn guard(&mut self, group: Pid) {
        self.tell('+', group);
    }

    /// Takes it back.
    pub(crate) fn release(&mut self, group: Pid) {
        self.tell('-', group);
    }

    fn tell(&mut self, sign: char, group: Pid) {
        if let Some(ear) = &mut self.0
            && writeln!(ear, "{sign} {group}").is_err()
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
        Command::new("sleep").arg("60").process_group(0).spawn().unwrap()
    }

    #[test]
    fn groups_end_with_the_pipe_unless_they_were_taken_back() {
        let mut children: Vec<_> = (0..3).map(|_| sleeper()).collect();
        let group = |child: &std::process::Child| Pid::from_raw(child.id() as i32);
        let mut guardian = Guardian::start();
        for child in &children {
            guardian.guard(group(child));
        }
        guardian.release(group(&children[1]));
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
