//! What the explainer of deadlocks is told.

use std::panic::Location;
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::time::Duration;

use par_core::plumbing::{TaskId, WaitObserver, observe_waits};
use par_core::testing::within;
use par_core::{Handle, LocalExecutorExt, Options, SerialExecutor, TaskError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Begins(TaskId),
    Ends(TaskId),
    Waits(TaskId, &'static str, u32),
    HasWaited,
}

/// Everything that was told, with the thread; tests run beside each other.
static TOLD: Mutex<Vec<(ThreadId, Event)>> = Mutex::new(Vec::new());

struct Listener;

fn told(event: Event) {
    TOLD.lock().expect("not poisoned").push((thread::current().id(), event));
}

impl WaitObserver for Listener {
    fn task_begins(&self, task: TaskId) {
        told(Event::Begins(task));
    }

    fn task_ends(&self, task: TaskId) {
        told(Event::Ends(task));
    }

    fn wait_begins(&self, task: TaskId, name: &'static str, at: &'static Location<'static>) -> bool {
        told(Event::Waits(task, name, at.line()));
        name != "never"
    }

    fn wait_ends(&self) {
        told(Event::HasWaited);
    }
}

/// What this thread has told since it last asked.
fn mine() -> Vec<Event> {
    let me = thread::current().id();
    let mut all = TOLD.lock().expect("not poisoned");
    all.extract_if(.., |(thread, _)| *thread == me).map(|(_, event)| event).collect()
}

#[test]
fn tasks_and_waits_are_told_in_pairs() {
    observe_waits(&Listener);
    assert!(!observe_waits(&Listener), "there is one");
    let serial = SerialExecutor::new();
    let inner = serial.spawn(|| SerialExecutor::new().spawn(|| 1).expect("it is open").wait());
    assert_eq!(inner.expect("it is open").wait(), Ok(Ok(1)));
    let events = mine();
    let [Event::Begins(outer), Event::Begins(nested), Event::Ends(first), Event::Ends(second)] = events[..]
    else {
        panic!("done tasks are not waited for: {events:?}")
    };
    assert!(outer == second && nested == first && outer != nested);

    let (handle, completer) = Handle::pair("soon", &Options::new());
    let completed = thread::spawn(move || {
        while !TOLD
            .lock()
            .expect("not poisoned")
            .iter()
            .any(|(_, it)| matches!(it, Event::Waits(_, "soon", _)))
        {
            thread::yield_now();
        }
        completer.complete(Ok(7), None);
    });
    let (line, outcome) = (line!(), within(Duration::from_mins(1), "the wait", || handle.wait()));
    assert_eq!(outcome, Ok(7));
    completed.join().expect("it does not panic");
    let events = mine();
    assert!(
        matches!(events[..], [Event::Waits(_, "soon", at), Event::HasWaited] if at == line),
        "{events:?}"
    );
}

#[test]
fn a_wait_that_would_never_end_is_not_begun_and_one_that_ends_by_itself_is_not_told() {
    observe_waits(&Listener);
    let (handle, _completer) = Handle::<()>::pair("never", &Options::new());
    let handle = handle.wait_timeout(Duration::from_millis(1)).expect_err("nobody completes it");
    assert_eq!(mine(), []);
    let outcome = within(Duration::from_mins(1), "the wait", || handle.wait());
    assert!(matches!(outcome, Err(TaskError::WouldDeadlock { task }) if task == "never"));
    let events = mine();
    assert!(matches!(events[..], [Event::Waits(_, "never", _)]), "{events:?}");

    let due = Options::new().timeout(Duration::from_millis(1));
    let (handle, _completer) = Handle::<()>::pair("never", &due);
    assert_eq!(handle.wait(), Err(TaskError::DeadlineExceeded));
    assert_eq!(mine(), []);
}
