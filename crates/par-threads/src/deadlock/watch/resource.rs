//! What is known about a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::order;
use super::thread::ThreadRecord;
use super::waits::Above;
use crate::deadlock::{Kind, Mode};

/// A lock that has been used.
pub(super) struct Resource {
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// Whether the graph of orders knows it.
    pub(super) ordered: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    holders: Vec<Holder>,
    /// Writers with a timeout that are about.
    timed: usize,
    /// How many of those there have ever been.
    timed_ever: u64,
}

struct Holder {
    thread: Arc<ThreadRecord>,
    mode: Mode,
    /// How many of the thread's waits lie below it.
    above: usize,
    /// When it came, beside others and beside slices of readers that wait.
    since: u64,
    count: usize,
}

/// The next moment: holds of readers, and slices of waiting readers, are put in order by it.
fn now() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(1);
    NOW.fetch_add(1, Ordering::SeqCst)
}

/// The beginning of a slice in which a reader waits.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    begun: u64,
    timed_ever: u64,
}

impl Resource {
    pub(super) fn new(kind: Kind) -> Arc<Self> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, kind, ordered: AtomicBool::new(false), state: Mutex::default() })
    }

    pub(super) fn words(&self, mode: Mode) -> String {
        words(self.kind, self.id, mode)
    }

    pub(super) fn hold(&self, thread: &Arc<ThreadRecord>, mode: Mode) {
        let since = if shares(mode) { now() } else { 0 };
        let mut state = self.state.lock();
        if let Some(holder) = state.holders.iter_mut().find(|holder| holder.is(thread, mode)) {
            holder.count += 1;
        } else {
            let (thread, above) = (Arc::clone(thread), thread.waits());
            state.holders.push(Holder { thread, mode, above, since, count: 1 });
        }
    }

    pub(super) fn release(&self, thread: &ThreadRecord, mode: Mode) {
        let mut state = self.state.lock();
        let Some(place) = state.holders.iter().rposition(|holder| holder.is(thread, mode)) else { return };
        state.holders[place].count -= 1;
        if state.holders[place].count == 0 {
            state.holders.swap_remove(place);
        }
    }

    /// The holds that somebody waits for who wants the lock in this mode, and is known to stand behind a writer since
    /// before the slice that began at `behind`.
    pub(super) fn in_the_way(&self, mode: Mode, behind: Option<u64>) -> Vec<Above> {
        let state = self.state.lock();
        let blocks = |holder: &&Holder| {
            conflict(mode, holder.mode) || behind.is_some_and(|behind| holder.since < behind)
        };
        let above = |holder: &Holder| Above { thread: Arc::clone(&holder.thread), waits: holder.above };
        state.holders.iter().filter(blocks).map(above).collect()
    }

    /// Begins a slice of a reader's wait.
    pub(super) fn begin_slice(&self) -> Slice {
        let timed_ever = self.state.lock().timed_ever;
        Slice { begun: now(), timed_ever }
    }

    /// The beginning of the slice, if whoever kept the reader out until its end is a writer without a timeout.
    pub(super) fn end_slice(&self, slice: Slice) -> Option<u64> {
        let state = self.state.lock();
        (state.timed == 0 && state.timed_ever == slice.timed_ever).then_some(slice.begun)
    }

    /// Runs `attempt`, which may keep readers out for a while and then give up.
    pub(super) fn timed<R>(&self, attempt: impl FnOnce() -> R) -> R {
        {
            let mut state = self.state.lock();
            state.timed += 1;
            state.timed_ever += 1;
        }
        let result = attempt();
        self.state.lock().timed -= 1;
        result
    }
}

impl Drop for Resource {
    fn drop(&mut self) {
        if *self.ordered.get_mut() {
            order::forget(self.id);
        }
    }
}

impl Holder {
    fn is(&self, thread: &ThreadRecord, mode: Mode) -> bool {
        self.thread.id == thread.id && self.mode == mode
    }
}

/// What a lock is called.
pub(super) fn words(kind: Kind, id: u64, mode: Mode) -> String {
    match kind {
        Kind::Mutex => format!("mutex #{id}"),
        Kind::ReentrantMutex => format!("reentrant mutex #{id}"),
        Kind::RwLock => {
            let mode = match mode {
                Mode::Exclusive | Mode::Reentrant => "write",
                Mode::Read => "read",
                Mode::Upgradable => "upgradable read",
                Mode::Upgrade => "upgrade",
            };
            format!("rwlock #{id} ({mode})")
        }
    }
}

fn shares(mode: Mode) -> bool {
    matches!(mode, Mode::Read | Mode::Upgradable)
}

/// Whether a thread that wants a lock in one mode waits until another, which has it in the other mode, gives it back.
pub(super) fn conflict(wanted: Mode, held: Mode) -> bool {
    match wanted {
        Mode::Exclusive | Mode::Reentrant => true,
        Mode::Read => !shares(held),
        Mode::Upgradable => held != Mode::Read,
        // The one who has it upgradable is who upgrades.
        Mode::Upgrade => held == Mode::Read,
    }
}
