//! What cannot cross the wire, or must not.

use crate::plumbing::{Closure, TypedJob};
use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{OtherVersion, Stubborn, Unknown, add};
use crate::{Executor, ExecutorExt, Handle, Options, TaskError};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::when("closures run", |c| c.closures, closure),
    Behaviour::when("a closure is refused, and harms no other task", |c| !c.closures, closure_refused),
    Behaviour::when("a task of another version never runs", |c| !c.closures, other_version),
    Behaviour::when("an unregistered task is an error that says so", |c| !c.closures, unregistered),
    Behaviour::when("a value that cannot be serialised costs only itself", |c| !c.closures, stubborn),
];

fn submit_closure(executor: &dyn Executor) -> Result<u32, TaskError> {
    let (handle, completer) = Handle::pair("closure", &Options::new());
    let job = TypedJob::new("closure", Closure(|| 42), Options::new(), completer);
    executor.submit_job(Box::new(job)).expect("the executor takes tasks");
    handle.wait()
}

fn closure(executor: &dyn Executor) {
    assert_eq!(submit_closure(executor), Ok(42));
}

fn closure_refused(executor: &dyn Executor) {
    let outcome = submit_closure(executor);
    assert_eq!(outcome, Err(TaskError::NotSerialisable { task: "closure".to_owned() }));
    works(executor);
}

fn other_version(executor: &dyn Executor) {
    let outcome = executor.submit(OtherVersion("3".to_owned())).expect("takes tasks").wait();
    assert!(matches!(outcome, Err(TaskError::SchemaMismatch { .. })), "{outcome:?}");
    works(executor);
}

fn unregistered(executor: &dyn Executor) {
    let outcome = executor.submit(Unknown).expect("takes tasks").wait();
    let Err(TaskError::Unregistered { task, known }) = outcome else { panic!("{outcome:?}") };
    assert!(task.ends_with("unknown") && known > 0);
    works(executor);
}

fn stubborn(executor: &dyn Executor) {
    let outcome = executor.submit(Stubborn).expect("takes tasks").wait();
    assert!(matches!(outcome, Err(TaskError::Codec { .. })), "{outcome:?}");
    works(executor);
}

fn works(executor: &dyn Executor) {
    assert_eq!(executor.submit(add::new(1, 2)).expect("takes tasks").wait(), Ok(3));
}
