//! What comes from outside: bytes, connections, other programs, signals, and the clock's ticks.

mod error;
mod interval;
mod process;
mod server;
mod signal;
mod stream;

pub use error::{ProcessError, SignalError, StreamError};
pub use interval::{Interval, MissedTicks, Tick, interval, interval_at};
pub use process::{Child, Command, Exit, Output, Redirect};
pub use server::{Accepted, Closing, Connection, ConnectionFailure, Served, Server, ServerHandle};
pub use signal::{Signal, Signals, dump_on, dump_on_signal, on_signal, signals};
pub use stream::{Frames, Lines, Stream, connect, connect_unix};
