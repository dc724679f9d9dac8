//! Which threads there are, and which one runs here.
//!
//! A thread of ours is listed from before its start until after its closure is dropped; a worker while its guard lives;
//! a foreign thread from the first time it asks until its thread-locals are dropped; the main thread always.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::thread as os;
use std::time::Instant;

use par_core::Cancellation;
use parking_lot::{Condvar, Mutex};

use super::record::Kind;
use super::{Thread, ThreadId};
use crate::deadlock::ThreadMark;

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { threads: BTreeMap::new(), waiting: BTreeSet::new() });

/// Told when a thread has left the registry, or has begun to wait for the others.
static CHANGED: Condvar = Condvar::new();

struct Registry {
    /// All but the main thread, in the order in which they came.
    threads: BTreeMap<ThreadId, Thread>,
    /// Threads that wait for all others; they do not wait for each other.
    waiting: BTreeSet<ThreadId>,
}

thread_local! {
    static CURRENT: RefCell<Option<Seat>> = const { RefCell::new(None) };
}

/// The thread that this is called on; works on every thread.
///
/// A thread that `std` or a library has started becomes known by this: alive, a daemon, and
/// [foreign](Thread::is_foreign); it is forgotten when it ends.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let name = thread::Builder::new().name("one").spawn(|| thread::current().name().to_owned())?.join()?;
/// assert_eq!(name, "one");
///
/// let foreign = std::thread::spawn(|| thread::current()).join().expect("it does not panic");
/// assert!(foreign.is_foreign() && !foreign.is_alive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn current() -> Thread {
    with_current(Thread::clone)
}

/// Shows the calling thread to `look`, which asks nothing of this module.
pub(super) fn with_current<R>(look: impl Fn(&Thread) -> R) -> R {
    let seen = CURRENT.try_with(|seat| look(&seat.borrow_mut().get_or_insert_with(Seat::arrive).thread));
    // A destructor of another thread-local asks, after ours has run: nobody would take it off the list again.
    seen.unwrap_or_else(|_| look(&if is_main() { main_thread() } else { foreign() }))
}

/// The thread that `main` runs on, from whichever thread this is called.
///
/// # Examples
/// ```
/// use par_threads::thread;
/// assert_eq!(thread::main_thread().name(), "main");
/// assert!(thread::spawn(|| !thread::current().is_main()).join()?);
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
pub fn main_thread() -> Thread {
    static MAIN: OnceLock<Thread> = OnceLock::new();
    let main = MAIN.get_or_init(|| {
        let main = Thread::new(ThreadId::MAIN, Kind::Main, "main", false, Cancellation::new());
        main.set_native_id(main_native_id());
        main
    });
    main.clone()
}

/// All threads that are known and alive: the main thread first, then in the order in which they came.
///
/// Foreign threads are among them once they have asked for something of this module.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let handle = thread::Builder::new().name("listed").spawn(|| ())?;
/// let listed = || thread::enumerate().iter().any(|thread| thread.name() == "listed");
/// handle.join()?;
/// assert!(!listed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn enumerate() -> Vec<Thread> {
    let main = main_thread();
    let registry = REGISTRY.lock();
    std::iter::once(main).chain(registry.threads.values().cloned()).collect()
}

/// How many threads are known and alive: the length of [`enumerate`]'s list.
///
/// # Examples
/// ```
/// assert!(par_threads::thread::active_count() >= 1, "there is always the main thread");
/// ```
pub fn active_count() -> usize {
    1 + REGISTRY.lock().threads.len()
}

/// Makes the calling thread known as a worker of a pool, under the name that it was started with, until it ends.
pub(crate) fn register_worker() {
    let name = os::current().name().unwrap_or_default().to_owned();
    Seat::take(Thread::new(ThreadId::next(), Kind::Worker, name, true, Cancellation::new())).occupy();
}

/// A thread's place in the registry; dropping it ends the thread's life there.
#[derive(Clone)]
pub(super) struct Seat {
    thread: Thread,
}

impl Seat {
    /// Puts a thread on the list.
    pub(super) fn take(thread: Thread) -> Self {
        if thread.kind() != Kind::Main {
            REGISTRY.lock().threads.insert(thread.id(), thread.clone());
        }
        Self { thread }
    }

    /// The calling thread, which nobody has announced.
    fn arrive() -> Self {
        Self::take(if is_main() { main_thread() } else { foreign() })
    }

    /// Makes the calling thread the one whose seat this is.
    pub(super) fn occupy(self) {
        self.thread.set_native_id(native_id());
        self.thread.mark().adopt();
        // Stays until the thread-locals are dropped, so that their destructors know where they run.
        CURRENT.with(|seat| seat.replace(Some(self)));
    }

