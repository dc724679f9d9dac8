//! Barriers.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::Duration;

use par_core::testing::sync::{
    self, Action, MemberWait, Turn, check_barrier, check_barrier_action, check_barrier_members,
};
use par_core::{BreakCause, BrokenBarrier};

use super::{Watched, caught, passes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    RepeatsIndices,
    LetsAllLead,
    OpensEarly,
    BreaksOnlyTheLate,
    ForgetsThatItIsBroken,
    TakesTheLastCause,
    ResetForgetsWhoWaits,
    ActsTooLate,
    SwallowsThePanic,
    IgnoresPanics,
    BreaksWhenAnybodyLeaves,
}

#[derive(Default)]
struct State {
    phase: usize,
    arrived: usize,
    broken: Option<BreakCause>,
    /// How each phase ended that was broken: a model may remember all.
    ended: Vec<(usize, BreakCause)>,
    missing: bool,
    members: usize,
}

impl State {
    fn break_with(&mut self, cause: BreakCause, bug: Bug) {
        self.ended.push((self.phase, cause));
        self.phase += 1;
        self.arrived = 0;
        if bug == Bug::TakesTheLastCause {
            self.broken = Some(cause);
        } else if bug != Bug::ForgetsThatItIsBroken {
            self.broken.get_or_insert(cause);
        }
    }
}

struct Model {
    bug: Bug,
    parties: usize,
    action: Option<Action>,
    state: Watched<State>,
}

fn model(bug: Bug) -> impl Fn(usize) -> Model {
    move |parties| Model { bug, parties, action: None, state: Watched::default() }
}

impl Model {
    /// All have come. The lock is held meanwhile, so nobody goes on and nobody comes.
    fn last(&self, phase: usize) -> Result<(), BrokenBarrier> {
        let act = || self.action.as_ref().map_or(Ok(()), |act| catch_unwind(AssertUnwindSafe(|| act())));
        let open = |state: &mut State| {
            state.phase += 1;
            state.arrived = 0;
        };
        let acted = if self.bug == Bug::ActsTooLate {
            self.state.change(open);
            thread::sleep(Duration::from_millis(1));
            act().map(Ok)
        } else {
            self.state.change(|state| {
                // It was broken since this party came.
                if let Some((_, cause)) = state.ended.iter().find(|(ended, _)| *ended == phase) {
                    return Ok(Err(BrokenBarrier { cause: *cause }));
                }
                let acted = act().map(Ok);
                if acted.is_ok() {
                    open(state);
                } else {
                    state.break_with(BreakCause::ActionPanicked, self.bug);
                }
                acted
            })
        };
        match acted {
            Err(_) if self.bug == Bug::SwallowsThePanic => {
                Err(BrokenBarrier { cause: BreakCause::ActionPanicked })
            }
            Err(panic) => resume_unwind(panic),
            Ok(ended) => ended,
        }
    }
}

impl sync::Barrier for Model {
    fn wait(&self, timeout: Option<Duration>) -> Result<Turn, BrokenBarrier> {
        let bug = self.bug;
        let (index, phase) = self.state.change(|state| {
            if state.missing && state.members < self.parties {
                state.break_with(BreakCause::PartyLeft, bug);
            }
            if let Some(cause) = state.broken {
                return Err(BrokenBarrier { cause });
            }
            state.arrived += 1;
            Ok((state.arrived - 1, state.phase))
        })?;
        let leader = index + 1 == self.parties || bug == Bug::LetsAllLead;
        let turn = Turn { index: if bug == Bug::RepeatsIndices { index / 2 } else { index }, leader };
        if index + 1 == self.parties {
            return self.last(phase).map(|()| turn);
        }
        if bug == Bug::OpensEarly && index > 0 {
            return Ok(turn);
        }
        let outcome = |state: &mut State| {
            let ended = state.ended.iter().find(|(ended, _)| *ended == phase);
            let broken = ended.map(|(_, cause)| Err(BrokenBarrier { cause: *cause }));
            (state.phase != phase).then(|| broken.unwrap_or(Ok(turn)))
        };
        self.state.wait(timeout, outcome).unwrap_or_else(|| {
            self.state.change(|state| {
                let meanwhile = outcome(state);
                if bug == Bug::BreaksOnlyTheLate {
                    state.arrived -= 1;
                } else if meanwhile.is_none() {
                    state.break_with(BreakCause::TimedOut, bug);
                }
                meanwhile.unwrap_or(Err(BrokenBarrier { cause: BreakCause::TimedOut }))
            })
        })
    }
    fn abort(&self) {
        self.state.change(|state| state.break_with(BreakCause::Aborted, self.bug));
    }
    fn reset(&self) {
        self.state.change(|state| {
            state.break_with(BreakCause::Reset, Bug::ForgetsThatItIsBroken);
            if self.bug == Bug::ResetForgetsWhoWaits {
                state.ended.pop();
            }
            state.broken = None;
            state.missing = false;
        });
    }
    fn is_broken(&self) -> bool {
        self.state.lock().broken.is_some()
    }
    fn parties(&self) -> usize {
        self.parties
    }
    fn waiting(&self) -> usize {
        self.state.lock().arrived
    }
}

