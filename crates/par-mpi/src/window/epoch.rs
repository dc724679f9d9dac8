//! Between which accesses are allowed.

use par_core::comm::op::Builtin;
use par_core::comm::{CommError, Datum, Rank};

use super::Window;
use crate::native::window::{Slot, Update};
use crate::world::is_unwinding;

/// Whom an epoch excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Only exclusive ones; accesses of several ranks to the same elements are safe if they combine.
    Shared,
    /// All others with the same rank.
    Exclusive,
}

/// An epoch of all ranks; see [`Window::fenced`].
///
/// Accesses begin here and are done at its end; those of several ranks to the same elements are safe if they combine.
#[derive(Debug)]
pub struct Epoch<'w, T: Datum> {
    window: &'w Window<T>,
    given: Vec<Slot<T>>,
    got: Vec<Slot<T>>,
}

impl<'w, T: Datum> Epoch<'w, T> {
    pub(super) fn new(window: &'w Window<T>) -> Self {
        Self { window, given: Vec::new(), got: Vec::new() }
    }

    pub(super) fn into_slots(self) -> (Vec<Slot<T>>, Vec<Slot<T>>) {
        (self.given, self.got)
    }

    /// Writes `data` to `rank`'s elements from `offset` on.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn put(&mut self, data: &[T], rank: Rank, offset: usize) -> Result<(), CommError> {
        self.window.check(rank, offset, data.len())?;
        let mut slot = Slot::new(data.to_vec());
        self.window.memory.with(|window| window.begin_put(&mut slot, rank, offset))?;
        self.given.push(slot);
        Ok(())
    }

    /// Reads `count` of `rank`'s elements from `offset` on; [`Window::fenced`] yields them.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn get(&mut self, rank: Rank, offset: usize, count: usize) -> Result<(), CommError> {
        self.window.check(rank, offset, count)?;
        let mut slot = Slot::new(vec![T::zeroed(); count]);
        self.window.memory.with(|window| window.begin_get(&mut slot, rank, offset))?;
        self.got.push(slot);
        Ok(())
    }

    /// Combines `data` with `rank`'s elements from `offset` on, each element at once.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window, [`CommError::Unsupported`] for what is no number.
    pub fn accumulate(
        &mut self,
        data: &[T],
        rank: Rank,
        offset: usize,
        op: Builtin,
    ) -> Result<(), CommError> {
        self.window.check(rank, offset, data.len())?;
        let mut slot = Slot::new(data.to_vec());
        let update = Update::With(op);
        self.window.memory.with(|window| window.begin_accumulate(&mut slot, rank, offset, update))?;
        self.given.push(slot);
        Ok(())
    }
}

/// An epoch of this rank with another; it ends when this is dropped.
///
/// Every access is done, here and there, when it returns.
#[derive(Debug)]
#[must_use = "the epoch ends when this is dropped"]
pub struct Locked<'w, T: Datum> {
    pub(super) window: &'w Window<T>,
    pub(super) rank: Rank,
}

/// An epoch of this rank with all; it ends when this is dropped.
///
/// Every access is done, here and there, when it returns.
#[derive(Debug)]
#[must_use = "the epoch ends when this is dropped"]
pub struct LockedAll<'w, T: Datum> {
    pub(super) window: &'w Window<T>,
}

impl<T: Datum> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        if !is_unwinding() {
            // Nobody is left to be told; the next access says it.
            self.window.memory.with(|window| window.unlock(self.rank)).ok();
        }
        self.window.open.borrow_mut().ranks.remove(&self.rank);
    }
}

impl<T: Datum> Drop for LockedAll<'_, T> {
    fn drop(&mut self) {
        if !is_unwinding() {
            self.window.memory.with(crate::native::window::Window::unlock_all).ok();
        }
        self.window.open.borrow_mut().all = false;
    }
}

impl<T: Datum> Locked<'_, T> {
    /// Writes `data` to the rank's elements from `offset` on.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn put(&self, data: &[T], offset: usize) -> Result<(), CommError> {
        self.window.put(data, self.rank, offset)
    }

    /// Reads the rank's elements from `offset` on.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn get(&self, into: &mut [T], offset: usize) -> Result<(), CommError> {
        self.window.get(into, self.rank, offset)
    }

    /// Combines `data` with the rank's elements from `offset` on, each element at once.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window, [`CommError::Unsupported`] for what is no number.
    pub fn accumulate(&self, data: &[T], offset: usize, op: Builtin) -> Result<(), CommError> {
        self.window.accumulate(data, self.rank, offset, op)
    }

    /// Combines an element with the rank's, at once; what it was before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn fetch_and_op(&self, value: T, offset: usize, op: Builtin) -> Result<T, CommError> {
        self.window.fetch_and_op(value, self.rank, offset, Update::With(op))
    }

    /// Makes the rank's element `new` if it is `expected`, at once; what it was before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn compare_and_swap(&self, expected: T, new: T, offset: usize) -> Result<T, CommError> {
        self.window.compare_and_swap(expected, new, self.rank, offset)
    }
}

