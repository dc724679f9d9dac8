//! Who waits, in the order in which they came.

use std::task::Waker;

use slab::Slab;

/// No place.
const NONE: usize = usize::MAX;

/// A line of tasks, kept under the lock of what they wait for.
///
/// Whoever [enters](Self::enter) gets a seat, and keeps it until it [leaves](Self::leave). The first in the line is told
/// a word, which takes it out of the line, but not off its seat: there it finds the word, at its next poll or when it is
/// dropped.
///
/// Wakers come out of here to be woken and dropped without the lock, for both may run code of others.
#[derive(Debug)]
pub(crate) struct Line {
    seats: Slab<Seat>,
    first: usize,
    last: usize,
}

#[derive(Debug)]
struct Seat {
    state: State,
    before: usize,
    behind: usize,
}

#[derive(Debug)]
enum State {
    Waits(Waker),
    Told(usize),
}

/// How a task left its seat.
#[derive(Debug)]
pub(crate) enum Left {
    /// Nobody had told it anything. The waker is only there to be dropped without the lock.
    Untold { _waker: Waker },
    /// It had been told this.
    Told(usize),
}

/// Tasks to wake when the lock is free: most often none or one.
#[derive(Debug, Default)]
#[must_use = "tasks that are not woken wait for ever"]
pub(crate) struct Wakers {
    one: Option<Waker>,
    more: Vec<Waker>,
}

impl Wakers {
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        if self.one.is_none() {
            self.one = waker;
        } else {
            self.more.extend(waker);
        }
    }

    pub(crate) fn add_all(&mut self, wakers: Vec<Waker>) {
        if self.more.is_empty() {
            self.more = wakers;
        } else {
            self.more.extend(wakers);
        }
    }

    /// The caller holds no lock.
    pub(crate) fn wake(self) {
        self.one.into_iter().chain(self.more).for_each(Waker::wake);
    }
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { seats: Slab::new(), first: NONE, last: NONE }
    }

    /// A seat behind all others.
    pub(crate) fn enter(&mut self, waker: Waker) -> usize {
        let before = self.last;
        let seat = self.seats.insert(Seat { state: State::Waits(waker), before, behind: NONE });
        *self.behind(before) = seat;
        self.last = seat;
        seat
    }

    /// The link to whoever is behind `seat`; of nobody, to the first.
    fn behind(&mut self, seat: usize) -> &mut usize {
        if seat == NONE { &mut self.first } else { &mut self.seats[seat].behind }
    }

    fn before(&mut self, seat: usize) -> &mut usize {
        if seat == NONE { &mut self.last } else { &mut self.seats[seat].before }
    }

    /// Takes a seat out of the line; it waits.
    fn unlink(&mut self, seat: usize) {
        let Seat { before, behind, .. } = self.seats[seat];
        *self.behind(before) = behind;
        *self.before(behind) = before;
    }

    /// What a seat was told, if it was; else `waker` is woken when it is. The waker that this replaces is to be dropped
    /// without the lock.
    pub(crate) fn told_or_renew(&mut self, seat: usize, waker: &Waker) -> (Option<usize>, Option<Waker>) {
        match &mut self.seats[seat].state {
            State::Told(word) => (Some(*word), None),
            State::Waits(own) if own.will_wake(waker) => (None, None),
            State::Waits(own) => (None, Some(std::mem::replace(own, waker.clone()))),
        }
    }

    /// Gives the seat up.
    pub(crate) fn leave(&mut self, seat: usize) -> Left {
        if matches!(self.seats[seat].state, State::Waits(_)) {
            self.unlink(seat);
        }
        match self.seats.remove(seat).state {
            State::Waits(waker) => Left::Untold { _waker: waker },
            State::Told(word) => Left::Told(word),
        }
    }

    /// Tells the first in the line, if there is one.
    pub(crate) fn tell_first(&mut self, word: usize) -> Option<Waker> {
        if self.first == NONE {
            return None;
        }
        let seat = self.first;
        self.unlink(seat);
        match std::mem::replace(&mut self.seats[seat].state, State::Told(word)) {
            State::Waits(waker) => Some(waker),
            State::Told(_) => unreachable!("who was told is not in the line"),
        }
    }

    /// Tells all in the line; `word` is asked with their places in it, from 0.
    pub(crate) fn tell_all(&mut self, word: impl Fn(usize) -> usize) -> Vec<Waker> {
        (0..).map_while(|place| self.tell_first(word(place))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside a model: those who wait, in order, and those who were told.
        #[test]
        fn the_first_is_told_and_who_leaves_knows(calls in vec((0..4_u8, any::<prop::sample::Index>()), 0..200)) {
            let (mut line, mut waits, mut told) = (Line::new(), VecDeque::new(), Vec::new());
            for (number, (call, index)) in calls.into_iter().enumerate() {
                match call {
                    0 => waits.push_back(line.enter(Waker::noop().clone())),
                    1 => {
                        prop_assert_eq!(line.tell_first(number).is_some(), !waits.is_empty());
                        told.extend(waits.pop_front().map(|seat| (seat, number)));
                    }
                    2 if !waits.is_empty() => {
                        let seat = waits.remove(index.index(waits.len())).expect("it is in bounds");
                        let untold = matches!(line.leave(seat), Left::Untold { .. });
                        prop_assert!(untold);
                    }
                    3 if !told.is_empty() => {
                        let (seat, word) = told.swap_remove(index.index(told.len()));
                        prop_assert_eq!(line.told_or_renew(seat, Waker::noop()).0, Some(word));
                        let heard = matches!(line.leave(seat), Left::Told(left) if left == word);
                        prop_assert!(heard);
                    }
                    _ => {}
                }
                prop_assert_eq!(line.first == NONE, waits.is_empty());
                prop_assert_eq!(line.seats.len(), waits.len() + told.len());
            }
            prop_assert_eq!(line.tell_all(|place| place).len(), waits.len());
            for (place, seat) in waits.into_iter().enumerate() {
                let heard = matches!(line.leave(seat), Left::Told(word) if word == place);
                prop_assert!(heard);
            }
        }
    }
}
