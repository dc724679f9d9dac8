//! What par-core tells: who waits for which task, and which thread runs it.

use std::panic::Location;

use par_core::plumbing::{TaskId, WaitObserver, observe_waits};

use super::announce::announce;
use super::target::Target;
use super::thread;
use super::waits::{self, Hopeless};

struct Observer;

/// Has par-core tell from now on; what began before is not known, so nothing is said about it.
pub(in crate::deadlock) fn observe() {
    observe_waits(&Observer);
}

impl WaitObserver for Observer {
    fn task_begins(&self, task: TaskId) {
        if let Some(thread) = thread::here() {
            waits::task_begins(&thread, task);
        }
    }

    fn task_ends(&self, task: TaskId) {
        waits::task_ends(task);
    }

    fn wait_begins(&self, task: TaskId, name: &'static str, at: &'static Location<'static>) -> bool {
        let Some(thread) = thread::here() else { return true };
        let Some(report) = waits::begin(&thread, Target::Task { task, name }, at, Hopeless::GiveUp) else {
            return true;
        };
        announce(&report);
        false
    }

    fn wait_ends(&self) {
        if let Some(thread) = thread::here() {
            waits::end(&thread);
        }
    }
}
