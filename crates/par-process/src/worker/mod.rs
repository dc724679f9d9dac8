//! The worker's side: what the program does when it was started as a worker.
//!
//! | thread | what it does |
//! |---|---|
//! | main | runs calls, one inside the other while a task waits for its children |
//! | listener | receives: calls into the inbox, cancellations to running tasks, replies to nested calls |
//! | heart | counts up on the board, so that the pool sees a worker that is stopped; publishes progress |
//!
//! The main thread may wait in `send` until the pool reads; the listener never waits for the pool but in `recv`, and
//! ends the process when the channel closes.

mod forward;
mod heart;
mod helper;
mod inbox;
mod life;
mod link;
mod listener;

use std::io;

use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcSender, bytes_channel};
use par_core::{Registry, TaskError};
use rustix::process::{Resource, Rlimit, Signal, getppid, nice, set_parent_process_death_signal, setrlimit};

use crate::spawn::{EXIT_NO_CHANNEL, EXIT_ORPHAN, Hello, MARK};
use crate::wire::{Frame, Message, Messages, Setup, VERSION};

/// The "task" in the error of a worker that could not set itself up.
pub(crate) const SETUP_FAILED: &str = "worker setup";

/// Makes this program able to be a worker of a pool and a rank of a world: call it as the first thing in `main`.
///
/// In a program that somebody started it returns at once.
/// In a process that a [`ProcessPool`](crate::ProcessPool) started it never returns: it runs the tasks that were
/// registered at link time, until the pool sends it home. In one that a [`ProcessWorld`](crate::ProcessWorld) started it
/// runs the world's program and ends the process.
///
/// # Examples
/// ```no_run
/// fn main() -> Result<(), par_process::PoolError> {
///     par_process::init();
///     let pool = par_process::ProcessPool::new()?;
///     Ok(())
/// }
/// ```
pub fn init() {
    if let Some(mark) = std::env::var_os(MARK) {
        work(&mark.to_string_lossy(), None);
    }
    crate::world::join_if_marked();
}

/// As [`init`], for a worker that knows the tasks of `registry` and no others.
///
/// # Examples
/// ```no_run
/// use par_core::Registry;
///
/// #[par_core::task]
/// fn one() -> u32 { 1 }
///
/// fn main() -> Result<(), par_core::RegistryError> {
///     par_process::init_with(Registry::new().task::<one>()?);
///     Ok(())
/// }
/// ```
pub fn init_with(registry: Registry) {
    if let Some(mark) = std::env::var_os(MARK) {
        work(&mark.to_string_lossy(), Some(registry));
    }
    crate::world::join_if_marked();
}

/// The whole life of a worker.
fn work(mark: &str, registry: Option<Registry>) -> ! {
    crate::ffi::remove_mark(MARK);
    crate::ffi::close_inherited_channels();
    let Some((pool, address)) = mark.split_once(':') else { std::process::exit(EXIT_NO_CHANNEL) };
    if !pool.parse().is_ok_and(end_with_parent) {
        remove_socket(address);
        std::process::exit(EXIT_ORPHAN);
    }
    match greet(address) {
        Ok((receiver, link)) => live(receiver, &link, registry),
        Err(_) => std::process::exit(EXIT_NO_CHANNEL),
    }
}

/// Has the kernel end this process with the thread that started it; `false`: that thread's process is gone already.
pub(crate) fn end_with_parent(parent: u32) -> bool {
    let bound = set_parent_process_death_signal(Some(Signal::KILL));
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    bound.is_ok() && now == Some(parent)
}

/// Connects to the pool and gives it the channels.
fn greet(address: &str) -> Result<(IpcBytesReceiver, IpcBytesSender), IpcError> {
    let connected = IpcSender::<Hello>::connect(address.to_owned());
    // Nobody else connects; and should the pool be killed now, nothing is left behind.
    remove_socket(address);
    let (to_worker, receiver) = bytes_channel().map_err(IpcError::Io)?;
    let (link, from_worker) = bytes_channel().map_err(IpcError::Io)?;
    let sentinel = link.clone();
    connected.map_err(IpcError::Io)?.send(Hello { to_worker, from_worker, sentinel })?;
    Ok((receiver, link))
}

/// The socket, and its directory if there is nothing else in it.
fn remove_socket(address: &str) {
    let _ = std::fs::remove_file(address);
    if let Some(directory) = std::path::Path::new(address).parent() {
        let _ = std::fs::remove_dir(directory);
    }
}

fn live(receiver: IpcBytesReceiver, sender: &IpcBytesSender, registry: Option<Registry>) -> ! {
    par_core::plumbing::record_panics();
    let setup = receiver.recv().ok().and_then(|frame| match Messages::of(frame).next() {
        Some(Ok(Message::Setup(setup))) => Some(setup),
        _ => None,
    });
    let Some(setup) = setup else { std::process::exit(EXIT_NO_CHANNEL) };
    let unfit = |error: TaskError| -> ! {
        let mut frame = Frame::default();
        frame.push(&Message::Unfit(error));
        let _ = sender.send(frame.bytes());
        std::process::exit(EXIT_NO_CHANNEL)
    };
    let life = apply(&setup)
        .and_then(|()| life::Life::new(&setup, sender.clone(), registry))
        .unwrap_or_else(|reason| unfit(TaskError::Codec { task: SETUP_FAILED.to_owned(), reason }));
    if let Some(call) = &setup.initializer
        && let Err(error) = life.initialise(call)
    {
        unfit(error);
    }
    life.run(receiver)
}

/// What the process does to itself.
fn apply(setup: &Setup) -> Result<(), String> {
    if setup.version != VERSION {
        return Err(format!(
            "the pool speaks version {} of the protocol, this worker {VERSION}",
            setup.version
        ));
    }
    let failed = |what: &str, error: io::Error| format!("{what}: {error}");
    if let Some(limit) = setup.memory_limit {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(Resource::As, limit)
            .map_err(|error| failed("the memory limit cannot be set", error.into()))?;
    }
    if let Some(increment) = setup.nice {
        nice(increment).map_err(|error| failed("the niceness cannot be set", error.into()))?;
    }
    Ok(())
}
