//! Streams, servers, other programs, signals, intervals.

mod dump;
mod interval;
mod process;
mod server;
mod signal;
mod stream;

use std::time::Duration;

use par_async::{Command, Runner};

/// Runs `main` on a runtime with two workers and a real clock: the other end of a socket or pipe has one, too.
fn live<F: Future>(what: &str, main: F) -> F::Output {
    par_core::testing::within(Duration::from_mins(1), what, || {
        Runner::builder().workers(2).build().expect("it starts").run(main).expect("it ends")
    })
}

/// Runs only the test `name` of this program in a process of its own, with `PAR_ROLE` set.
fn again(name: &str) -> Command {
    let this = std::env::current_exe().expect("it runs");
    Command::new(this).args([name, "--exact", "--nocapture", "--test-threads=1"]).env("PAR_ROLE", "child")
}

/// Whether this is such a process.
fn is_child() -> bool {
    std::env::var_os("PAR_ROLE").is_some()
}
