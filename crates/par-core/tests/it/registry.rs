//! Names and versions.

use par_core::{ExecutorExt, task};
use par_core::{LoopbackExecutor, Registry, Task, TaskError};
use serde::{Deserialize, Serialize};

#[task]
fn doubled(x: u32) -> u32 {
    2 * x
}

#[task(name = "tests.named")]
fn named(r#type: String, _unused: u8) -> usize {
    r#type.len()
}

mod inner {
    #[par_core::task]
    pub(super) fn doubled(x: u32) -> u32 {
        4 * x
    }
}

#[derive(Serialize, Deserialize)]
struct Impostor;

impl Task for Impostor {
    const NAME: &'static str = "tests.named";
    type Output = ();
    fn run(self) {}
}

#[test]
fn tasks_are_named_after_their_module_unless_they_say_otherwise() {
    assert_eq!(doubled::NAME, concat!(module_path!(), "::doubled"));
    assert_eq!(inner::doubled::NAME, concat!(module_path!(), "::inner::doubled"));
    assert_eq!(named::NAME, "tests.named");
    let names = Registry::global().expect("no two tasks have one name").names();
    for name in [doubled::NAME, inner::doubled::NAME, named::NAME] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
}

#[test]
fn the_function_stays_what_it_was() {
    assert_eq!((doubled(3), inner::doubled(3), named("four".into(), 0)), (6, 12, 4));
}

#[test]
fn two_tasks_of_one_name_are_an_error_that_names_both() {
    let error = Registry::new()
        .task::<named>()
        .and_then(Registry::task::<Impostor>)
        .expect_err("both are called tests.named");
    let text = error.to_string();
    assert!(text.contains("tests.named") && text.contains("Impostor") && text.contains("named"), "{text}");
}

#[test]
fn an_empty_registry_is_a_loud_error() {
    let executor = LoopbackExecutor::with_registry(Registry::new());
    let error =
        executor.submit(doubled::new(1)).expect("it takes tasks").wait().expect_err("nothing is known");
    assert!(matches!(error, TaskError::Unregistered { known: 0, .. }));
    assert!(error.to_string().contains("use the_crate_with_the_tasks as _;"), "{error}");
}
