//! The bench programs, the catalogue and the task graphs.
//!
//! Without the standard harness, because this program is also its own child: process pools start it again, and the
//! test of the process tree needs somebody who burns.

mod catalogue;
mod graphs;
mod hanging;
mod liars;
mod lines;
mod process_tree;
mod usage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    if process_tree::is_child() {
        return process_tree::burn();
    }
    if hanging::is_child() {
        return hanging::program();
    }
    let trials = [
        catalogue::trials(),
        graphs::trials(),
        hanging::trials(),
        liars::trials(),
        lines::trials(),
        process_tree::trials(),
        usage::trials(),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit_code()
}

/// A trial that passes unless it panics or returns an error.
fn trial(name: impl Into<String>, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, test)
}
