//! Who waits for which task and who runs which, told to one who explains deadlocks.

use std::panic::Location;
use std::sync::OnceLock;

use crate::task::Control;

/// Is told, on the thread that it is about, what tasks and waits for them begin and end.
///
/// Everything nests: what began last on a thread ends first. Only waits without a timeout and a deadline are told.
pub trait WaitObserver: Send + Sync {
    /// This thread begins to run a task, on top of whatever is on its stack.
    fn task_begins(&self, task: TaskId);

    /// The task has returned; its handle is not completed yet.
    fn task_ends(&self, task: TaskId);

    /// This thread begins to wait for a task; `false`: the wait would never end, and is not begun.
    ///
    /// Tasks that the thread runs while it waits begin and end in between.
    fn wait_begins(&self, task: TaskId, name: &'static str, at: &'static Location<'static>) -> bool;

    /// The wait that began last is over.
    fn wait_ends(&self);
}

/// Which task it is, for as long as it runs or somebody waits for it; numbers come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(usize);

impl TaskId {
    fn of(control: &Control) -> Self {
        Self(std::ptr::from_ref(control).addr())
    }
}

static OBSERVER: OnceLock<&'static dyn WaitObserver> = OnceLock::new();

/// Tells `observer` of everything that begins from now on; `false`: there is one already, and it stays.
pub fn observe_waits(observer: &'static dyn WaitObserver) -> bool {
    OBSERVER.set(observer).is_ok()
}

/// A task that runs, until this is dropped.
pub(crate) struct Running(Option<(&'static dyn WaitObserver, TaskId)>);

impl Running {
    pub(crate) fn begin(control: &Control) -> Self {
        let observed = OBSERVER.get().map(|observer| (*observer, TaskId::of(control)));
        if let Some((observer, task)) = observed {
            observer.task_begins(task);
        }
        Self(observed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((observer, task)) = self.0 {
            observer.task_ends(task);
        }
    }
}

/// A wait for a task, until this is dropped.
pub(crate) struct Awaiting(Option<&'static dyn WaitObserver>);

impl Awaiting {
    /// `None`: it would never end.
    pub(crate) fn begin(control: &Control, at: &'static Location<'static>) -> Option<Self> {
        let observer = OBSERVER.get().copied();
        let may_end = observer.is_none_or(|it| it.wait_begins(TaskId::of(control), control.name(), at));
        may_end.then(|| Self(observer))
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        if let Some(observer) = self.0 {
            observer.wait_ends();
        }
    }
}
