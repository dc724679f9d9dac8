//! What a barrier knows, all of it under its lock.

use crate::{BreakCause, BrokenBarrier};

/// A breakable barrier, without the waiting: whoever keeps it under a lock says who comes and goes, and tells those who
/// wait when the [phase](Self::phase) has changed.
///
/// The waits of a barrier fall into *phases*. A phase is filling while parties [arrive](Self::arrive); with the last one
/// it is acting, if there is an action; then it ends, [well](Self::end_well) or [broken](Self::break_with), and the next
/// one begins. A party waits until the phase is another one than that which it was counted into, and then asks for its
/// [outcome](Self::outcome_of), once: what a phase was broken by is kept for exactly as many parties as have to be told.
///
/// `A` is who acts, as its family tells one from another: a thread's id, a task's number.
///
/// # Examples
/// ```
/// use par_core::plumbing::sync::{Arrival, BarrierState};
/// use par_core::{BreakCause, BrokenBarrier};
///
/// let mut state = BarrierState::<u32>::new();
/// assert_eq!(state.arrive(2, None), Arrival::Waits { index: 0, phase: 0 });
/// assert_eq!(state.arrive(2, None), Arrival::Last { phase: 0 });
/// state.end_well();
/// assert_eq!((state.phase(), state.outcome_of(0)), (1, Ok(())));
///
/// assert_eq!(state.arrive(2, None), Arrival::Waits { index: 0, phase: 1 });
/// state.break_with(BreakCause::Aborted);
/// assert_eq!(state.outcome_of(1), Err(BrokenBarrier { cause: BreakCause::Aborted }));
/// assert_eq!(state.arrive(2, None), Arrival::Broken(BreakCause::Aborted));
/// ```
#[derive(Debug)]
pub struct BarrierState<A> {
    phase: usize,
    /// How many have come in this phase.
    arrived: usize,
    /// Who runs the action; then `arrived` is all of them.
    acting: Option<A>,
    broken: Option<BreakCause>,
    /// Whether the phase before this one was broken.
    former_broken: bool,
    /// Phases that were broken, for those who stood in them and do not know it yet.
    untold: Vec<Untold>,
    members: usize,
    /// Whether a member has left whose place nobody has taken.
    missing: bool,
}

#[derive(Debug)]
struct Untold {
    phase: usize,
    cause: BreakCause,
    /// How many have to be told.
    standing: usize,
}

/// What becomes of a party that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The barrier is broken.
    Broken(BreakCause),
    /// The barrier has to be broken, which is the caller's to do: not all can come.
    Breaks(BreakCause),
    /// It is counted, and others are missing.
    Waits {
        /// How many came before it.
        index: usize,
        /// The phase that it is counted into.
        phase: usize,
    },
    /// It is counted, and the last; with an action, it is the one who acts.
    Last {
        /// The phase that it is counted into.
        phase: usize,
    },
    /// The phase is acting, and takes nobody: the party comes again when it has ended.
    AtTheDoor {
        /// The phase that is acting.
        phase: usize,
    },
    /// It is the one who acts, and would wait for itself.
    Itself,
}

impl<A: PartialEq> BarrierState<A> {
    /// A barrier that nobody has come to.
    pub const fn new() -> Self {
        Self {
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

    /// The number of the phase that fills or acts; it wraps.
    pub const fn phase(&self) -> usize {
        self.phase
    }

    /// How many have come in this phase.
    pub const fn arrived(&self) -> usize {
        self.arrived
    }

    /// What broke the barrier, until it is reset.
    pub const fn broken(&self) -> Option<BreakCause> {
        self.broken
    }

    /// For those who look without the lock: the number of the phase, times two, and 1 if the one before it was broken.
    pub fn ended(&self) -> usize {
        self.phase.wrapping_mul(2) | usize::from(self.former_broken)
    }

    /// A party comes to a barrier for so many; `actor` is who it is, if the barrier has an action.
    pub fn arrive(&mut self, parties: usize, actor: Option<A>) -> Arrival {
        if let Some(cause) = self.broken {
            return Arrival::Broken(cause);
        }
        let phase = self.phase;
        if self.acting.is_some() {
            return if self.acting == actor { Arrival::Itself } else { Arrival::AtTheDoor { phase } };
        }
        if self.missing {
            return Arrival::Breaks(BreakCause::PartyLeft);
        }
        let index = self.arrived;
        self.arrived += 1;
        if self.arrived < parties {
            return Arrival::Waits { index, phase };
        }
        self.acting = actor;
        Arrival::Last { phase }
    }

    /// One of those who stand in the phase goes, and knows why.
    pub const fn leave_one(&mut self) {
        self.arrived -= 1;
    }

    /// All have come, and the action has run.
    pub fn end_well(&mut self) {
        self.former_broken = false;
        self.next_phase();
    }

    /// Ends the phase, and takes nobody until the barrier is reset; the first cause stays.
    pub fn break_with(&mut self, cause: BreakCause) {
        self.end_broken(cause);
        self.broken.get_or_insert(cause);
    }

    /// Ends the phase for those who stand in it, and is as new; members stay, and those who left are forgiven.
    pub fn reset(&mut self) {
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

    /// How a phase ended, for one of those who stood in it, who asks once.
    ///
    /// # Errors
    /// What broke it.
    pub fn outcome_of(&mut self, phase: usize) -> Result<(), BrokenBarrier> {
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
    pub const fn joined(&mut self, parties: usize) {
        self.members += 1;
        self.missing &= self.members < parties;
    }

    /// A member has left; whether somebody waits for it.
    pub const fn left(&mut self, parties: usize) -> bool {
        self.members -= 1;
        self.missing |= self.members < parties;
        let waited_for = self.missing && self.arrived > 0 && self.acting.is_none();
        self.missing &= self.members > 0;
        waited_for
    }
}

impl<A: PartialEq> Default for BarrierState<A> {
    fn default() -> Self {
        Self::new()
    }
}
