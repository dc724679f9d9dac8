//! What went wrong with a client.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use par_core::Panic;

/// What a server reports while it serves the others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionFailure<E: std::fmt::Debug + Display> {
    /// The handler of a connection returned an error.
    #[error("connection {number} ({peer}) failed: {error}")]
    Failed {
        /// The number of the connection.
        number: u64,
        /// Where the client is.
        peer: SocketAddr,
        /// What the handler returned.
        error: E,
    },
    /// The handler of a connection panicked.
    #[error("connection {number} ({peer}) panicked: {panic}")]
    Panicked {
        /// The number of the connection.
        number: u64,
        /// Where the client is.
        peer: SocketAddr,
        /// With what.
        panic: Panic,
    },
    /// A client could not be accepted; after a while the server tries again.
    #[error(
        "a client could not be accepted: {0}; if the process is out of file descriptors, lower the limit of the server"
    )]
    NotAccepted(#[source] io::Error),
}
