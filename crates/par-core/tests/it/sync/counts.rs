//! Semaphores, events, latches.

use std::time::{Duration, Instant};

use par_core::ReleasedTooOften;
use par_core::testing::sync::{self, check_bounded_semaphore, check_event, check_latch, check_semaphore};

use super::{Watched, caught, passes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    LetsInOneTooMany,
    GivesUpEarly,
    KeepsWhatItGaveUp,
    WakesOne,
    LosesReleases,
    ChangesThoughRefused,
    ForgetsWhoWaits,
    NeverClears,
    OpensEarly,
    Wraps,
}

struct Model {
    bug: Bug,
    limit: usize,
    count: Watched<usize>,
}

fn model(bug: Bug) -> impl Fn(usize) -> Model {
    move |count| Model { bug, limit: count, count: Watched::new(count) }
}

impl Model {
    fn take(&self, count: &mut usize) -> Option<()> {
        if *count == 0 && self.bug == Bug::LetsInOneTooMany {
            return Some(());
        }
        *count = count.checked_sub(1)?;
        Some(())
    }
}

impl sync::Semaphore for Model {
    fn acquire(&self) {
        self.count.wait(None, |count| self.take(count));
    }
    fn try_acquire(&self) -> bool {
        self.take(&mut self.count.lock()).is_some()
    }
    fn acquire_timeout(&self, timeout: Duration) -> bool {
        let timeout = if self.bug == Bug::GivesUpEarly { timeout / 2 } else { timeout };
        let mut took = self.count.wait(Some(timeout), |count| self.take(count)).is_some();
        if took
            && timeout < Duration::from_millis(1)
            && !timeout.is_zero()
            && self.bug == Bug::KeepsWhatItGaveUp
        {
            took = false;
        }
        took
    }
    fn release(&self, count: usize) {
        match self.bug {
            Bug::LosesReleases => {
                let before = *self.count.lock();
                std::thread::yield_now();
                self.count.change(|free| *free = before + count);
            }
            Bug::WakesOne => {
                *self.count.lock() += count;
                self.count.changed.notify_one();
            }
            _ => self.count.change(|free| *free += count),
        }
    }
    fn available(&self) -> usize {
        *self.count.lock()
    }
}

impl sync::BoundedSemaphore for Model {
    fn try_release(&self, count: usize) -> Result<(), ReleasedTooOften> {
        self.count.change(|free| {
            let available = *free;
            if count > self.limit - available {
                if self.bug == Bug::ChangesThoughRefused {
                    *free = self.limit;
                }
                return Err(ReleasedTooOften { released: count, available, limit: self.limit });
            }
            *free += count;
            Ok(())
        })
    }
}

#[test]
fn semaphores() {
    passes(&check_semaphore(model(Bug::None)));
    passes(&check_bounded_semaphore(model(Bug::None)));
}

#[test]
fn semaphores_with_bugs() {
    let check = |bug| move || check_semaphore(model(bug));
    caught("as many go on as there are permits", check(Bug::LetsInOneTooMany));
    caught("a wait for a permit ends when its time is up", check(Bug::GivesUpEarly));
    caught("costs nobody else a permit", check(Bug::KeepsWhatItGaveUp));
    caught("a release of n lets n", check(Bug::WakesOne));
    caught("semaphore: ", check(Bug::LosesReleases));
    caught("an error and changes nothing", || check_bounded_semaphore(model(Bug::ChangesThoughRefused)));
}

struct Flag {
    bug: Bug,
    /// Whether it is set, and how often it was.
    set: Watched<(bool, u64)>,
}

fn flag(bug: Bug) -> impl Fn() -> Flag {
    move || Flag { bug, set: Watched::default() }
}

impl sync::Event for Flag {
    fn set(&self) {
        if self.bug == Bug::WakesOne {
            self.set.lock().0 = true;
            self.set.changed.notify_one();
        } else {
            self.set.change(|(set, times)| {
                *set = true;
                *times += 1;
            });
        }
    }
    fn clear(&self) {
        self.set.lock().0 = self.bug == Bug::NeverClears;
    }
    fn is_set(&self) -> bool {
        self.set.lock().0
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        let began = self.set.lock().1;
        let timeout =
            timeout.map(|timeout| if self.bug == Bug::GivesUpEarly { timeout / 2 } else { timeout });
        if self.bug == Bug::ForgetsWhoWaits {
            return self.polls(timeout);
        }
        let passes = |(set, times): &mut (bool, u64)| (*set || *times != began).then_some(());
        self.set.wait(timeout, passes).is_some()
    }
}

impl Flag {
    /// Looks now and then whether it is set just then.
    fn polls(&self, timeout: Option<Duration>) -> bool {
        let begun = Instant::now();
        while !sync::Event::is_set(self) {
            if timeout.is_some_and(|timeout| begun.elapsed() >= timeout) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

#[test]
fn events() {
    passes(&check_event(flag(Bug::None)));
}

#[test]
fn events_with_bugs() {
    let check = |bug| move || check_event(flag(bug));
    caught("it stays set until it is cleared", check(Bug::NeverClears));
    caught("a wait ends when its time is up", check(Bug::GivesUpEarly));
    caught("setting wakes all who wait", check(Bug::WakesOne));
    caught("even if the event is cleared at once", check(Bug::ForgetsWhoWaits));
}

impl sync::Latch for Model {
    fn count_down_by(&self, steps: usize) {
        let step = |left: &mut usize| match self.bug {
            Bug::Wraps => left.wrapping_sub(steps),
            _ => left.saturating_sub(steps),
        };
        if self.bug == Bug::WakesOne {
            let mut left = self.count.lock();
            *left = step(&mut left);
            self.count.changed.notify_one();
        } else {
            self.count.change(|left| *left = step(left));
        }
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        let last = usize::from(self.bug == Bug::OpensEarly);
        self.count.wait(timeout, |left| (*left <= last).then_some(())).is_some()
    }
    fn remaining(&self) -> usize {
        *self.count.lock()
    }
}

#[test]
fn latches() {
    passes(&check_latch(model(Bug::None)));
}

#[test]
fn latches_with_bugs() {
    let check = |bug| move || check_latch(model(bug));
    caught("it opens at zero", check(Bug::OpensEarly));
    caught("steps past zero change nothing", check(Bug::Wraps));
    caught("it wakes all who wait", check(Bug::WakesOne));
}
