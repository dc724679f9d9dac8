//! TH-05: a thread as a type.

use par_core::testing::within;
use par_threads::thread::{self, Builder, Runnable};

use super::LIMIT;

struct Count(u32);

impl Runnable for Count {
    type Output = (u32, String);

    fn run(&mut self) -> Self::Output {
        self.0 += 1;
        (self.0, thread::current().name().to_owned())
    }

    fn name(&self) -> Option<String> {
        Some(format!("count-{}", self.0))
    }
}

struct Nameless;

impl Runnable for Nameless {
    type Output = (u32, String);

    fn run(&mut self) -> Self::Output {
        (0, thread::current().name().to_owned())
    }
}

#[test]
fn a_runnable_yields_its_output_under_its_name() {
    let handle = Count(6).start().expect("it starts");
    assert_eq!(handle.thread().name(), "count-6");
    assert_eq!(within(LIMIT, "join", || handle.join()), Ok((7, "count-6".to_owned())));
}

#[test]
fn the_builders_name_goes_first() {
    let handle = Builder::new().name("mine").run(Count(1)).expect("it starts");
    assert_eq!(handle.join(), Ok((2, "mine".to_owned())));
}

#[test]
fn different_ones_fit_into_one_list() {
    let list: Vec<Box<dyn Runnable<Output = (u32, String)>>> = vec![Box::new(Count(1)), Box::new(Nameless)];
    let handles: Result<Vec<_>, _> = list.into_iter().map(Runnable::start).collect();
    let outputs: Result<Vec<_>, _> = handles.expect("they start").into_iter().map(|h| h.join()).collect();
    let outputs = outputs.expect("they do not panic");
    assert_eq!(outputs[0], (2, "count-1".to_owned()));
    assert!(outputs[1].1.starts_with("thread-"));
}
