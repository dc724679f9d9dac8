//! Who has come to a barrier, and who is missing.

use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use parking_lot::Mutex;

use super::announce::announce;
use super::resource::next_id;
use super::target::Target;
use super::thread;
use super::tracked::Asleep;
use super::waits::{Above, Hopeless, Waiting};

/// The roll of a barrier, from its first use on.
pub(crate) struct Roll(OnceLock<Arc<List>>);

/// A membership, by its number.
pub(crate) struct Member(u64);

/// An arrival at a barrier, in one of its phases.
pub(crate) struct Came {
    list: Arc<List>,
    phase: u64,
    parties: usize,
}

struct List {
    id: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: u64,
    /// Who has come in this phase, in this order.
    arrivals: Vec<Arrival>,
    members: Vec<Enrolled>,
}

struct Arrival {
    member: Option<u64>,
    /// `None`: a thread that ends.
    place: Option<Above>,
    timed: bool,
}

struct Enrolled {
    member: u64,
    /// The thread that last waited through the membership; who has created it may have given it away.
    place: Option<Above>,
}

// No code of a user runs under its lock.
impl UnwindSafe for List {}
impl RefUnwindSafe for List {}

impl Roll {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Somebody has become a member.
    pub(crate) fn enrol(&self) -> Member {
        let member = next_id();
        self.list().state.lock().members.push(Enrolled { member, place: None });
        Member(member)
    }

    /// A member has left.
    pub(crate) fn strike(&self, member: &Member) {
        self.list().state.lock().members.retain(|one| one.member != member.0);
    }

    /// This thread has come, and is one of so many; the barrier is locked.
    pub(crate) fn came(&self, member: Option<&Member>, parties: usize, deadline: Option<Instant>) -> Came {
        let place = thread::here().map(|thread| Above { waits: thread.waits(), thread });
        let list = Arc::clone(self.list());
        let mut state = list.state.lock();
        let member = member.map(|member| member.0);
        if let Some(one) = state.members.iter_mut().find(|one| Some(one.member) == member) {
            one.place.clone_from(&place);
        }
        state.arrivals.push(Arrival { member, place, timed: deadline.is_some() });
        let phase = state.phase;
        drop(state);
        Came { list, phase, parties }
    }

    /// The phase is over, well or not; the barrier is locked.
    pub(crate) fn phase_ended(&self) {
        self.list().end_phase();
    }

    fn list(&self) -> &Arc<List> {
        self.0.get_or_init(|| Arc::new(List { id: next_id(), state: Mutex::default() }))
    }
}

impl List {
    fn end_phase(&self) {
        let mut state = self.state.lock();
        state.phase += 1;
        let gone = std::mem::take(&mut state.arrivals);
        drop(state);
        drop(gone);
    }
}

impl Came {
    /// The barrier is about to be broken: nobody waits for those who are missing any more.
    pub(super) fn give_up(&self) {
        self.list.end_phase();
    }

    /// Begins to wait for the others; `None`: that would never end, and was reported.
    #[track_caller]
    pub(crate) fn wait(self, deadline: Option<Instant>) -> Option<Asleep> {
        let thread = if deadline.is_none() { thread::here() } else { None };
        let Some(thread) = thread else { return Some(Asleep::unknown()) };
        let (waiting, report) =
            Waiting::begin(&thread, Target::Parties(self), Location::caller(), Hopeless::GiveUp);
        let Some(report) = report else { return Some(Asleep::known(waiting)) };
        announce(&report);
        None
    }

    /// Who must come before this one goes on, or must return from the action; nobody, if not all of that is known.
    pub(super) fn missing(&self) -> Vec<Above> {
        let state = self.list.state.lock();
        let State { phase, arrivals, members } = &*state;
        if *phase != self.phase {
            return Vec::new();
        }
        if arrivals.iter().any(|one| one.timed) {
            return Vec::new();
        }
        if arrivals.len() == self.parties {
            // The last one runs the action.
            return arrivals.last().and_then(|one| one.place.clone()).into_iter().collect();
        }
        let missing =
            members.iter().filter(|one| arrivals.iter().all(|came| came.member != Some(one.member)));
        let places: Option<Vec<Above>> = missing.map(|one| one.place.clone()).collect();
        // All parties are members, and each is one.
        let all = |places: &Vec<Above>| {
            members.len() == self.parties && places.len() + arrivals.len() == self.parties
        };
        places.filter(all).unwrap_or_default()
    }

    pub(super) fn words(&self) -> String {
        let state = self.list.state.lock();
        // Whoever has not noticed yet that the phase is over is counted among those who came.
        let came = if state.phase == self.phase { state.arrivals.len() } else { self.parties };
        format!("barrier #{} ({came} of {} came)", self.list.id, self.parties)
    }
}
