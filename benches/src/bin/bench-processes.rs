//! The bench program of par-process; also the program of its workers.

use std::process::ExitCode;

use par_benches::program::{self, ExecutorSpec};
use par_process::{ProcessPool, ProcessWorld};

fn main() -> ExitCode {
    // A worker never comes back from here.
    par_process::init();
    program::main(
        "processes",
        &[
            ExecutorSpec::present("process-pool", |workers| {
                Ok(Box::new(ProcessPool::builder().workers(workers.get()).build()?))
            }),
            ExecutorSpec::world("process-world", |ranks| {
                Ok(ProcessWorld::builder().ranks(ranks.get()).checked(false).build()?)
            }),
        ],
    )
}
