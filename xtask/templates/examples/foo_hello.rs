//! Recipe: hello, from a task of par-foo.
//!
//! Shows the shortest way from a function to its result on an executor.
//!
//! Run it with `cargo run -p par-foo --example foo_hello`.
//!
//! Expected output:
//! ```text
//! hello from foo-executor
//! ```

use std::error::Error;

use par_core::{Executor, ExecutorExt};
use par_foo::{FooConfig, FooExecutor};

#[par_core::task]
fn hello(executor: String) -> String {
    format!("hello from {executor}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let executor = FooExecutor::new(FooConfig::default())?;
    let greeting = executor.submit(hello::new(executor.name().to_owned()))?.wait()?;
    println!("{greeting}");
    assert_eq!(greeting, "hello from foo-executor");
    Ok(())
}
