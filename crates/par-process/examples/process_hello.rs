//! Recipe: the first process pool (`concurrent.futures.ProcessPoolExecutor`).
//!
//! Shows how a program becomes its own workers, and that a task really runs in another process.
//!
//! ```text
//! cargo run --release -p par-process --example process_hello
//! ```
//! Expected output (the number differs):
//! ```text
//! 12 squared is 144, computed in another process than 4711
//! ```

use par_core::ExecutorExt;
use par_process::ProcessPool;

#[par_core::task]
fn square(x: u64) -> (u64, u32) {
    (x * x, std::process::id())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In a worker this never returns: the worker is this program, started again.
    par_process::init();

    let pool = ProcessPool::new()?;
    let (squared, pid) = pool.submit(square::new(12))?.wait()?;
    assert_eq!(squared, 144);
    assert_ne!(pid, std::process::id());
    println!("12 squared is {squared}, computed in another process than {}", std::process::id());
    Ok(())
}
