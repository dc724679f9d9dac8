//! A TCP server whose connections are tasks that end with it.
//!
//! States of a server: *open*, from `bind` on; *closing*, from the first `close` on, with a deadline; *ended*, when `serve`
//! has returned or the server was dropped. Only [`phase`] changes them, and only in this order. `serve` waits for
//! connections that end, for a client that comes, or for a change of the phase, and never for one without the others.

mod accept;
mod connection;
mod failure;
mod handle;
mod phase;
mod serve;

pub use connection::{Accepted, Closing, Connection};
pub use failure::ConnectionFailure;
pub use handle::ServerHandle;
pub use serve::{Served, Server};
