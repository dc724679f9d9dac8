//! Who waits for what, and whether that can end.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use par_core::plumbing::TaskId;
use parking_lot::Mutex;

use super::reduce::{self, Need, Node};
use super::target::Target;
use super::thread::{self, ThreadRecord};
use crate::deadlock::{Claim, Mode, Participant, Report, ReportKind};

pub(super) static WAITS: Mutex<Waits> =
    Mutex::new(Waits { threads: BTreeMap::new(), tasks: BTreeMap::new() });

pub(super) struct Waits {
    /// The waits of those threads that wait, from the bottom of the stack up: whoever waits for a task may run another one
    /// on top, which waits, too.
    pub(super) threads: BTreeMap<u64, Vec<Wait>>,
    /// Who runs which task.
    pub(super) tasks: BTreeMap<TaskId, Above>,
}

/// What lies on a thread's stack above so many of its waits: a task, or a hold.
///
/// It ends only when the waits above it have ended.
#[derive(Clone)]
pub(super) struct Above {
    pub(super) thread: Arc<ThreadRecord>,
    pub(super) waits: usize,
}

pub(super) struct Wait {
    pub(super) thread: Arc<ThreadRecord>,
    pub(super) target: Target,
    at: &'static Location<'static>,
    pub(super) since: Instant,
    /// Whether it was reported as a stall.
    pub(super) told: bool,
}

/// A wait that is written down, until it is dropped; waits of a thread are dropped in the reverse order.
pub(super) struct Waiting {
    thread: Arc<ThreadRecord>,
    /// Whether it was given up.
    over: bool,
}

/// What a thread does whose wait can never end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hopeless {
    /// It does not wait, and what it was to wait for knows that it is over. From the moment of the look on: to the next
    /// one who looks this wait is none.
    GiveUp,
    /// It waits, since it must.
    Wait,
}

impl Hopeless {
    /// A thread that panics already must wait: a second panic would end the process.
    pub(super) fn panics() -> Self {
        if std::thread::panicking() { Self::Wait } else { Self::GiveUp }
    }
}

/// Writes down that a thread waits, until [`end`]; a report, if the wait can never end.
pub(super) fn begin(
    thread: &Arc<ThreadRecord>,
    target: Target,
    at: &'static Location<'static>,
    hopeless: Hopeless,
) -> Option<Report> {
    let wait = Wait { thread: Arc::clone(thread), target, at, since: Instant::now(), told: false };
    let mut waits = WAITS.lock();
    let stack = waits.threads.entry(thread.id).or_default();
    stack.push(wait);
    thread.set_waits(stack.len());
    let report = waits.explain(thread.id);
    let mut given_up = None;
    if report.is_some() && hopeless == Hopeless::GiveUp {
        given_up = waits.strike_out(thread);
        if let Some(Wait { target: Target::Parties(came), .. }) = &given_up {
            came.give_up();
        }
    }
    drop(waits);
    // It may be the last owner of a lock's record.
    drop(given_up);
    report
}

/// Strikes out the latest wait of a thread.
pub(super) fn end(thread: &ThreadRecord) {
    let wait = WAITS.lock().strike_out(thread);
    // It may be the last owner of a lock's record.
    drop(wait);
}

impl Waiting {
    /// As [`begin`], until this is dropped.
    pub(super) fn begin(
        thread: &Arc<ThreadRecord>,
        target: Target,
        at: &'static Location<'static>,
        hopeless: Hopeless,
    ) -> (Self, Option<Report>) {
        let report = begin(thread, target, at, hopeless);
        let over = report.is_some() && hopeless == Hopeless::GiveUp;
        (Self { thread: Arc::clone(thread), over }, report)
    }

    /// Notes that the reader stands behind a writer, see [`Resource::in_the_way`](super::resource::Resource::in_the_way);
    /// a report, if that can never end.
    pub(super) fn stands_behind(&mut self, slice: u64) -> Option<Report> {
        let mut waits = WAITS.lock();
        match waits.threads.get_mut(&self.thread.id).and_then(|stack| stack.last_mut()) {
            Some(Wait { target: Target::Lock { behind, .. }, .. }) => *behind = Some(slice),
            _ => return None,
        }
        let report = waits.explain(self.thread.id)?;
        if Hopeless::panics() == Hopeless::GiveUp {
            self.over = true;
            let given_up = waits.strike_out(&self.thread);
            drop(waits);
            drop(given_up);
        }
        Some(report)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.over {
            end(&self.thread);
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

    /// Strikes out the latest wait of a thread.
    fn strike_out(&mut self, thread: &ThreadRecord) -> Option<Wait> {
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
                let ends = wait.target.needs(&wait.thread, &self.tasks);
                let one_suffices = wait.target.needs_one();
                let from: Vec<Node> = if one_suffices {
                    // A holder's lowest wait stands for all above it; where there is none, the holder may go on.
                    ends.iter().map(|above| (above.thread.id, above.waits)).collect()
                } else {
                    ends.into_iter().chain([on_top]).flat_map(|above| self.waits_above(&above)).collect()
                };
                todo.extend(&from);
                needs.insert(node, Need { from, one_suffices });
            }
        }
        needs
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
    pub(super) fn participant(&self) -> Participant {
        let wants = Claim { resource: self.target.words(&self.thread), at: self.at };
        Participant { thread: self.thread.name.clone(), wants, holds: self.thread.claims() }
    }
}
