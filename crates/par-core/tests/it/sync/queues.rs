//! Queues.

use std::time::Duration;

use par_core::testing::sync::{BlockingQueue, check_lifo, check_priority, check_queue};
use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};

use super::{Watched, caught, passes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    HasRoomForOneMore,
    GivesUpEarly,
    DoesWhatNobodyTook,
    JoinsWhenEmpty,
    DrainDropsAll,
    ImmediateKeepsAccounts,
    ShutdownWakesGettersLate,
    ComparesItems,
    LosesOne,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Fifo,
    Lifo,
    Priority,
}

#[derive(Default)]
struct State {
    items: Vec<u64>,
    owed: usize,
    put: usize,
    shut_down: bool,
}

struct Model {
    bug: Bug,
    order: Order,
    capacity: usize,
    state: Watched<State>,
}

fn model(bug: Bug, order: Order) -> impl Fn(usize) -> Model {
    move |capacity| Model { bug, order, capacity, state: Watched::default() }
}

impl Model {
    fn insert(&self, state: &mut State, item: u64) -> Option<Result<(), PutError<u64>>> {
        if state.shut_down {
            return Some(Err(PutError::ShutDown(item)));
        }
        if state.items.len() >= self.capacity + usize::from(self.bug == Bug::HasRoomForOneMore) {
            return None;
        }
        state.put += 1;
        if self.bug != Bug::LosesOne || !state.put.is_multiple_of(1000) {
            state.items.push(item);
        }
        Some(Ok(()))
    }

    fn remove(&self, state: &mut State) -> Option<Result<u64, GetError>> {
        let key = |place: &usize| match self.bug {
            Bug::ComparesItems => state.items[*place],
            _ => state.items[*place] >> 32,
        };
        let next = match self.order {
            Order::Fifo => (!state.items.is_empty()).then_some(0),
            Order::Lifo => state.items.len().checked_sub(1),
            Order::Priority => (0..state.items.len()).min_by_key(key),
        };
        let Some(next) = next else { return state.shut_down.then_some(Err(GetError::ShutDown)) };
        state.owed += 1;
        Some(Ok(state.items.remove(next)))
    }

    /// Waits until `step` has changed something, and wakes all.
    fn step<R>(&self, timeout: Option<Duration>, step: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
        let early = self.bug == Bug::GivesUpEarly;
        let answer = self.state.wait(timeout.map(|time| if early { time / 2 } else { time }), step);
        self.state.changed.notify_all();
        answer
    }

    fn wait_done(&self, timeout: Option<Duration>) -> Result<(), usize> {
        let owed = |state: &State| if self.bug == Bug::JoinsWhenEmpty { 0 } else { state.owed };
        let done = |state: &mut State| (state.items.len() + owed(state) == 0).then_some(());
        self.step(timeout, done).ok_or_else(|| self.unfinished())
    }
}

impl BlockingQueue for Model {
    fn put(&self, item: u64) -> Result<(), PutError<u64>> {
        self.step(None, |state| self.insert(state, item)).unwrap_or(Err(PutError::Full(item)))
    }
    fn put_timeout(&self, item: u64, timeout: Duration) -> Result<(), PutError<u64>> {
        self.step(Some(timeout), |state| self.insert(state, item)).unwrap_or(Err(PutError::Full(item)))
    }
    fn get(&self) -> Result<u64, GetError> {
        self.step(None, |state| self.remove(state)).unwrap_or(Err(GetError::Empty))
    }
    fn get_timeout(&self, timeout: Duration) -> Result<u64, GetError> {
        self.step(Some(timeout), |state| self.remove(state)).unwrap_or(Err(GetError::Empty))
    }
    fn len(&self) -> usize {
        self.state.lock().items.len()
    }
    fn capacity(&self) -> usize {
        self.capacity
    }
    fn unfinished(&self) -> usize {
        let state = self.state.lock();
        state.items.len() + state.owed
    }
    fn task_done(&self) -> Result<(), DoneTooOften> {
        self.state.change(|state| {
            if self.bug == Bug::DoesWhatNobodyTook && state.owed == 0 && !state.items.is_empty() {
                return Ok(());
            }
            state.owed = state.owed.checked_sub(1).ok_or(DoneTooOften)?;
            Ok(())
        })
    }
    fn join(&self) {
        self.wait_done(None).ok();
    }
    fn join_timeout(&self, timeout: Duration) -> Result<(), usize> {
        self.wait_done(Some(timeout))
    }
    fn shutdown(&self, how: QueueShutdown) {
        let end = |state: &mut State| {
            state.shut_down = true;
            if how == QueueShutdown::Immediate || self.bug == Bug::DrainDropsAll {
                let dropped = std::mem::take(&mut state.items).len();
                state.owed += if self.bug == Bug::ImmediateKeepsAccounts { dropped } else { 0 };
            }
        };
        if self.bug == Bug::ShutdownWakesGettersLate && self.capacity == 1 {
            end(&mut self.state.lock());
            std::thread::sleep(Duration::from_secs(6));
        }
        self.state.change(end);
    }
}

#[test]
fn queues() {
    passes(&check_queue(model(Bug::None, Order::Fifo)));
    passes(&check_lifo(model(Bug::None, Order::Lifo)));
    passes(&check_priority(model(Bug::None, Order::Priority)));
}

#[test]
fn queues_with_bugs() {
    let check = |bug| move || check_queue(model(bug, Order::Fifo));
    caught("a full queue refuses", check(Bug::HasRoomForOneMore));
    caught("a wait ends when its time is up", check(Bug::GivesUpEarly));
    caught("each item that is taken is done once", check(Bug::DoesWhatNobodyTook));
    caught("all who join wait until everything is done", check(Bug::JoinsWhenEmpty));
    caught("a drain leaves what is in the queue", check(Bug::DrainDropsAll));
    caught("an immediate end drops what is in the queue", check(Bug::ImmediateKeepsAccounts));
    caught("an end wakes everyone", check(Bug::ShutdownWakesGettersLate));
    caught("queue: many put and many take", check(Bug::LosesOne));
}

#[test]
fn queues_in_the_wrong_order() {
    caught("first in, first out", || check_queue(model(Bug::None, Order::Lifo)));
    caught("last in, first out", || check_lifo(model(Bug::None, Order::Fifo)));
    caught("the smallest first", || check_priority(model(Bug::None, Order::Fifo)));
    caught("equals in order", || check_priority(model(Bug::ComparesItems, Order::Priority)));
}
