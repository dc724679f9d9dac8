//! The bench program of par-threads.

use std::process::ExitCode;

use par_benches::program::{self, ExecutorSpec};
use par_threads::{RayonPool, ThreadPool, ThreadWorld};

fn main() -> ExitCode {
    program::main(
        "threads",
        &[
            ExecutorSpec::present("thread-pool", |workers| {
                Ok(Box::new(ThreadPool::builder().workers(workers.get()).build()?))
            }),
            ExecutorSpec::present("rayon-pool", |workers| {
                Ok(Box::new(RayonPool::builder().workers(workers.get()).build_rayon()?))
            }),
            ExecutorSpec::world("thread-world", |ranks| {
                Ok(ThreadWorld::builder().ranks(ranks.get()).checked(false).build()?)
            }),
        ],
    )
}
