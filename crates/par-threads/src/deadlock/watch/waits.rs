//! Who waits for what, and whether that can end.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use par_core::plumbing::TaskId;
use parking_lot::Mutex;

use super::mark::ThreadMark;
use super::reduce::{self, Need, Node};
use super::resource::Resource;
use super::thread::{self, ThreadRecord};
use crate::deadlock::{Claim, Mode, Participant, Report, ReportKind};

static WAITS: Mutex<Waits> = Mutex::new(Waits { threads: BTreeMap::new(), tasks: BTreeMap::new() });

struct Waits {
    /// The waits of those threads that wait, from the bottom of the stack up: whoever waits for a task may run another one
    /// on top, which waits, too.
    threads: BTreeMap<u64, Vec<Wait>>,
    /// Who runs which task.
    tasks: BTreeMap<TaskId, Above>,
}

/// What lies on a thread's stack above so many of its waits: a task, or a hold.
///
/// It ends only when the waits above it have ended.
#[derive(Clone)]
pub(super) struct Above {
    pub(super) thread: Arc<ThreadRecord>,
    pub(super) waits: usize,
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
    /// `None`: struck out already.
    thread: Option<Arc<ThreadRecord>>,
}

/// Writes down that a thread waits, until [`end`]; a report, if the wait can never end.
///
/// With `breaks` the wait is not begun then: it is struck out before anybody else sees the same circle.
pub(super) fn begin(
    thread: &Arc<ThreadRecord>,
    target: Target,
    at: &'static Location<'static>,
    breaks: bool,
) -> Option<Report> {
    let wait = Wait { thread: Arc::clone(thread), target, at };
    let mut waits = WAITS.lock();
    let stack = waits.threads.entry(thread.id).or_default();
    stack.push(wait);
    thread.set_waits(stack.len());
    let report = waits.explain(thread.id);
    let broken = if breaks && report.is_some() { waits.pop(thread) } else { None };
    drop(waits);
    drop(broken);
    report
}

/// Strikes out the latest wait of a thread.
pub(super) fn end(thread: &ThreadRecord) {
    let wait = WAITS.lock().pop(thread);
    // It may be the last owner of a lock's record.
    drop(wait);
}

impl Waiting {
    /// As [`begin`], until this is dropped.
    pub(super) fn begin(
        thread: &Arc<ThreadRecord>,
        target: Target,
        at: &'static Location<'static>,
        breaks: bool,
    ) -> (Self, Option<Report>) {
        let report = begin(thread, target, at, breaks);
        let waits = report.is_none() || !breaks;
        (Self { thread: waits.then(|| Arc::clone(thread)) }, report)
    }

    /// Notes that the reader stands behind a writer, see [`Resource::in_the_way`]; a report, if that can never end, and
    /// with `breaks` the wait is over then.
    pub(super) fn stands_behind(&mut self, slice: u64, breaks: bool) -> Option<Report> {
        let thread = self.thread.as_ref()?;
        let mut waits = WAITS.lock();
        match waits.threads.get_mut(&thread.id).and_then(|stack| stack.last_mut()) {
            Some(Wait { target: Target::Lock { behind, .. }, .. }) => *behind = Some(slice),
            _ => return None,
        }
        let report = waits.explain(thread.id)?;
        let broken = if breaks { waits.pop(thread) } else { None };
        drop(waits);
        drop(broken);
        if breaks {
            self.thread = None;
        }
        Some(report)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(thread) = &self.thread {
            end(thread);
        }
    }
}

/// A task begins on this thread.
pub(super) fn task_begins(thread: &Arc<ThreadRecord>, task: TaskId) {
    let above = Above { thread: Arc::clone(thread), waits: thread.waits() };
    let former = WAITS.lock().tasks.insert(task, above);
    drop(former);
}

/// A task has ended.
pub(super) fn task_ends(task: TaskId) {
    let gone = WAITS.lock().tasks.remove(&task);
    drop(gone);
}

/// Everybody who waits now.
pub(in crate::deadlock) fn waits() -> Vec<Participant> {
    let waits = WAITS.lock();
    waits.threads.values().filter_map(|stack| stack.last()).map(Wait::participant).collect()
}