    pub(super) fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Takes the thread off the list and tells its end under one lock: who finds it on the list finds it alive, and who
    /// sees its end does not find it there.
    fn end(&self) {
        let thread = &self.thread;
        if thread.kind() == Kind::Main || !thread.is_alive() {
            return;
        }
        // It may never have begun, and somebody may wait for that.
        thread.set_native_id(None);
        let mut registry = REGISTRY.lock();
        let gone = registry.threads.remove(&thread.id());
        thread.ended().set();
        drop(registry);
        CHANGED.notify_all();
        drop(gone);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.end();
    }
}

fn foreign() -> Thread {
    let id = ThreadId::next();
    let known = os::current();
    let name = known.name().map_or_else(|| format!("foreign-{id}"), str::to_owned);
    let thread = Thread::new(id, Kind::Foreign, name, true, Cancellation::new());
    thread.set_native_id(native_id());
    thread
}

/// Whether the calling thread is a daemon by its creator's choice, which the threads that it starts inherit.
///
/// Nobody chose it for workers of pools and foreign threads; those pass nothing on.
pub(super) fn inherited_daemon() -> bool {
    let inherited = CURRENT.try_with(|seat| {
        seat.borrow()
            .as_ref()
            .is_some_and(|seat| seat.thread.kind() == Kind::Started && seat.thread.is_daemon())
    });
    inherited.unwrap_or(false)
}

/// Whether `thread` is the calling one.
pub(super) fn is_current(thread: &Thread) -> bool {
    CURRENT
        .try_with(|seat| seat.borrow().as_ref().is_some_and(|seat| seat.thread == *thread))
        .unwrap_or(false)
}

/// Waits until every thread of ours that is no daemon has ended, except `waiter` and those who wait here as well;
/// yields those that still run at the deadline.
#[cfg_attr(feature = "deadlock-detection", track_caller)]
pub(super) fn wait_for_others(waiter: ThreadId, deadline: Option<Instant>) -> Vec<Thread> {
    let _waits = WaitsForOthers::begin(waiter);
    let _joining;
    if deadline.is_none() {
        _joining = ThreadMark::joining(move || awaited_by(waiter));
    }
    let mut registry = REGISTRY.lock();
    let running = loop {
        let running: Vec<_> = registry.awaited().cloned().collect();
        if running.is_empty() {
            break running;
        }
        match deadline {
            None => CHANGED.wait(&mut registry),
            Some(deadline) if CHANGED.wait_until(&mut registry, deadline).timed_out() => {
                break registry.awaited().cloned().collect();
            }
            Some(_) => {}
        }
    };
    // Under the same lock: nobody begins meanwhile who would be thought to be waited for.
    registry.waiting.remove(&waiter);
    running
}

/// The threads that this one waits for, if it still waits for all others.
fn awaited_by(waiter: ThreadId) -> Vec<ThreadMark> {
    let registry = REGISTRY.lock();
    if !registry.waiting.contains(&waiter) {
        return Vec::new();
    }
    registry.awaited().map(|thread| thread.mark().clone()).collect()
}

/// That a thread waits for all others, until this is dropped.
struct WaitsForOthers {
    waiter: ThreadId,
}

impl WaitsForOthers {
    fn begin(waiter: ThreadId) -> Self {
        REGISTRY.lock().waiting.insert(waiter);
        // Another one that waits for all others need not wait for this one any more.
        CHANGED.notify_all();
        Self { waiter }
    }
}

impl Drop for WaitsForOthers {
    fn drop(&mut self) {
        REGISTRY.lock().waiting.remove(&self.waiter);
    }
}

impl Registry {
    fn awaited(&self) -> impl Iterator<Item = &Thread> {
        self.threads.values().filter(|thread| {
            thread.kind() == Kind::Started && !thread.is_daemon() && !self.waiting.contains(&thread.id())
        })
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn native_id() -> Option<u64> {
    u64::try_from(rustix::thread::gettid().as_raw_nonzero().get()).ok()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn main_native_id() -> Option<u64> {
    u64::try_from(rustix::process::getpid().as_raw_nonzero().get()).ok()
}

/// Linux gives the first thread the process's own number.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_main() -> bool {
    native_id() == main_native_id()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn native_id() -> Option<u64> {
    None
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn main_native_id() -> Option<u64> {
    None
}

/// `std` names the main thread so; only threads that this crate has not started are asked.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_main() -> bool {
    os::current().name() == Some("main")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_listed_until_it_ends() {
        let worker = os::Builder::new().name("pool-0".to_owned()).spawn(|| {
            let before = current();
            register_worker();
            let me = current();
            assert_eq!((me.name(), me.is_daemon(), me.is_foreign()), ("pool-0", true, false));
            assert!(enumerate().contains(&me) && !enumerate().contains(&before) && !before.is_alive());
            assert!(!inherited_daemon(), "a worker passes nothing on");
            me
        });
        let me = worker.expect("it starts").join().expect("the assertions hold");
        assert!(!me.is_alive() && !enumerate().contains(&me));
    }
}
