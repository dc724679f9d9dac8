//! The bench program of par-core itself: the best serial code, and what it costs to run on an executor at all.

use std::process::ExitCode;

use par_benches::program::{self, ExecutorSpec};
use par_core::{LoopbackExecutor, SerialExecutor};

fn main() -> ExitCode {
    program::main(
        "serial",
        &[
            ExecutorSpec::best_serial(),
            // Chunks, handles and merging, without any parallelism to pay for them.
            ExecutorSpec::present("serial-executor", |_| Ok(Box::new(SerialExecutor::new()))).max_workers(1),
            // The same, with everything encoded and decoded.
            ExecutorSpec::present("loopback", |_| Ok(Box::new(LoopbackExecutor::new()))).max_workers(1),
        ],
    )
}
