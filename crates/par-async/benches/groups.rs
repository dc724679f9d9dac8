//! The price of a task of a group, beside tokio's own: `cargo bench -p par-async --bench groups`.
//!
//! Every contender does the same: spawn trivial tasks, wait until all have ended, count them. They run in turns, so the
//! ratios hold on a busy machine; every count is checked. Python is `$PAR_PYTHON`, or `python3`, and left out where it is
//! missing or older than 3.11.

use std::convert::Infallible;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use par_async::TaskGroup;
use par_core::testing::Paired;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, tasks) = if quick { (1, 1_000) } else { (9, 1_000_000) };
    let two = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads start");
    let one = Builder::new_current_thread().enable_all().build().expect("it starts");
    for (name, runtime) in [("2 workers", &two), ("1 thread", &one)] {
        println!("{tasks} trivial tasks spawned and joined ({name})");
        let paired = all_at_once(runtime, rounds, tasks);
        println!("{paired}");
        python(tasks, paired.median(1));
        println!("{} times a set of 10 trivial tasks ({name})", tasks / 100);
        println!("{}", small_sets(runtime, rounds, tasks / 100));
    }
}

/// The same in asyncio, a tenth of it, the best of three; and how much longer that takes than `ours`.
fn python(tasks: usize, ours: Duration) {
    let program = std::env::var("PAR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let tenth = tasks / 10;
    let nanoseconds = || -> Option<u64> {
        let run = Command::new(&program)
            .args(["-c", PYTHON, &tenth.to_string()])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(run.stdout).ok()?.trim().parse().ok()
    };
    let Some(best) = (0..3).filter_map(|_| nanoseconds()).min() else {
        println!("  asyncio.TaskGroup is left out: set PAR_PYTHON to a Python of 3.11 or later\n");
        return;
    };
    let (theirs, ours) = (best as f64 / tenth as f64, ours.as_nanos() as f64 / tasks as f64);
    println!(
        "  a task of asyncio.TaskGroup takes {theirs:.0} ns, {:.1} times one of TaskGroup::spawn\n",
        theirs / ours
    );
}

const PYTHON: &str = include_str!("python/groups.py");

async fn join_set(tasks: usize, count: Arc<AtomicUsize>) {
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        let count = Arc::clone(&count);
        set.spawn(async move { count.fetch_add(1, Relaxed) });
    }
    while let Some(joined) = set.join_next().await {
        joined.expect("it does not panic");
    }
}

async fn task_group(tasks: usize, count: Arc<AtomicUsize>) {
    TaskGroup::<Infallible>::scope(|group| async move {
        for _ in 0..tasks {
            let count = Arc::clone(&count);
            group.spawn(async move { Ok(count.fetch_add(1, Relaxed)) });
        }
        Ok(())
    })
    .await
    .expect("infallible");
}

async fn join_handles(tasks: usize, count: Arc<AtomicUsize>) {
    let spawn = |_| {
        let count = Arc::clone(&count);
        tokio::spawn(async move { count.fetch_add(1, Relaxed) })
    };
    let handles: Vec<_> = (0..tasks).map(spawn).collect();
    for handle in handles {
        handle.await.expect("it does not panic");
    }
}

fn all_at_once(runtime: &Runtime, rounds: usize, tasks: usize) -> Paired {
    // On the runtime's own threads, as a program's tasks are.
    fn counted<F: Future<Output = ()> + Send + 'static>(
        runtime: &Runtime,
        tasks: usize,
        run: fn(usize, Arc<AtomicUsize>) -> F,
    ) {
        let count = Arc::new(AtomicUsize::new(0));
        runtime.block_on(runtime.spawn(run(tasks, Arc::clone(&count)))).expect("it does not panic");
        assert_eq!(count.load(Relaxed), tasks);
    }
    Paired::measure(
        rounds,
        vec![
            ("tokio::spawn and JoinSet", Box::new(|| counted(runtime, tasks, join_set))),
            ("TaskGroup::spawn", Box::new(|| counted(runtime, tasks, task_group))),
            ("tokio::spawn and a Vec of JoinHandles", Box::new(|| counted(runtime, tasks, join_handles))),
        ],
    )
}

fn small_sets(runtime: &Runtime, rounds: usize, sets: usize) -> Paired {
    fn counted<F: Future<Output = ()> + Send + 'static>(
        runtime: &Runtime,
        sets: usize,
        run: fn(usize, Arc<AtomicUsize>) -> F,
    ) {
        let count = Arc::new(AtomicUsize::new(0));
        let all = Arc::clone(&count);
        let sets_of_ten = async move {
            for _ in 0..sets {
                run(10, Arc::clone(&all)).await;
            }
        };
        runtime.block_on(runtime.spawn(sets_of_ten)).expect("it does not panic");
        assert_eq!(count.load(Relaxed), sets * 10);
    }
    Paired::measure(
        rounds,
        vec![
            ("tokio::spawn and JoinSet", Box::new(|| counted(runtime, sets, join_set))),
            ("TaskGroup::spawn", Box::new(|| counted(runtime, sets, task_group))),
        ],
    )
}
