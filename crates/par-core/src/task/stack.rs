//! Which tasks lie on which thread's stack, and which waits can therefore never end.
//!
//! A worker that waits runs other tasks on top of the one that waits. The ones below go on only when those on top have
//! returned, so a task on top must not wait for one below: that is an error at once ([`is_below`]). Nor may two workers
//! each wait, on top, for what lies below at the other; nobody notices that by himself, so a wait without an end that
//! has lasted for [`PATIENCE`] enters a list in which such a circle is seen by whoever closes it ([`Waiting`]).
//!
//! Waits with a timeout or a deadline end by themselves and are no part of this; nor are waits for one of several
//! handles, except for the error at once.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Control, Controlled};

/// So long a wait may last before it is looked into; most are over by then, and pay nothing.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);

/// A thread, and how many tasks were on its stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    thread: u64,
    depth: u64,
}

const NOWHERE: Place = Place { thread: 0, depth: 0 };

#[cfg(not(loom))]
thread_local! {
    /// This thread, if it has a number, and how many tasks are on its stack.
    static HERE: Cell<Place> = const { Cell::new(NOWHERE) };
}

// The threads of a model share one real thread.
#[cfg(loom)]
loom::thread_local! {
    static HERE: Cell<Place> = Cell::new(NOWHERE);
}

fn here() -> Place {
    HERE.with(Cell::get)
}

/// Where a task is: 0, or its thread's number and its depth in one word.
#[derive(Debug, Default)]
pub(super) struct Location(AtomicU64);

const DEPTH_BITS: u32 = 20;
const DEEPEST: u64 = (1 << DEPTH_BITS) - 1;

impl Location {
    fn get(&self) -> Option<Place> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            word => Some(Place { thread: word >> DEPTH_BITS, depth: word & DEEPEST }),
        }
    }
}

/// Puts a task, or its callbacks, on top of this thread's stack, until [`pop`] is given the place that this yields.
pub(crate) fn push(control: &Control) -> Below {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    let below = here();
    let thread = if below.thread == 0 { THREADS.fetch_add(1, Ordering::Relaxed) } else { below.thread };
    let here = Place { thread, depth: below.depth + 1 };
    HERE.with(|place| place.set(here));
    control.location.0.store(thread << DEPTH_BITS | here.depth.min(DEEPEST), Ordering::Relaxed);
    Below(Place { thread, ..below })
}

/// What was on top before.
#[derive(Debug, Clone, Copy)]
#[must_use = "it goes back with `pop`"]
pub(crate) struct Below(Place);

/// Takes a task off this thread's stack.
pub(crate) fn pop(control: &Control, below: Below) {
    control.location.0.store(0, Ordering::Relaxed);
    HERE.with(|place| place.set(below.0));
}

/// Whether a task lies on this thread's stack: then whatever is asked for now is on top of it.
pub(crate) fn is_below(control: &Control) -> bool {
    let here = here();
    here.depth > 0 && control.location.get().is_some_and(|place| place.thread == here.thread)
}

/// A wait without an end, in the list of those that have lasted for a while.
#[derive(Debug)]
pub(crate) struct Waiting {
    number: u64,
}

struct Entry {
    number: u64,
    from: Place,
    on: Arc<dyn Controlled>,
}

static WAITS: Mutex<(u64, Vec<Entry>)> = Mutex::new((0, Vec::new()));

fn waits() -> MutexGuard<'static, (u64, Vec<Entry>)> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    /// Enters the wait of this thread's topmost task for `on`; `None`: it would close a circle and never end.
    pub(crate) fn begin(on: Arc<dyn Controlled>) -> Option<Self> {
        let from = here();
        let mut waits = waits();
        let (number, entries) = &mut *waits;
        if closes_circle(entries, &*on, from.thread) {
            return None;
        }
        *number += 1;
        entries.push(Entry { number: *number, from, on });
        Some(Self { number: *number })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waits = waits();
        let place = waits.1.iter().position(|entry| entry.number == self.number);
        let entry = place.map(|place| waits.1.swap_remove(place));
        drop(waits);
        // It may be the last owner of an outcome, whose destructor is the user's.
        drop(entry);
    }
}

/// Whether `on` cannot end before something on top of `thread`'s stack does.
fn closes_circle(entries: &[Entry], on: &dyn Controlled, thread: u64) -> bool {
    let mut seen = vec![false; entries.len()];
    let mut todo: Vec<Place> = on.control().location.get().into_iter().collect();
    while let Some(place) = todo.pop() {
        if place.thread == thread {
            return true;
        }
        // A task ends after every wait that it or a task on top of it has begun.
        for (entry, seen) in entries.iter().zip(&mut seen) {
            let holds_up = entry.from.thread == place.thread && entry.from.depth >= place.depth;
            if holds_up && !std::mem::replace(seen, true) {
                todo.extend(entry.on.control().location.get());
            }
        }
    }
    false
}