impl sync::MemberBarrier for Model {
    fn as_member(&self, run: &mut dyn FnMut(MemberWait<'_>)) {
        self.state.lock().members += 1;
        let ran = catch_unwind(AssertUnwindSafe(|| run(&|timeout| sync::Barrier::wait(self, timeout))));
        self.state.change(|state| {
            state.members -= 1;
            state.missing = state.members > 0;
            if ran.is_err() && self.bug != Bug::IgnoresPanics {
                state.break_with(BreakCause::PartyPanicked, self.bug);
            } else if state.missing && (state.arrived > 0 || self.bug == Bug::BreaksWhenAnybodyLeaves) {
                state.break_with(BreakCause::PartyLeft, self.bug);
            }
        });
        if let Err(panic) = ran {
            resume_unwind(panic);
        }
    }
}

fn acting(bug: Bug) -> impl Fn(usize, Action) -> Model {
    move |parties, action| Model { action: Some(action), ..model(bug)(parties) }
}

#[test]
fn barriers() {
    passes(&check_barrier(model(Bug::None)));
    passes(&check_barrier_members(model(Bug::None)));
    passes(&check_barrier_action(acting(Bug::None)));
}

#[test]
fn barriers_with_bugs() {
    let check = |bug| move || check_barrier(model(bug));
    caught("each with its index", check(Bug::RepeatsIndices));
    caught("one leads", check(Bug::LetsAllLead));
    caught("all go on when the last has come", check(Bug::OpensEarly));
    caught("once broken, every wait fails at once", check(Bug::TakesTheLastCause));
    caught("a reset ends the wait of all", check(Bug::ResetForgetsWhoWaits));
    caught("barrier: ", check(Bug::ForgetsThatItIsBroken));
}

#[test]
fn actions_with_bugs() {
    let check = |bug| move || check_barrier_action(acting(bug));
    caught("before any goes on", check(Bug::ActsTooLate));
    caught("goes on in one party", check(Bug::SwallowsThePanic));
}

#[test]
fn members_with_bugs() {
    let check = |bug| move || check_barrier_members(model(bug));
    caught("a member that panics breaks it", check(Bug::IgnoresPanics));
    caught("leave one after the other without harm", check(Bug::BreaksWhenAnybodyLeaves));
}

/// The late one breaks the barrier for itself alone: the others would wait for ever, were they not given a time.
#[test]
fn a_timeout_that_breaks_only_the_late() {
    let check = || check_barrier(|parties| Impatient(model(Bug::BreaksOnlyTheLate)(parties)));
    caught("a timeout breaks it for all who wait", check);
}

/// A wait without a timeout has one, so that a bug that leaves it waiting shows as a wrong answer.
struct Impatient(Model);

impl sync::Barrier for Impatient {
    fn wait(&self, timeout: Option<Duration>) -> Result<Turn, BrokenBarrier> {
        let given = self.0.wait(Some(timeout.unwrap_or(Duration::from_secs(2))));
        given.map_err(
            |error| if timeout.is_none() { BrokenBarrier { cause: BreakCause::Aborted } } else { error },
        )
    }
    fn abort(&self) {
        self.0.abort();
    }
    fn reset(&self) {
        self.0.reset();
    }
    fn is_broken(&self) -> bool {
        self.0.is_broken()
    }
    fn parties(&self) -> usize {
        self.0.parties()
    }
    fn waiting(&self) -> usize {
        self.0.waiting()
    }
}
