//! Tasks that submit tasks.

use std::time::Duration;

use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{child_has_deadline, fibonacci, nested};
use crate::{Executor, ExecutorExt, Options};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::when(
        "tasks that wait for tasks, ten deep on every worker, do not deadlock",
        |c| c.nesting,
        deep,
    ),
    Behaviour::when("a tree of tasks does not deadlock", |c| c.nesting, wide),
    Behaviour::when("a deadline is passed on to nested tasks", |c| c.nesting, inherited),
];

fn deep(executor: &dyn Executor) {
    let copies = 2 * executor.workers().get();
    let outputs: Vec<_> = executor.map((0..copies).map(|_| nested::new(10))).collect();
    assert_eq!(outputs, vec![Ok(Ok(10)); copies]);
}

fn wide(executor: &dyn Executor) {
    let handle = executor.submit(fibonacci::new(10)).expect("the executor takes tasks");
    assert_eq!(handle.wait(), Ok(Ok(55)));
}

fn inherited(executor: &dyn Executor) {
    let options = Options::new().timeout(Duration::from_secs(30));
    let with = executor.submit_with(child_has_deadline::new(), options).expect("the executor takes tasks");
    assert_eq!(with.wait(), Ok(Ok(true)));
    let without = executor.submit(child_has_deadline::new()).expect("the executor takes tasks");
    assert_eq!(without.wait(), Ok(Ok(false)));
}
