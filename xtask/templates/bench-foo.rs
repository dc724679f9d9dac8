//! The bench program of the paradigm `foo`; its contract is in this package's README.md.

use std::process::ExitCode;

use par_benches::program::{self, ExecutorSpec};
use par_foo::{FooConfig, FooExecutor};

fn main() -> ExitCode {
    program::main(
        "foo",
        &[ExecutorSpec::present("foo-executor", |workers| {
            Ok(Box::new(FooExecutor::new(FooConfig::default().workers(workers))?))
        })],
    )
}
