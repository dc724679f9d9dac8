//! Tasks and workers that fail.

use std::time::{Duration, Instant};

use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{abort_until_attempt, add, deaf, own_failure, panic_at};
use crate::{Executor, ExecutorExt, Options, Task, TaskError};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::always("a panic is an error with its message and place, and the worker lives on", panics),
    Behaviour::always("a task's own failure is an output", own_failures),
    Behaviour::when(
        "a worker that dies fails its task, naming it, and is replaced",
        |c| c.survives_crash,
        lost,
    ),
    Behaviour::when("a lost task is started anew as often as it may be", |c| c.survives_crash, retried),
    Behaviour::when("a task that ignores its deadline is ended by force", |c| c.hard_kill, killed),
];

fn works(executor: &dyn Executor) {
    let rounds = 2 * executor.workers().get() as u64;
    let outputs: Vec<_> = executor.map((0..rounds).map(|x| add::new(x, 1))).collect();
    assert_eq!(outputs, (1..=rounds).map(Ok).collect::<Vec<_>>(), "all workers still work");
}

fn panics(executor: &dyn Executor) {
    for _ in 0..3 * executor.workers().get() {
        let outcome = executor.submit(panic_at::new(6, 3)).expect("the executor takes tasks").wait();
        let Err(TaskError::Panicked(panic)) = outcome else { panic!("{outcome:?} is not a panic") };
        assert_eq!(panic.message, "6 is a multiple of 3");
        let location = panic.location.expect("the panic has a place");
        assert!(location.contains("tasks.rs:"), "{location}");
    }
    works(executor);
}

fn own_failures(executor: &dyn Executor) {
    let submit = |text: &str| executor.submit(own_failure::new(text.to_owned())).expect("takes tasks").wait();
    assert_eq!(submit("12"), Ok(Ok(12)));
    assert_eq!(submit("zwölf"), Ok(Err("`zwölf` is not a number".to_owned())));
}

fn lost(executor: &dyn Executor) {
    let options = Options::new().retries(0);
    let task = abort_until_attempt::new(u32::MAX);
    let outcome = executor.submit_with(task, options).expect("the executor takes tasks").wait();
    let Err(TaskError::WorkerLost(loss)) = outcome else { panic!("{outcome:?} is not a loss") };
    assert_eq!(loss.task, abort_until_attempt::NAME);
    assert_eq!((loss.signal, loss.attempts), (Some(6), 1), "{loss}");
    works(executor);
}

fn retried(executor: &dyn Executor) {
    let options = Options::new().retries(2);
    let submit = |attempt| {
        let task = abort_until_attempt::new(attempt);
        executor.submit_with(task, options.clone()).expect("the executor takes tasks").wait()
    };
    assert_eq!(submit(3), Ok(3), "the third attempt returns");
    let outcome = submit(4);
    let Err(TaskError::WorkerLost(loss)) = outcome else { panic!("{outcome:?} is not a loss") };
    assert_eq!(loss.attempts, 3);
    works(executor);
}

fn killed(executor: &dyn Executor) {
    let begun = Instant::now();
    let options = Options::new().timeout(Duration::from_millis(300));
    let outcome = executor.submit_with(deaf::new(25_000), options).expect("the executor takes tasks").wait();
    assert_eq!(outcome, Err(TaskError::DeadlineExceeded));
    works(executor);
    assert!(begun.elapsed() < Duration::from_secs(15), "the deaf task held its worker");
}
