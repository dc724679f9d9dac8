//! The suite that every executor passes.

use par_async::{ExecutorBuilder, TokioExecutor};
use par_core::testing::{check, check_shutdown};

fn holds(workers: usize, choose: impl Fn(ExecutorBuilder) -> ExecutorBuilder) {
    let make = || {
        choose(TokioExecutor::builder().workers(workers).queue_bound(500))
            .build()
            .expect("the runtime starts")
    };
    print!("{}", check(&make()));
    check_shutdown(make);
}

#[test]
fn a_runtime_of_its_own() {
    for workers in [1, 2, 4] {
        holds(workers, |builder| builder);
    }
}

#[test]
fn a_runtime_of_one_thread() {
    for workers in [1, 2] {
        holds(workers, ExecutorBuilder::current_thread);
    }
}

#[test]
fn a_runtime_that_is_there() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("it starts");
    for workers in [1, 3] {
        holds(workers, |builder| builder.handle(runtime.handle().clone()));
    }
}
