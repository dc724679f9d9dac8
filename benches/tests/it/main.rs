//! All tests of the package: the workloads, the catalogue on every executor, the task graphs, the bench programs.
//!
//! Without the standard harness, because this program is also its own child: process pools start it again as their
//! workers, and the tests of the process tree and of the watchdog need somebody who burns and somebody who hangs.
#![expect(clippy::unwrap_used, reason = "part of the tests, where the panic is the report")]

/// Tests by the names of their functions, which need no result.
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        vec![$(crate::plain(module_path!(), stringify!($test), $test)),*]
    };
}

mod catalogue;
mod graphs;
mod hanging;
mod liars;
mod lines;
mod process_tree;
mod spmd;
mod together;
mod usage;
mod workloads;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    // A worker never comes back from here.
    par_process::init();
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
        spmd::trials(),
        together::trials(),
        usage::trials(),
        workloads::trials(),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit_code()
}

/// A trial that passes unless it panics or returns an error.
fn trial(name: impl Into<String>, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, test)
}

/// A trial that passes unless it panics, with the name that the standard harness would give it.
fn plain(module: &str, name: &str, test: fn()) -> Trial {
    let module = module.strip_prefix("it::").unwrap_or(module);
    trial(format!("{module}::{name}"), move || {
        test();
        Ok(())
    })
}
