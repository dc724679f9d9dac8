//! The price of one task on par-foo, beside that of the call alone: `cargo bench -p par-foo --bench overhead`.

use std::hint::black_box;

use par_core::ExecutorExt;
use par_core::testing::Paired;
use par_foo::{FooConfig, FooExecutor};

#[par_core::task]
fn same(x: u64) -> u64 {
    x
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, tasks) = if quick { (1, 10) } else { (11, 10_000) };
    let executor = FooExecutor::new(FooConfig::default()).expect("the caller's thread is always there");
    println!("{tasks} empty tasks, one by one");
    let call = || {
        for x in 0..tasks {
            assert_eq!(same(black_box(x)), x);
        }
    };
    let submit = || {
        for x in 0..tasks {
            assert_eq!(executor.submit(same::new(x)).expect("it is open").wait(), Ok(x));
        }
    };
    let contenders: Vec<(_, Box<dyn FnMut()>)> =
        vec![("the call alone", Box::new(call)), ("foo-executor", Box::new(submit))];
    println!("{}", Paired::measure(rounds, contenders));
}
