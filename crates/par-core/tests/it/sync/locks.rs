//! Locks, reentrant locks, conditions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use par_core::testing::sync::{Condition, Lock, check_condition, check_lock, check_reentrant_lock};

use super::{Watched, caught, passes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    LetsAllIn,
    StaysLockedAfterAPanic,
    RunsThoughLate,
    UnlocksAtTheFirst,
    IgnoresThePredicate,
    LosesNotifications,
    GivesUpLate,
    SaysFree,
    WakesOne,
}

/// Who holds it, and how often.
#[derive(Default)]
struct Held {
    owner: Option<ThreadId>,
    depth: usize,
}

struct Model {
    bug: Bug,
    reentrant: bool,
    held: Watched<Held>,
}

fn model(bug: Bug, reentrant: bool) -> impl Fn() -> Model {
    move || Model { bug, reentrant, held: Watched::default() }
}

impl Model {
    fn enter(&self, held: &mut Held) -> Option<()> {
        let me = thread::current().id();
        let free = held.depth == 0 || self.reentrant && held.owner == Some(me);
        if !free && self.bug != Bug::LetsAllIn {
            return None;
        }
        held.owner = Some(me);
        held.depth += 1;
        Some(())
    }

    /// Runs `f` and leaves, even if it panics.
    fn run(&self, f: &mut dyn FnMut()) {
        struct Leaves<'a>(&'a Model);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                if thread::panicking() && self.0.bug == Bug::StaysLockedAfterAPanic {
                    return;
                }
                let to = if self.0.bug == Bug::UnlocksAtTheFirst { usize::MAX } else { 1 };
                self.0.held.change(|held| held.depth = held.depth.saturating_sub(to));
            }
        }
        let _leaves = Leaves(self);
        f();
    }
}

impl Lock for Model {
    fn with(&self, f: &mut dyn FnMut()) {
        self.held.wait(None, |held| self.enter(held));
        self.run(f);
    }
    fn try_with(&self, f: &mut dyn FnMut()) -> bool {
        let entered = self.enter(&mut self.held.lock()).is_some();
        if entered {
            self.run(f);
        }
        entered
    }
    fn with_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        let entered = self.held.wait(Some(timeout), |held| self.enter(held)).is_some();
        if entered {
            self.run(f);
        } else if self.bug == Bug::RunsThoughLate {
            f();
        }
        entered
    }
    fn is_locked(&self) -> bool {
        self.held.lock().depth > 0 && self.bug != Bug::SaysFree
    }
}

#[test]
fn locks() {
    passes(&check_lock(model(Bug::None, false)));
    passes(&check_reentrant_lock(model(Bug::None, true)));
}

#[test]
fn locks_with_bugs() {
    let check = |bug| move || check_lock(model(bug, false));
    caught("another thread does not get in", check(Bug::LetsAllIn));
    caught("a panic under it leaves it free", check(Bug::StaysLockedAfterAPanic));
    caught("a wait for it ends when its time is up, and runs nothing", check(Bug::RunsThoughLate));
    caught("it says whether it is held", check(Bug::SaysFree));
}

#[test]
fn reentrant_locks_with_bugs() {
    let check = |bug, reentrant| move || check_reentrant_lock(model(bug, reentrant));
    caught("only after the last unlock", check(Bug::UnlocksAtTheFirst, true));
    caught("only after the last unlock", check(Bug::LetsAllIn, true));
    caught("leaves it free", check(Bug::StaysLockedAfterAPanic, true));
}

struct Number {
    bug: Bug,
    value: Watched<u64>,
    /// A notification was lost; the next one is not.
    lost: AtomicBool,
}

fn number(bug: Bug) -> impl Fn() -> Number {
    move || Number { bug, value: Watched::default(), lost: AtomicBool::new(false) }
}

impl Condition for Number {
    fn with(&self, f: &mut dyn FnMut(&mut u64)) {
        f(&mut self.value.lock());
    }
    fn wait_for(&self, predicate: &mut dyn FnMut(&mut u64) -> bool, timeout: Option<Duration>) -> bool {
        let timeout = timeout
            .map(|timeout| if self.bug == Bug::GivesUpLate { timeout.saturating_mul(300) } else { timeout });
        let mut asked = 0;
        let holds = |number: &mut u64| {
            asked += 1;
            (predicate(number) || asked > 1 && self.bug == Bug::IgnoresThePredicate).then_some(())
        };
        self.value.wait(timeout, holds).is_some()
    }
    fn notify_one(&self) {
        if self.bug != Bug::LosesNotifications || self.lost.fetch_xor(true, Ordering::SeqCst) {
            self.value.changed.notify_one();
        }
    }
    fn notify(&self, n: usize) {
        let n = if self.bug == Bug::LosesNotifications { n / 2 } else { n };
        // There are never more than ten who wait.
        (0..n.min(10)).for_each(|_| self.value.changed.notify_one());
    }
    fn notify_all(&self) {
        if self.bug == Bug::WakesOne {
            self.value.changed.notify_one();
        } else {
            self.value.changed.notify_all();
        }
    }
}

#[test]
fn conditions() {
    passes(&check_condition(number(Bug::None)));
}

#[test]
fn conditions_with_bugs() {
    let check = |bug| move || check_condition(number(bug));
    caught("condition: ", check(Bug::IgnoresThePredicate));
    caught("condition: ", check(Bug::LosesNotifications));
    caught("a wait ends when its time is up", check(Bug::GivesUpLate));
    caught("notify_all lets all go on", check(Bug::WakesOne));
}
