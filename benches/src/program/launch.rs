//! `run` and `metg` on ranks: this program, started again by a launcher.

use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::executors::Launch;
use super::lines::Failed;
use super::session::{Ended, Session, chain};

/// How long a launcher may take to end its ranks when it is asked to.
const GRACE: Duration = Duration::from_secs(2);

impl Session<'_> {
    /// Starts the same command on ranks, and prints what they print; ends all of them after `limit`.
    pub(super) fn launch(
        &mut self,
        launch: Launch,
        workers: NonZeroUsize,
        limit: Duration,
        failed: Failed<'_>,
    ) -> Result<(), Ended> {
        let started = launch(workers).and_then(|mut command| {
            command.args(self.command_line);
            if !self.command_line.iter().any(|argument| argument.to_string_lossy().starts_with("--workers")) {
                // A rank may be bound to a core, and would take that for the whole machine.
                command.args(["--workers", &workers.to_string()]);
            }
            Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?)
        });
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                let reason = format!("the ranks did not start: {}", chain(&*error));
                return Err(self.fail(Failed { reason: &reason, ..failed }));
            }
        };
        let Some(stdout) = child.stdout.take() else { unreachable!("the child's output is piped") };
        let launcher = Pid::from_raw(child.id() as i32);
        let (told, overdue) = std::thread::scope(|scope| {
            let (alive, ended) = channel::<()>();
            let watch = scope.spawn(move || {
                let overdue = ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
                if overdue {
                    // The launcher passes it on; it is there, since nobody has waited for it yet.
                    let _ = kill(launcher, Signal::SIGTERM);
                    if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                        let _ = kill(launcher, Signal::SIGKILL);
                    }
                }
                overdue
            });
            let told = self.relay(stdout);
            drop(alive);
            (told, watch.join().unwrap_or(false))
        });
        if told.is_err() {
            // Nobody reads the output any more.
            let _ = kill(launcher, Signal::SIGTERM);
        }
        let status = child.wait()?;
        match told? {
            _ if overdue => {
                let reason = format!("no end of the ranks within {limit:?}");
                Err(self.fail(Failed { reason: &reason, ..failed }))
            }
            true => Err(Ended::Failed),
            false if status.success() => Ok(()),
            false => {
                let reason = format!("the ranks ended with {status}; standard error says why");
                Err(self.fail(Failed { reason: &reason, ..failed }))
            }
        }
    }

    /// Prints the lines of the ranks, and tells whether one of them says that something failed.
    ///
    /// Launchers have their own to say on standard output, when ranks end badly: it goes to standard error.
    fn relay(&mut self, stdout: ChildStdout) -> Result<bool, Ended> {
        let mut failed = false;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if line.starts_with('{') {
                failed |= line.starts_with(r#"{"kind":"failed""#);
                self.print(&line)?;
            } else if !line.is_empty() {
                eprintln!("{line}");
            }
        }
        Ok(failed)
    }
}
