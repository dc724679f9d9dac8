//! What is known about a lock, or about something else that threads wait for.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::order;
use super::thread::ThreadRecord;
use super::waits::Above;
use crate::deadlock::{Kind, Mode};

/// A lock, a semaphore or the like that has been used.
pub(super) struct Resource {
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// Whether the graph of orders knows it.
    pub(super) ordered: AtomicBool,
    /// Whether permits were ever given back by hand, so that anybody may bring one.
    mobile: AtomicBool,
    state: Mutex<State>,
}

// No code of a user runs under its lock.
impl UnwindSafe for Resource {}
impl RefUnwindSafe for Resource {}

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
        let (ordered, mobile) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { id: next_id(), kind, ordered, mobile, state: Mutex::default() })
    }

    pub(super) fn is_semaphore(&self) -> bool {
        matches!(self.kind, Kind::Semaphore { .. })
    }

    /// Whether who has it keeps others out: a lock, or the only permit that there is.
    pub(super) fn locks(&self) -> bool {
        !matches!(self.kind, Kind::Semaphore { permits } if permits != 1 || self.is_mobile())
    }

    /// From now on anybody may bring permits.
    pub(super) fn set_mobile(&self) {
        self.mobile.store(true, Ordering::SeqCst);
    }

    fn is_mobile(&self) -> bool {
        self.mobile.load(Ordering::SeqCst)
    }

    pub(super) fn words(&self, mode: Mode) -> String {
        words(self.kind, self.id, mode)
    }

    /// A thread has got it, above so many of its waits.
    pub(super) fn hold(&self, thread: &Arc<ThreadRecord>, mode: Mode, above: usize) {
        let since = if shares(mode) { now() } else { 0 };
        let each = self.is_semaphore();
        let mut state = self.state.lock();
        if let Some(holder) = state.holders.iter_mut().find(|holder| holder.is(thread, mode, above, each)) {
            holder.count += 1;
        } else {
            state.holders.push(Holder { thread: Arc::clone(thread), mode, above, since, count: 1 });
        }
    }

    pub(super) fn release(&self, thread: &ThreadRecord, mode: Mode, above: usize) {
        let each = self.is_semaphore();
        let mut state = self.state.lock();
        let Some(place) = state.holders.iter().rposition(|holder| holder.is(thread, mode, above, each))
        else {
            return;
        };
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
        state.holders.iter().filter(blocks).map(Holder::place).collect()
    }

    /// Who holds the permits, if every one that exists is held by somebody who is known; else nobody.
    pub(super) fn all_permits(&self) -> Vec<Above> {
        let state = self.state.lock();
        let held: usize = state.holders.iter().map(|holder| holder.count).sum();
        if self.is_mobile() || self.kind != (Kind::Semaphore { permits: held }) {
            return Vec::new();
        }
        state.holders.iter().map(Holder::place).collect()
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
    /// A lock is held until the last of a thread's guards is gone, but `each` permit on its own.
    fn is(&self, thread: &ThreadRecord, mode: Mode, above: usize, each: bool) -> bool {
        self.thread.id == thread.id && self.mode == mode && (!each || self.above == above)
    }

    fn place(&self) -> Above {
        Above { thread: Arc::clone(&self.thread), waits: self.above }
    }
}

/// The number of whatever is used for the first time.
pub(super) fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(1);
    IDS.fetch_add(1, Ordering::Relaxed)
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
        Kind::Semaphore { .. } => format!("semaphore #{id}"),
        Kind::Event => format!("event #{id}"),
        Kind::Latch => format!("latch #{id}"),
        Kind::Queue => format!("queue #{id}"),
        Kind::Condvar => format!("condvar #{id}"),
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
