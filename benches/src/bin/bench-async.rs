//! The bench program of par-async.

use std::process::ExitCode;

use par_async::TokioExecutor;
use par_benches::program::{self, ExecutorSpec};

fn main() -> ExitCode {
    program::main(
        "async",
        &[ExecutorSpec::present("tokio-executor", |workers| {
            // Its workers poll futures, of which there are none here.
            Ok(Box::new(TokioExecutor::builder().workers(workers.get()).multi_thread(1).build()?))
        })],
    )
}
