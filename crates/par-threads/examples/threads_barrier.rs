//! Threads that wait for each other after every round, and what happens when one of them fails.
//!
//! The cookbook's recipe "thread synchronization with barriers": heat spreads along a rod, each thread computes its own
//! cell from the former state of all, and the barrier's action swaps the states once per round.
//!
//! Run it: `cargo run --release -p par-threads --example threads_barrier`
//!
//! Expected output:
//! ```text
//! after 3 rounds: [512, 320, 128, 64]
//! one party is late: the barrier is broken: a party's timeout passed before all had come; `reset` it when every party knows
//! one party panics: the barrier is broken: a party panicked; `reset` it when every party knows
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use par_core::{BreakCause, BrokenBarrier};
use par_threads::{Barrier, Mutex};

const CELLS: usize = 4;
const ROUNDS: usize = 3;

/// A rod whose first cell stays hot; a cell becomes the mean of its neighbours, the last one of its neighbour and itself.
fn heat() -> Result<Vec<u32>, BrokenBarrier> {
    let next: Arc<[AtomicU32; CELLS]> = Arc::default();
    let now = Arc::new(Mutex::new([512, 0, 0, 0]));
    let (from, to) = (Arc::clone(&next), Arc::clone(&now));
    let barrier = Barrier::new(CELLS).action(move || {
        let mut now = to.lock();
        *now = std::array::from_fn(|cell| from[cell].load(Ordering::Relaxed));
    });
    let compute = |cell: usize| -> Result<(), BrokenBarrier> {
        for _ in 0..ROUNDS {
            let state = *now.lock();
            let mean = if cell == 0 {
                state[0]
            } else {
                u32::midpoint(state[cell - 1], state[(cell + 1).min(CELLS - 1)])
            };
            next[cell].store(mean, Ordering::Relaxed);
            barrier.wait()?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CELLS).map(|cell| scope.spawn(move || compute(cell))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(now.lock().to_vec())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rod = heat()?;
    assert_eq!(rod, [512, 320, 128, 64]);
    println!("after {ROUNDS} rounds: {rod:?}");

    let barrier = Barrier::new(2).timeout(Duration::from_millis(10));
    let late = barrier.wait().err().ok_or("nobody else comes")?;
    assert_eq!(late.cause, BreakCause::TimedOut);
    println!("one party is late: {late}");
    barrier.reset();

    let (mine, other) = (barrier.join(), barrier.join());
    let result = thread::scope(|scope| {
        let fails = scope.spawn(move || {
            let _member = other;
            std::panic::resume_unwind(Box::new("on its way"));
        });
        let result = mine.wait_timeout(Duration::from_secs(10));
        assert!(fails.join().is_err());
        result
    });
    let failed = result.err().ok_or("the other party never comes")?;
    assert_eq!(failed.cause, BreakCause::PartyPanicked);
    println!("one party panics: {failed}");
    Ok(())
}
