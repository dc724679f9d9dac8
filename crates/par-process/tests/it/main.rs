//! Everything about worker processes.
//!
//! The program is its own worker, so `init()` comes first in `main` and libtest is replaced by libtest-mimic.
//! Tests run one after the other, because some count the processes, descriptors and files of this process; each has a
//! limit, after which the whole program is aborted.
//!
//! - `conformance`: what every executor does.
//! - `failure`: workers that are killed, stopped, starved, or end themselves.
//! - `start`: programs that are no workers, initializers, limits, environments.
//! - `nesting`: tasks that submit tasks.
//! - `pool`: recycling, priorities, deadlines, cancellation, shutdown.
//! - `payload`: large payloads.
//! - `leaks`: nothing is left behind.
//! - `chaos`: everything at once.
//! - `world`: worlds whose ranks are processes.

mod chaos;
mod conformance;
mod failure;
mod leaks;
mod nesting;
mod payload;
mod pool;
mod roles;
mod start;
mod tasks;
mod watch;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// What a test yields.
type Outcome = Result<(), Box<dyn std::error::Error>>;
/// A test and its name.
type Test = (&'static str, fn() -> Outcome);

fn main() -> ExitCode {
    // Some tests need programs that are no proper workers.
    roles::before_init();
    par_process::init();
    roles::after_init();

    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let modules: [(&str, &[Test]); 11] = [
        ("conformance", conformance::TESTS),
        ("failure", failure::TESTS),
        ("start", start::TESTS),
        ("nesting", nesting::TESTS),
        ("pool", pool::TESTS),
        ("payload", payload::TESTS),
        ("leaks", leaks::TESTS),
        ("chaos", chaos::TESTS),
        ("world", world::TESTS),
        ("world::failure", world::FAILURE_TESTS),
        ("world::leaks", world::LEAK_TESTS),
    ];
    let mut trials = Vec::new();
    for (module, tests) in modules {
        for (name, test) in tests {
            let name = format!("{module}::{name}");
            let watched = name.clone();
            trials.push(Trial::test(name, move || watch::under_limit(&watched, *test).map_err(Into::into)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
