//! What is known about a thread.

use std::cell::{Cell, OnceCell};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::resource::Resource;
use crate::deadlock::{Claim, Mode};

/// A thread that has used a lock of this crate.
pub(super) struct ThreadRecord {
    pub(super) id: u64,
    pub(super) name: String,
    /// Changed by the thread itself, read by those that explain.
    pub(super) holds: Mutex<Vec<Held>>,
    /// How many waits lie on its stack; changed by the thread itself.
    waits: AtomicUsize,
}

// No code of a user runs under its lock.
impl UnwindSafe for ThreadRecord {}
impl RefUnwindSafe for ThreadRecord {}

/// A lock that a thread holds.
pub(super) struct Held {
    pub(super) resource: Arc<Resource>,
    pub(super) mode: Mode,
    /// Where it was taken first.
    pub(super) at: &'static Location<'static>,
    /// How many guards there are.
    pub(super) count: usize,
}

/// How many orders of locks a thread remembers to have reported to the graph; more cost only time.
const REMEMBERED: usize = 256;

thread_local! {
    static HERE: OnceCell<Arc<ThreadRecord>> = const { OnceCell::new() };
    static EXPLAINING: Cell<bool> = const { Cell::new(false) };
    static KNOWN_ORDERS: [Cell<u64>; REMEMBERED] = const { [const { Cell::new(0) }; REMEMBERED] };
}

/// This thread's record; `None` while the thread ends and its variables are gone.
pub(super) fn here() -> Option<Arc<ThreadRecord>> {
    HERE.try_with(|here| Arc::clone(here.get_or_init(ThreadRecord::new))).ok()
}

/// Runs `f` without looking into what it does: a handler of reports.
pub(super) fn unwatched(f: impl FnOnce()) {
    if !EXPLAINING.replace(true) {
        f();
        EXPLAINING.set(false);
    }
}

pub(super) fn is_unwatched() -> bool {
    EXPLAINING.try_with(Cell::get).unwrap_or(true)
}

/// Whether this thread has not told the graph of this order yet; from now on it has.
pub(super) fn is_new_order(order: &impl Hash) -> bool {
    let print = print(order).max(1);
    let place = print as usize % REMEMBERED;
    KNOWN_ORDERS.try_with(|known| known[place].replace(print) != print).unwrap_or(false)
}

/// A number that is hardly ever the same for two values.
pub(super) fn print(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl ThreadRecord {
    fn new() -> Arc<Self> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        super::tasks::observe();
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let name = std::thread::current().name().map_or_else(|| format!("thread #{id}"), str::to_owned);
        Arc::new(Self { id, name, holds: Mutex::new(Vec::new()), waits: AtomicUsize::new(0) })
    }

    pub(super) fn waits(&self) -> usize {
        self.waits.load(Ordering::Relaxed)
    }

    pub(super) fn set_waits(&self, waits: usize) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// Writes down that the thread has got the lock.
    pub(super) fn hold(&self, resource: &Arc<Resource>, mode: Mode, at: &'static Location<'static>) {
        let mut holds = self.holds.lock();
        match holds.iter_mut().find(|held| held.is(resource, mode, at)) {
            Some(held) => held.count += 1,
            None => holds.push(Held { resource: Arc::clone(resource), mode, at, count: 1 }),
        }
    }

    /// Strikes out one of the times that the thread has the lock in this mode, and says where it took it first.
    pub(super) fn release(
        &self,
        resource: &Resource,
        mode: Mode,
        at: &'static Location<'static>,
    ) -> Option<&'static Location<'static>> {
        let mut holds = self.holds.lock();
        // The latest first: most guards are dropped in the reverse order.
        let place = holds.iter().rposition(|held| held.is(resource, mode, at))?;
        let held = &mut holds[place];
        held.count -= 1;
        let at = held.at;
        if held.count == 0 {
            holds.remove(place);
        }
        Some(at)
    }

    pub(super) fn holds_nothing(&self) -> bool {
        self.holds.lock().is_empty()
    }

    /// All that it holds, in words.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let holds = self.holds.lock();
        holds.iter().map(|held| Claim { resource: held.resource.words(held.mode), at: held.at }).collect()
    }
}

impl Held {
    /// The permits of a semaphore are told apart by the lines that took them; the guards of a lock are all one hold.
    fn is(&self, resource: &Resource, mode: Mode, at: &'static Location<'static>) -> bool {
        self.resource.id == resource.id && self.mode == mode && (!resource.is_semaphore() || self.at == at)
    }
}
