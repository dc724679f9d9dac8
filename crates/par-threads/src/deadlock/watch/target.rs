//! What a thread waits for, and who can bring it about.

use std::collections::BTreeMap;
use std::sync::Arc;

use par_core::plumbing::TaskId;

use super::mark::ThreadMark;
use super::resource::Resource;
use super::roll::Came;
use super::thread::ThreadRecord;
use super::waits::Above;
use crate::deadlock::Mode;

pub(super) enum Target {
    /// A lock, or a permit. `behind`: see [`Resource::in_the_way`].
    Lock { resource: Arc<Resource>, mode: Mode, behind: Option<u64> },
    /// A notification at a condition variable, and then the mutex. A timeout may stand for the notification.
    Notice { mutex: Arc<Resource>, mode: Mode, condvar: Option<Arc<Resource>> },
    /// The end of every one of these threads.
    Threads(Box<dyn Fn() -> Vec<ThreadMark> + Send>),
    /// The end of a task.
    Task { task: TaskId, name: &'static str },
    /// That all parties have come to a barrier.
    Parties(Came),
    /// Something that anybody may bring about; and what of it.
    Anything { resource: Arc<Resource>, what: &'static str },
}

impl Target {
    /// What must end before the wait of this thread does: all of it, or [one](Self::needs_one).
    ///
    /// Nothing: nobody knows.
    pub(super) fn needs(&self, me: &ThreadRecord, tasks: &BTreeMap<TaskId, Above>) -> Vec<Above> {
        match self {
            Self::Lock { resource, .. } if resource.is_semaphore() => resource.all_permits(),
            Self::Lock { resource, mode, behind } => resource.in_the_way(*mode, *behind),
            Self::Notice { mutex, mode, .. } => mutex.in_the_way(*mode, None),
            Self::Threads(threads) => {
                // A destructor of a thread-local may join the thread that it runs on, which has told its end.
                let others = threads().into_iter().filter_map(|mark| mark.thread().cloned());
                others.filter(|thread| thread.id != me.id).map(|thread| Above { thread, waits: 0 }).collect()
            }
            Self::Task { task, .. } => tasks.get(task).into_iter().cloned().collect(),
            Self::Parties(came) => came.missing(),
            Self::Anything { .. } => Vec::new(),
        }
    }

    /// Whether the end of one suffices: of several who hold permits.
    pub(super) fn needs_one(&self) -> bool {
        matches!(self, Self::Lock { resource, .. } if resource.is_semaphore())
    }

    /// Whether it may be that nobody can be named who must bring it about.
    pub(super) fn may_be_anybodys(&self) -> bool {
        match self {
            Self::Lock { .. } => self.needs_one(),
            Self::Notice { condvar, .. } => condvar.is_some(),
            Self::Parties(_) | Self::Anything { .. } => true,
            Self::Threads(_) | Self::Task { .. } => false,
        }
    }

    /// Whether it is nobody's in particular, now.
    pub(super) fn is_anybodys(&self, me: &ThreadRecord) -> bool {
        // Whoever has the mutex of a notification need not be the one who notifies.
        let notice = matches!(self, Self::Notice { .. });
        self.may_be_anybodys() && (notice || self.needs(me, &BTreeMap::new()).is_empty())
    }

    /// Whether the thread waits for a lock or a permit that this other one has.
    pub(super) fn is_held_by(&self, other: &ThreadRecord) -> bool {
        let Self::Lock { resource, mode, behind } = self else { return false };
        resource.in_the_way(*mode, *behind).iter().any(|above| above.thread.id == other.id)
    }

    /// What it is called in a report.
    pub(super) fn words(&self, me: &ThreadRecord) -> String {
        match self {
            Self::Lock { resource, mode, .. } | Self::Notice { mutex: resource, mode, condvar: None } => {
                resource.words(*mode)
            }
            Self::Notice { mutex, mode, condvar: Some(condvar) } => {
                format!("{} (with {})", condvar.words(*mode), mutex.words(*mode))
            }
            Self::Threads(threads) => {
                let mut marks = threads();
                marks.retain(|mark| mark.thread().is_none_or(|thread| thread.id != me.id));
                let names: Vec<_> = marks.iter().map(|mark| format!("`{}`", mark.name())).collect();
                match &names[..] {
                    // They have all just ended.
                    [] => "the end of threads".to_owned(),
                    [name] => format!("the end of thread {name}"),
                    names => format!("the end of threads {}", names.join(", ")),
                }
            }
            Self::Task { name, .. } => format!("task `{name}`"),
            Self::Parties(came) => came.words(),
            Self::Anything { resource, what: "" } => resource.words(Mode::Exclusive),
            Self::Anything { resource, what } => format!("{} ({what})", resource.words(Mode::Exclusive)),
        }
    }
}
