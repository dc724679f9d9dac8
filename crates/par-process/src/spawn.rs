//! Starting a worker process, and what both sides say first.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcOneShotServer};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

use crate::config::Builder;

/// The variable that makes a process a worker: the pool's pid, a colon, and the socket to connect to.
pub(crate) const MARK: &str = "PAR_PROCESS_WORKER";

/// A worker's program made a pool without having called `init`.
pub(crate) const EXIT_NO_INIT: i32 = 113;
/// A worker's pool was gone before it could connect.
pub(crate) const EXIT_ORPHAN: i32 = 114;
/// A worker could not talk to its pool.
pub(crate) const EXIT_NO_CHANNEL: i32 = 115;

/// The worker's first message: the channels, whose ends cross over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// For the pool to send to the worker.
    pub(crate) to_worker: IpcBytesSender,
    /// For the pool to receive from the worker.
    pub(crate) from_worker: IpcBytesReceiver,
    /// For the pool to send to itself, behind the last message of a worker that died.
    pub(crate) sentinel: IpcBytesSender,
}

/// A process that was started and has not said anything yet.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) pidfd: OwnedFd,
    pub(crate) server: IpcOneShotServer<Hello>,
    pub(crate) address: String,
}

/// Starts a worker; on the thread that must outlive it.
pub(crate) fn spawn(config: &Builder) -> io::Result<Started> {
    let (server, address) = IpcOneShotServer::new()?;
    let mut command = match &config.program {
        Some(program) => Command::new(program),
        None => own_program()?,
    };
    // In a group of its own it could not read from the terminal anyway, only be stopped by it.
    command.stdin(Stdio::null());
    command.args(&config.args).envs(config.envs.iter().map(|(name, value)| (name, value)));
    command.env(MARK, format!("{}:{address}", std::process::id()));
    if let Some(directory) = &config.cwd {
        command.current_dir(directory);
    }
    // A group of its own: Ctrl-C is for the pool to handle, and what a task leaves behind can be ended with the worker.
    command.process_group(0);
    let (child, pidfd) = start(&mut command)?;
    Ok(Started { child, pidfd, server, address })
}

/// Starts a process, and opens its descriptor.
pub(crate) fn start(command: &mut Command) -> io::Result<(Child, OwnedFd)> {
    let mut child = command.spawn()?;
    match Pid::from_raw(child.id() as i32)
        .ok_or(rustix::io::Errno::SRCH)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()))
    {
        Ok(pidfd) => Ok((child, pidfd)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error.into())
        }
    }
}

/// This program again: by the kernel's link, which still works when the file was replaced by a new build.
pub(crate) fn own_program() -> io::Result<Command> {
    let link = PathBuf::from("/proc/self/exe");
    let mut command = Command::new(if link.exists() { link } else { std::env::current_exe()? });
    if let Some(name) = std::env::args_os().next() {
        // Listed under the name that this program is listed under.
        command.arg0(name);
    }
    Ok(command)
}

/// Ends a process that was started as a worker or a rank and has not called [`init`](crate::init): it would start
/// processes of its own, and these more.
pub(crate) fn unless_marked(reason: &str) {
    if [MARK, crate::world::MARK].iter().any(|mark| std::env::var_os(mark).is_some()) {
        eprintln!("par-process: {reason}");
        std::process::exit(EXIT_NO_INIT);
    }
}
