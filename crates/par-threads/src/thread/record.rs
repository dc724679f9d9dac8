//! What is known about a thread, while it lives and after.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use par_core::Cancellation;

use super::flag::Flag;
use crate::deadlock::ThreadMark;

/// The identifier of a thread: unique in the process, and never used again, unlike Python's and the system's.
///
/// The main thread's is 1; the others are in the order in which they were started, or first seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU64);

impl ThreadId {
    pub(super) const MAIN: Self = Self(NonZeroU64::MIN);
    pub(super) const LAST: Self = Self(NonZeroU64::MAX);

    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(2);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(NonZeroU64::new(id).expect("2^64 threads are more than a process can start"))
    }

    /// The identifier as a number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadId({})", self.0)
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who started a thread, and so who ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The operating system, with the process.
    Main,
    /// This module.
    Started,
    /// A pool of this crate, which also waits for it.
    Worker,
    /// Somebody else: `std`, or a library.
    Foreign,
}

/// A thread, as others see it; clones are the same thread, and it may have ended.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let handle = thread::Builder::new().name("worker").spawn(|| thread::current())?;
/// let seen = handle.thread().clone();
/// let itself = handle.join()?;
/// assert_eq!(seen, itself);
/// assert_eq!(seen.name(), "worker");
/// assert!(!seen.is_alive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Thread {
    record: Arc<Record>,
}

struct Record {
    id: ThreadId,
    name: Box<str>,
    kind: Kind,
    daemon: bool,
    /// Known when the thread has begun; `None` in it where there is no such thing, or the thread never began.
    native_id: OnceLock<Option<u64>>,
    cancellation: Cancellation,
    ended: Flag,
    mark: ThreadMark,
}

impl Thread {
    pub(super) fn new(
        id: ThreadId,
        kind: Kind,
        name: impl Into<Box<str>>,
        daemon: bool,
        cancellation: Cancellation,
    ) -> Self {
        let name: Box<str> = name.into();
        let (native_id, ended, mark) = (OnceLock::new(), Flag::new(), ThreadMark::new(&name));
        Self { record: Arc::new(Record { id, name, kind, daemon, native_id, cancellation, ended, mark }) }
    }

    /// The thread's name; the operating system shows as much of it as it can, Linux the first 15 bytes.
    ///
    /// A thread that was not given one is called `thread-1`, `thread-2` and so on.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The thread's identifier, which no other thread of this process ever has.
    pub fn id(&self) -> ThreadId {
        self.record.id
    }

    /// The operating system's identifier of the thread, as in `top -H` and `/proc/PID/task`.
    ///
    /// On Linux this is the `tid`, which the system uses again after the thread's end; elsewhere it is `None`, because
    /// what those systems have cannot be had without unsafe code.
    ///
    /// # Blocking
    /// Until the thread has begun, which one that was just spawned does at once.
    pub fn native_id(&self) -> Option<u64> {
        *self.record.native_id.wait()
    }

    /// Whether the thread was started and has not ended.
    pub fn is_alive(&self) -> bool {
        !self.record.ended.is_set()
    }

    /// Whether the end of the process does not wait for the thread: see [`join_all`](super::join_all).
    ///
    /// Workers of pools and foreign threads are daemons, because others answer for their end.
    pub fn is_daemon(&self) -> bool {
        self.record.daemon
    }

    /// Whether this is the thread that `main` runs on.
    pub fn is_main(&self) -> bool {
        self.record.kind == Kind::Main
    }

    /// Whether neither this crate nor the start of the process started the thread, but `std` or a library.
    ///
    /// Such a thread is known from the moment at which it first asks for something of this module.
    pub fn is_foreign(&self) -> bool {
        self.record.kind == Kind::Foreign
    }

    /// Asks the thread to stop: [`cancelled`](super::cancelled) becomes `true` on it, and a
    /// [`sleep`](super::sleep) of it ends.
    ///
    /// Only this thread is asked, not the others whose builder was given the same token.
    pub fn cancel(&self) {
        self.record.cancellation.cancel();
    }

    /// Whether the thread was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.record.cancellation.is_cancelled()
    }

    /// The token that the thread carries, to hand on to tasks and waits which are to end with it.
    pub fn cancellation(&self) -> Cancellation {
        self.record.cancellation.clone()
    }

    pub(super) fn kind(&self) -> Kind {
        self.record.kind
    }

    pub(super) fn set_native_id(&self, id: Option<u64>) {
        // Whoever comes second knows nothing better.
        self.record.native_id.set(id).ok();
    }

    /// What the deadlock explainer knows the thread by.
    pub(super) fn mark(&self) -> &ThreadMark {
        &self.record.mark
    }

    pub(super) fn ended(&self) -> &Flag {
        &self.record.ended
    }
}

impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Thread {}

impl Hash for Thread {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id().get())
            .field("name", &self.name())
            .field("kind", &self.kind())
            .field("daemon", &self.is_daemon())
            .field("alive", &self.is_alive())
            .finish()
    }
}
