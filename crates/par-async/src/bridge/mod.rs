//! Ways between asynchronous code and everything else.

mod block_on;
mod cancelled;
mod gate;
mod run_in;
mod to_thread;

pub use block_on::block_on;
pub use cancelled::cancelled;
pub use run_in::{run_closure_in, run_in};
pub use to_thread::{abandon_to_thread, to_thread, to_thread_with};