impl Waits {
    fn get(&self, (thread, index): Node) -> Option<&Wait> {
        self.threads.get(&thread)?.get(index)
    }

    fn pop(&mut self, thread: &ThreadRecord) -> Option<Wait> {
        let stack = self.threads.get_mut(&thread.id)?;
        let wait = stack.pop();
        thread.set_waits(stack.len());
        if stack.is_empty() {
            self.threads.remove(&thread.id);
        }
        wait
    }

    /// The circle that the latest wait of `me` closes, if there is one.
    fn explain(&self, me: u64) -> Option<Report> {
        if thread::is_unwatched() {
            return None;
        }
        let last = (me, self.threads.get(&me)?.len() - 1);
        let circle = reduce::circle(&self.needs(last), last)?;
        let waits: Vec<&Wait> = circle.iter().filter_map(|node| self.get(*node)).collect();
        // par-core finds these, and answers them with an error.
        if waits.iter().all(|wait| matches!(wait.target, Target::Task { .. })) {
            return None;
        }
        let mut participants = Vec::new();
        for wait in &waits {
            participants.push(wait.participant());
            let known = |writer: &&Wait| waits.iter().any(|wait| wait.thread.id == writer.thread.id);
            participants
                .extend(self.writer_before(wait).filter(|writer| !known(writer)).map(Wait::participant));
        }
        Some(Report { kind: ReportKind::Deadlock, participants })
    }

    /// What every wait needs that `last` needs, however indirectly.
    fn needs(&self, last: Node) -> BTreeMap<Node, Need> {
        let mut needs = BTreeMap::new();
        let mut todo = vec![last];
        while let Some(node) = todo.pop() {
            if let Some(wait) = self.get(node)
                && !needs.contains_key(&node)
            {
                // It cannot go on either before the tasks on top of it have returned.
                let on_top = Above { thread: Arc::clone(&wait.thread), waits: node.1 + 1 };
                let ends = self.needed_by(wait).into_iter().chain([on_top]);
                let from: Vec<Node> = ends.flat_map(|above| self.waits_above(&above)).collect();
                todo.extend(&from);
                needs.insert(node, Need { from, one_suffices: false });
            }
        }
        needs
    }

    /// What must end before the wait does; all of it.
    fn needed_by(&self, wait: &Wait) -> Vec<Above> {
        match &wait.target {
            Target::Lock { resource, mode, behind } => resource.in_the_way(*mode, *behind),
            Target::Threads(marks) => {
                let whole = |thread: &Arc<ThreadRecord>| Above { thread: Arc::clone(thread), waits: 0 };
                marks.iter().filter_map(ThreadMark::thread).map(whole).collect()
            }
            Target::Task { task, .. } => self.tasks.get(task).into_iter().cloned().collect(),
        }
    }

    /// The waits that must end before this does.
    fn waits_above(&self, Above { thread, waits }: &Above) -> Vec<Node> {
        let all = self.threads.get(&thread.id).map_or(0, Vec::len);
        (*waits..all).map(|index| (thread.id, index)).collect()
    }

    /// A writer that a reader stands behind.
    fn writer_before(&self, reader: &Wait) -> Option<&Wait> {
        let Target::Lock { resource, behind: Some(_), .. } = &reader.target else { return None };
        let writes = |wait: &&Wait| {
            matches!(&wait.target, Target::Lock { resource: other, mode: Mode::Exclusive | Mode::Upgrade, .. }
                if other.id == resource.id)
        };
        self.threads.values().filter_map(|stack| stack.last()).find(writes)
    }
}

impl Wait {
    fn participant(&self) -> Participant {
        let resource = match &self.target {
            Target::Lock { resource, mode, .. } => resource.words(*mode),
            Target::Threads(marks) => {
                let threads = marks.iter().filter_map(ThreadMark::thread);
                let names: Vec<_> = threads.map(|thread| format!("`{}`", thread.name)).collect();
                format!("the end of thread {}", names.join(", "))
            }
            Target::Task { name, .. } => format!("task `{name}`"),
        };
        let wants = Claim { resource, at: self.at };
        Participant { thread: self.thread.name.clone(), wants, holds: self.thread.claims() }
    }
}
