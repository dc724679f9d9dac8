//! A heap that a panicking comparison cannot harm.

use std::cell::Cell;
use std::mem;

use super::Store;

/// A binary heap: the smallest priority first, and among equal ones the oldest.
///
/// Adding and removing first *look* where something belongs, by comparing, and then *move* it, which compares nothing.
/// So a comparison that panics has changed nothing, and one that contradicts itself costs the order and no item.
/// Places count from 1: the parent of `n` is `n / 2`, and every ancestor of it is `n` shifted to the right.
#[derive(Debug)]
pub struct Heap<P, T> {
    entries: Vec<Entry<P, T>>,
    /// How many items were ever added; so every entry has a number of its own.
    added: u64,
}

#[derive(Debug)]
struct Entry<P, T> {
    item: (P, T),
    number: u64,
}

impl<P, T> Heap<P, T> {
    /// An empty heap, which allocates nothing.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), added: 0 }
    }
}

impl<P, T> Default for Heap<P, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Ord, T> Heap<P, T> {
    fn is_before(&self, place: usize, other: usize) -> bool {
        let (one, other) = (&self.entries[place - 1], &self.entries[other - 1]);
        one.item.0.cmp(&other.item.0).then_with(|| one.number.cmp(&other.number)).is_lt()
    }

    /// Where the last entry belongs when it replaces the first one.
    ///
    /// It was at the bottom and mostly belongs there: so this goes down to the bottom past the smaller children, with
    /// one comparison per level instead of two, and then up again, which seldom takes more than one.
    fn place_of_last(&self) -> usize {
        let last = self.entries.len();
        let mut place = 1;
        // The last one leaves its place.
        while 2 * place + 1 < last {
            place = 2 * place + usize::from(self.is_before(2 * place + 1, 2 * place));
        }
        if 2 * place < last {
            place *= 2;
        }
        while place > 1 && self.is_before(last, place) {
            place /= 2;
        }
        place
    }
}

impl<P: Ord, T> Store for Heap<P, T> {
    type Item = (P, T);

    fn check() {
        assert!(!COMPARING.get(), "a comparison of priorities used a priority queue, which would deadlock");
    }

    fn place(&self, (priority, _): &(P, T)) -> usize {
        let _comparing = Comparing::begin();
        let mut place = self.entries.len() + 1;
        // The newest one goes before those that are greater, and never before its equals.
        while place > 1 && priority.cmp(&self.entries[place / 2 - 1].item.0).is_lt() {
            place /= 2;
        }
        place
    }

    fn push(&mut self, place: usize, item: (P, T)) {
        let bottom = self.entries.len() + 1;
        // What it displaces moves down, one place each.
        let mut carried = Entry { item, number: self.added };
        for depth in (1..=bottom.ilog2() - place.ilog2()).rev() {
            carried = mem::replace(&mut self.entries[(bottom >> depth) - 1], carried);
        }
        self.entries.push(carried);
        self.added += 1;
    }

    fn pop(&mut self) -> Option<(P, T)> {
        if self.entries.is_empty() {
            return None;
        }
        let mut place = {
            let _comparing = Comparing::begin();
            self.place_of_last()
        };
        let mut carried = self.entries.pop()?;
        // What it displaces moves up, and what is at the top moves out.
        while place > 0 && !self.entries.is_empty() {
            carried = mem::replace(&mut self.entries[place - 1], carried);
            place /= 2;
        }
        Some(carried.item)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

thread_local! {
    /// Whether this thread compares priorities, while it holds the lock of their queue.
    static COMPARING: Cell<bool> = const { Cell::new(false) };
}

struct Comparing;

impl Comparing {
    fn begin() -> Self {
        COMPARING.set(true);
        Self
    }
}

impl Drop for Comparing {
    fn drop(&mut self) {
        COMPARING.set(false);
    }
}
