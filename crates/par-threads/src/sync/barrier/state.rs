//! What a barrier knows, all of it under its lock.

use par_core::{BreakCause, BrokenBarrier};

use super::super::model::const_fn;

#[cfg(loom)]
use loom::thread::{self, ThreadId};
#[cfg(not(loom))]
use std::thread::{self, ThreadId};

pub(super) struct State {
    phase: usize,
    /// How many have come in this phase.
    arrived: usize,
    /// Who runs the action; then `arrived` is all of them.
    acting: Option<ThreadId>,
    broken: Option<BreakCause>,
    /// Whether the phase before this one was broken.
    former_broken: bool,
    /// Phases that were broken, for those who stood in them and do not know it yet.
    untold: Vec<Untold>,
    members: usize,
    /// Whether a member has left whose place nobody has taken.
    missing: bool,
}

struct Untold {
    phase: usize,
    cause: BreakCause,
    /// How many have to be told.
    standing: usize,
}

/// What becomes of a thread that comes.
pub(super) enum Arrival {
    /// The barrier is broken.
    Broken(BreakCause),
    /// The barrier has to be broken: not all can come.
    Breaks(BreakCause),
    /// It is counted, and others are missing.
    Waits { index: usize, phase: usize },
    /// It is counted, and the last; with an action, it is the one who acts.
    Last { phase: usize },
    /// The phase is acting, and takes nobody.
    AtTheDoor { phase: usize },
    /// It is the one who acts, and would wait for itself.
    Itself,
}

impl State {
    const_fn! {
        pub(super) fn new() -> State {
            State {
                phase: 0,
                arrived: 0,
                acting: None,
                broken: None,
                former_broken: false,
                untold: Vec::new(),
                members: 0,
                missing: false,
            }
        }
    }

    pub(super) fn phase(&self) -> usize {
        self.phase
    }

    pub(super) fn arrived(&self) -> usize {
        self.arrived
    }

    pub(super) fn broken(&self) -> Option<BreakCause> {
        self.broken
    }

    /// What those who look may know without the lock.
    pub(super) fn ended(&self) -> usize {
        self.phase.wrapping_mul(2) | usize::from(self.former_broken)
    }

    pub(super) fn arrive(&mut self, parties: usize, acts: bool) -> Arrival {
        if let Some(cause) = self.broken {
            return Arrival::Broken(cause);
        }
        let phase = self.phase;
        if let Some(actor) = self.acting {
            let itself = actor == thread::current().id();
            return if itself { Arrival::Itself } else { Arrival::AtTheDoor { phase } };
        }
        if self.missing {
            return Arrival::Breaks(BreakCause::PartyLeft);
        }
        let index = self.arrived;
        self.arrived += 1;
        if self.arrived < parties {
            return Arrival::Waits { index, phase };
        }
        if acts {
            self.acting = Some(thread::current().id());
        }
        Arrival::Last { phase }
    }

    /// One of those who stand in the phase goes, and knows why.
    pub(super) fn leave_one(&mut self) {
        self.arrived -= 1;
    }

    pub(super) fn end_well(&mut self) {
        self.former_broken = false;
        self.next_phase();
    }

    pub(super) fn break_with(&mut self, cause: BreakCause) {
        self.end_broken(cause);
        self.broken.get_or_insert(cause);
    }

    pub(super) fn reset(&mut self) {
        self.end_broken(BreakCause::Reset);
        self.broken = None;
        self.missing = false;
    }

    fn end_broken(&mut self, cause: BreakCause) {
        if self.arrived > 0 {
            self.untold.push(Untold { phase: self.phase, cause, standing: self.arrived });
        }
        self.former_broken = true;
        self.next_phase();
    }

    fn next_phase(&mut self) {
        self.phase = self.phase.wrapping_add(1);
        self.arrived = 0;
        self.acting = None;
    }

    /// How a phase ended, for one of those who stood in it.
    pub(super) fn outcome_of(&mut self, phase: usize) -> Result<(), BrokenBarrier> {
        let Some(place) = self.untold.iter().position(|untold| untold.phase == phase) else { return Ok(()) };
        let untold = &mut self.untold[place];
        let cause = untold.cause;
        untold.standing -= 1;
        if untold.standing == 0 {
            self.untold.swap_remove(place);
        }
        Err(BrokenBarrier { cause })
    }

    /// A member has come.
    pub(super) fn joined(&mut self, parties: usize) {
        self.members += 1;
        self.missing &= self.members < parties;
    }

    /// A member has left; whether somebody waits for it.
    pub(super) fn left(&mut self, parties: usize) -> bool {
        self.members -= 1;
        self.missing |= self.members < parties;
        let waited_for = self.missing && self.arrived > 0 && self.acting.is_none();
        self.missing &= self.members > 0;
        waited_for
    }
}