impl<T: Datum> LockedAll<'_, T> {
    /// Writes `data` to `rank`'s elements from `offset` on.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn put(&self, data: &[T], rank: Rank, offset: usize) -> Result<(), CommError> {
        self.window.put(data, rank, offset)
    }

    /// Reads `rank`'s elements from `offset` on.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window.
    pub fn get(&self, into: &mut [T], rank: Rank, offset: usize) -> Result<(), CommError> {
        self.window.get(into, rank, offset)
    }

    /// Combines `data` with `rank`'s elements from `offset` on, each element at once.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when they are not inside the window, [`CommError::Unsupported`] for what is no number.
    pub fn accumulate(&self, data: &[T], rank: Rank, offset: usize, op: Builtin) -> Result<(), CommError> {
        self.window.accumulate(data, rank, offset, op)
    }

    /// As [`accumulate`](Self::accumulate); what the elements were before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn get_accumulate(
        &self,
        data: &[T],
        rank: Rank,
        offset: usize,
        op: Builtin,
    ) -> Result<Vec<T>, CommError> {
        self.window.get_accumulate(data, rank, offset, Update::With(op))
    }

    /// Combines an element with `rank`'s, at once; what it was before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn fetch_and_op(&self, value: T, rank: Rank, offset: usize, op: Builtin) -> Result<T, CommError> {
        self.window.fetch_and_op(value, rank, offset, Update::With(op))
    }

    /// Makes `rank`'s element `new`, at once; what it was before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn swap(&self, new: T, rank: Rank, offset: usize) -> Result<T, CommError> {
        self.window.fetch_and_op(new, rank, offset, Update::Replace)
    }

    /// `rank`'s element, read at once, also while others combine with it.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn fetch(&self, rank: Rank, offset: usize) -> Result<T, CommError> {
        self.window.fetch_and_op(T::zeroed(), rank, offset, Update::Leave)
    }

    /// Makes `rank`'s element `new` if it is `expected`, at once; what it was before.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn compare_and_swap(&self, expected: T, new: T, rank: Rank, offset: usize) -> Result<T, CommError> {
        self.window.compare_and_swap(expected, new, rank, offset)
    }
}

/// Accesses inside an epoch of one kind or the other, with their ranges checked.
impl<T: Datum> Window<T> {
    fn put(&self, data: &[T], rank: Rank, offset: usize) -> Result<(), CommError> {
        self.check(rank, offset, data.len())?;
        self.memory.with(|window| window.put(data, rank, offset))
    }

    fn get(&self, into: &mut [T], rank: Rank, offset: usize) -> Result<(), CommError> {
        self.check(rank, offset, into.len())?;
        self.memory.with(|window| window.get(into, rank, offset))
    }

    fn accumulate(&self, data: &[T], rank: Rank, offset: usize, op: Builtin) -> Result<(), CommError> {
        self.check(rank, offset, data.len())?;
        self.memory.with(|window| window.accumulate(data, rank, offset, Update::With(op)))
    }

    fn get_accumulate(
        &self,
        data: &[T],
        rank: Rank,
        offset: usize,
        update: Update,
    ) -> Result<Vec<T>, CommError> {
        self.check(rank, offset, data.len())?;
        let mut before = vec![T::zeroed(); data.len()];
        self.memory.with(|window| window.get_accumulate(data, &mut before, rank, offset, update))?;
        Ok(before)
    }

    fn fetch_and_op(&self, value: T, rank: Rank, offset: usize, update: Update) -> Result<T, CommError> {
        self.check(rank, offset, 1)?;
        self.memory.with(|window| window.fetch_and_op(value, rank, offset, update))
    }

    fn compare_and_swap(&self, expected: T, new: T, rank: Rank, offset: usize) -> Result<T, CommError> {
        self.check(rank, offset, 1)?;
        self.memory.with(|window| window.compare_and_swap(expected, new, rank, offset))
    }
}
