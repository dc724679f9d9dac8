//! The things of the standard library that cannot be done without `unsafe`.
#![expect(
    unsafe_code,
    reason = "environment and inherited descriptors can only be changed through unsafe functions"
)]

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};

use rustix::net::{AddressFamily, SocketType, sockopt};

/// Removes the mark of a worker or a rank from the environment, so that programs which a task starts do not inherit it.
///
/// Called by [`init`](crate::init) only.
pub(crate) fn remove_mark(mark: &str) {
    // SAFETY: `init` is documented to be the first thing in `main`, so no other thread reads the environment yet.
    unsafe { std::env::remove_var(mark) }
}

/// Closes channels that this worker has inherited.
///
/// ipc-channel accepts the connection of a starting worker without close-on-exec, so another one that is started at that
/// very moment inherits it. Only sockets of the kind that it makes are closed: what the program was given on purpose, or
/// by a library that is loaded before `main`, stays.
/// Called by [`init`](crate::init) only, before this process opens anything.
pub(crate) fn close_inherited_channels() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    // Collected first, so that the directory itself is closed when the others are looked at.
    let open: Vec<RawFd> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}"));
        if !target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:")) {
            continue;
        }
        // SAFETY: the descriptor is open, and `init` is the first thing in `main`, so nothing in this program owns it.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        let is_channel = sockopt::socket_domain(&socket) == Ok(AddressFamily::UNIX)
            && sockopt::socket_type(&socket) == Ok(SocketType::SEQPACKET);
        if !is_channel {
            // Not ours: it stays open.
            let _ = socket.into_raw_fd();
        }
    }
}
