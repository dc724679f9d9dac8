//! Many tasks.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{add, panic_at};
use crate::{Cancellation, Chunking, Executor, ExecutorExt, Options, Task, TaskError};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::always("map keeps the order, however items are chunked", ordered),
    Behaviour::always("map_unordered yields every item once, with its index", unordered),
    Behaviour::always("map takes its input lazily and bounds what is in flight", lazy),
    Behaviour::always("an error leaves the other results intact", errors),
    Behaviour::always("map_reduce and scan fold in order", folded),
    Behaviour::always("a cancelled map ends, and the executor lives on", cancelled),
    Behaviour::always("an empty map is empty", empty),
];

fn chunkings() -> [Chunking; 3] {
    [Chunking::One, Chunking::Fixed(NonZeroUsize::new(7).expect("7 is not 0")), Chunking::Auto]
}

fn ordered(executor: &dyn Executor) {
    for chunking in chunkings() {
        let tasks = (0..1000).map(|x| add::new(x, 1));
        let outputs: Result<Vec<u64>, TaskError> = executor.map(tasks).chunking(chunking).collect();
        assert_eq!(outputs, Ok((1..=1000).collect()), "{chunking:?}");
    }
}

fn unordered(executor: &dyn Executor) {
    for chunking in chunkings() {
        let tasks = (0..500).map(|x| add::new(x, 1));
        let mut seen: Vec<_> = executor
            .map_unordered(tasks)
            .chunking(chunking)
            .map(|(index, output)| (index as u64, output.expect("the task ran")))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..500).map(|x| (x, x + 1)).collect::<Vec<_>>(), "{chunking:?}");
    }
}

fn lazy(executor: &dyn Executor) {
    let pulled = Cell::new(0_usize);
    let endless = (0..).inspect(|_| pulled.set(pulled.get() + 1)).map(|x| add::new(x, 0));
    let window = NonZeroUsize::new(8).expect("8 is not 0");
    for (taken, output) in executor.map(endless).in_flight(window).take(100).enumerate() {
        assert_eq!(output, Ok(taken as u64));
        assert!(pulled.get() <= taken + 1 + window.get(), "{} pulled after {taken}", pulled.get());
    }
    assert!(pulled.get() < 120, "the rest of the input is not touched");
}

fn errors(executor: &dyn Executor) {
    for chunking in chunkings() {
        let tasks = (1..=100).map(|x| panic_at::new(x, 10));
        let outputs: Vec<_> = executor.map(tasks).chunking(chunking).collect();
        assert_eq!(outputs.len(), 100, "{chunking:?}");
        for (x, output) in (1..=100).zip(outputs) {
            match output {
                Ok(output) => assert!(x % 10 != 0 && output == x),
                Err(TaskError::Panicked(panic)) => {
                    assert_eq!(panic.message, format!("{x} is a multiple of 10"));
                }
                Err(other) => panic!("{x}: {other}"),
            }
        }
    }
}

fn folded(executor: &dyn Executor) {
    let tasks = || (1..=20).map(|x| add::new(x, 0));
    let digits = executor.map_reduce(tasks(), String::new(), |text, x| text + &x.to_string());
    assert_eq!(digits, Ok((1..=20).map(|x: u64| x.to_string()).collect()));
    let sums: Result<Vec<u64>, _> = executor.scan(tasks(), 0, |sum, x| sum + x).collect();
    assert_eq!(sums, Ok((1..=20).map(|n| n * (n + 1) / 2).collect()));
    let failing = (1..=20).map(|x| panic_at::new(x, 3));
    assert!(executor.map_reduce(failing, 0, |sum, x| sum + x).is_err());
}

fn cancelled(executor: &dyn Executor) {
    let token = Cancellation::new();
    let endless = (0..).map(|x| add::new(x, 0));
    let mut results = executor.map(endless).options(Options::new().cancellation(&token));
    assert_eq!(results.next(), Some(Ok(0)));
    token.cancel();
    let cancelled = results.by_ref().take(10_000).any(|output| output == Err(TaskError::Cancelled));
    assert!(cancelled, "no result says that it was cancelled");
    drop(results);
    let after = executor.submit(add::new(1, 1)).expect("the executor takes tasks");
    assert_eq!(after.wait_timeout(Duration::from_secs(30)).expect("in time"), Ok(2));
}

fn empty(executor: &dyn Executor) {
    assert!(executor.map(std::iter::empty::<add>()).next().is_none());
    assert!(executor.map_unordered(std::iter::empty::<add>()).next().is_none());
    assert!(!add::NAME.is_empty());
}
