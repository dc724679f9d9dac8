//! Who waits for what, and whether that can end.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use par_core::plumbing::TaskId;
use parking_lot::Mutex;

use super::mark::ThreadMark;
use super::reduce::{self, Need};
use super::resource::Resource;
use super::thread::{self, ThreadRecord};
use crate::deadlock::{Claim, Mode, Participant, Report, ReportKind};

static WAITS: Mutex<Waits> = Mutex::new(Waits { threads: BTreeMap::new(), tasks: BTreeMap::new() });

struct Waits {
    /// What lies on the stacks of those threads that wait, from the bottom up.
    threads: BTreeMap<u64, Vec<Entry>>,
    /// Which thread runs which task.
    tasks: BTreeMap<TaskId, Arc<ThreadRecord>>,
}

enum Entry {
    Waits(Wait),
    /// A task runs on top of a wait.
    Runs,
}

struct Wait {
    thread: Arc<ThreadRecord>,
    target: Target,
    at: &'static Location<'static>,
}

pub(super) enum Target {
    /// `behind`: see [`Resource::in_the_way`].
    Lock { resource: Arc<Resource>, mode: Mode, behind: Option<u64> },
    /// The end of every one of these threads.
    Threads(Vec<ThreadMark>),
    /// The end of a task.
    Task { task: TaskId, name: &'static str },
}

/// A wait that is written down, until it is dropped; waits of a thread are dropped in the reverse order.
pub(super) struct Waiting {
    thread: Arc<ThreadRecord>,
}

/// Writes down that a thread waits, until [`end`]; a report, if the wait can never end.
pub(super) fn begin(
    thread: &Arc<ThreadRecord>,
    target: Target,
    at: &'static Location<'static>,
) -> Option<Report> {
    let wait = Wait { thread: Arc::clone(thread), target, at };
    let mut waits = WAITS.lock();
    waits.threads.entry(thread.id).or_default().push(Entry::Waits(wait));
    waits.explain(thread.id)
}

/// Strikes out the latest wait of a thread.
pub(super) fn end(thread: &ThreadRecord) {
    let entry = WAITS.lock().pop(thread.id);
    // It may be the last owner of a lock's record.
    drop(entry);
}

impl Waiting {
    /// As [`begin`], until this is dropped.
    pub(super) fn begin(
        thread: &Arc<ThreadRecord>,
        target: Target,
        at: &'static Location<'static>,
    ) -> (Self, Option<Report>) {
        let report = begin(thread, target, at);
        (Self { thread: Arc::clone(thread) }, report)
    }

    /// Notes that the reader stands behind a writer, see [`Resource::in_the_way`]; a report, if that can never end.
    pub(super) fn stands_behind(&self, slice: u64) -> Option<Report> {
        let mut waits = WAITS.lock();
        match waits.threads.get_mut(&self.thread.id).and_then(|entries| entries.last_mut()) {
            Some(Entry::Waits(Wait { target: Target::Lock { behind, .. }, .. })) => *behind = Some(slice),
            _ => return None,
        }
        waits.explain(self.thread.id)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        end(&self.thread);
    }
}

/// A task begins on this thread.
pub(super) fn task_begins(thread: &Arc<ThreadRecord>, task: TaskId) {
    let mut waits = WAITS.lock();
    waits.tasks.insert(task, Arc::clone(thread));
    if let Some(entries) = waits.threads.get_mut(&thread.id) {
        entries.push(Entry::Runs);
    }
}

/// The task on top of this thread ends.
pub(super) fn task_ends(thread: &ThreadRecord, task: TaskId) {
    let mut waits = WAITS.lock();
    // One that began before anybody looked is not in the list, and did not put anything on top either.
    if waits.tasks.remove(&task).is_some() && matches!(waits.top(thread.id), Some(Entry::Runs)) {
        drop(waits.pop(thread.id));
    }
}

/// Everybody who waits now.
pub(in crate::deadlock) fn waits() -> Vec<Participant> {
    let waits = WAITS.lock();
    waits.threads.keys().filter_map(|thread| waits.of(*thread)).map(Wait::participant).collect()
}

impl Waits {
    fn top(&self, thread: u64) -> Option<&Entry> {
        self.threads.get(&thread)?.last()
    }

    /// What a thread waits for, if it does nothing else.
    fn of(&self, thread: u64) -> Option<&Wait> {
        match self.top(thread)? {
            Entry::Waits(wait) => Some(wait),
            Entry::Runs => None,
        }
    }

    fn pop(&mut self, thread: u64) -> Option<Entry> {
        let entries = self.threads.get_mut(&thread)?;
        let entry = entries.pop();
        if entries.is_empty() {
            self.threads.remove(&thread);
        }
        entry
    }

    /// The circle that `me` closes, if there is one.
    fn explain(&self, me: u64) -> Option<Report> {
        if thread::is_unwatched() {
            return None;
        }
        let circle = reduce::circle(&self.needs(me), me)?;
        let waits: Vec<&Wait> = circle.iter().filter_map(|thread| self.of(*thread)).collect();
        // par-core finds these, and answers them with an error.
        if waits.iter().all(|wait| matches!(wait.target, Target::Task { .. })) {
            return None;
        }
        let mut participants = Vec::new();
        for wait in &waits {
            participants.push(wait.participant());
            let writer = self.writer_before(wait).filter(|writer| !circle.contains(&writer.thread.id));
            participants.extend(writer.map(Wait::participant));
        }
        Some(Report { kind: ReportKind::Deadlock, participants })
    }

    /// What everybody needs whom `me` waits for, however indirectly.
    fn needs(&self, me: u64) -> BTreeMap<u64, Need> {
        let mut needs = BTreeMap::new();
        let mut todo = vec![me];
        while let Some(thread) = todo.pop() {
            if let Some(wait) = self.of(thread)
                && !needs.contains_key(&thread)
            {
                let from = self.needed_by(wait);
                todo.extend(&from);
                needs.insert(thread, Need { from, one_suffices: false });
            }
        }
        needs
    }

    fn needed_by(&self, wait: &Wait) -> Vec<u64> {
        match &wait.target {
            Target::Lock { resource, mode, behind } => {
                resource.in_the_way(*mode, *behind).iter().map(|thread| thread.id).collect()
            }
            Target::Threads(marks) => {
                marks.iter().filter_map(ThreadMark::thread).map(|thread| thread.id).collect()
            }
            Target::Task { task, .. } => self.tasks.get(task).map(|thread| thread.id).into_iter().collect(),
        }
    }

    /// A writer that a reader stands behind.
    fn writer_before(&self, reader: &Wait) -> Option<&Wait> {
        let Target::Lock { resource, behind: Some(_), .. } = &reader.target else { return None };
        let writes = |wait: &&Wait| {
            matches!(&wait.target, Target::Lock { resource: other, mode: Mode::Exclusive | Mode::Upgrade, .. }
                if other.id == resource.id)
        };
        self.threads.keys().filter_map(|thread| self.of(*thread)).find(writes)
    }
}

impl Wait {
    fn participant(&self) -> Participant {
        let resource = match &self.target {
            Target::Lock { resource, mode, .. } => resource.words(*mode),
            Target::Threads(marks) => {
                let names =
                    marks.iter().filter_map(ThreadMark::thread).map(|thread| format!("`{}`", thread.name));
                format!("the end of thread {}", names.collect::<Vec<_>>().join(", "))
            }
            Target::Task { name, .. } => format!("task `{name}`"),
        };
        let wants = Claim { resource, at: self.at };
        Participant { thread: self.thread.name.clone(), wants, holds: self.thread.claims() }
    }
}
