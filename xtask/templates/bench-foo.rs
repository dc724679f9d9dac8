//! The bench program of the paradigm `foo`; its contract is in this package's README.md.

use std::process::ExitCode;

use par_benches::program;
use par_foo::{FooConfig, FooExecutor};

fn main() -> ExitCode {
    program::run("foo", |program| {
        program.executor("foo-executor", |workers| FooExecutor::new(FooConfig::default().workers(workers)));
    })
}
