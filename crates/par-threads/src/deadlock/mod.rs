//! The deadlock explainer: waits that can never end, and locks that are taken in two orders, in words.
//!
//! With the feature `deadlock-detection` the locks, semaphores, barriers and threads of this crate know which thread holds
//! them, which thread waits for them, and at which source lines. Nothing watches from aside; the thread that is about to
//! block looks itself:
//!
//! - **A deadlock** is certain when threads wait for each other in a circle. The thread that closes the circle does not
//!   begin to wait: its call **panics** with the explanation. Unwinding releases what it holds, so the others go on. It
//!   happens at once, and every time; without the feature the same program hangs. (A thread that panics already only
//!   reports and waits on, since a second panic would end the process.)
//! - **An inversion** is reported, without a panic, when a lock B was taken while A was held, and somewhere else A while
//!   B was held, or around a longer circle: nothing hangs now, but two threads that do so at the same time would.
//! - **A stall** is reported, without a panic, when a thread waits for something that anybody may bring about, an event
//!   say, while it holds something that others wait for. It may end; but this is what hangs without a circle look like.
//!
//! All name the threads, the locks, and the lines that took them:
//! ```text
//! deadlock: 2 threads wait for each other
//!   thread `left` waits for mutex #2 at src/main.rs:14:27, holds mutex #1 taken at src/main.rs:12:25
//!   thread `right` waits for mutex #1 at src/main.rs:20:27, holds mutex #2 taken at src/main.rs:18:25
//! ```
//! A lock's number counts the locks and the like that the process ever used, from 1 on. Reports go to [`on_report`]'s
//! handler, to stderr if there is none, and the latest are kept for [`reports`].
//!
//! # What counts
//! - Waits for a [`Mutex`](crate::Mutex), a [`ReentrantMutex`](crate::ReentrantMutex) (whose owner never waits) and a
//!   [`RwLock`](crate::RwLock): a writer waits for all who have it, a reader for the writer, or for the writers that
//!   stand in front of it. That last one takes a tenth of a second to be certain.
//! - [`Semaphore`](crate::Semaphore) and [`BoundedSemaphore`](crate::BoundedSemaphore): one of those who hold a
//!   [`Permit`](crate::Permit) must give it back, so it takes as many of them to be stuck as there are permits. Nothing is
//!   certain while a permit travels ([`OwnedPermit`](crate::OwnedPermit)), nor ever again once permits were released by
//!   hand, or forgotten.
//! - [`Barrier`](crate::Barrier) waits: for all who are missing, if all parties are members
//!   ([`Party`](crate::Party)) and each has waited once, so that its thread is known; or for the one who runs the action.
//!   When such a wait would close the circle it panics nowhere: the barrier is broken for all, with
//!   [`BreakCause::WouldDeadlock`](par_core::BreakCause::WouldDeadlock).
//! - Joins: of the threads of [`thread`](crate::thread), of timers, [`join_all`](crate::thread::join_all), and the end of
//!   a [`scope`](crate::thread::scope), which is only reported, since a scope that panics waits all the same.
//! - [`Condvar`](crate::Condvar) waits: for the mutex, which they cannot return without, whoever notifies.
//! - [`Handle::wait`](par_core::Handle::wait): for the thread that runs the task. When such a wait would close the circle
//!   it is [`TaskError::WouldDeadlock`](par_core::TaskError::WouldDeadlock) instead of a panic.
//! - No wait with a timeout or a deadline, since it ends by itself; nothing that other crates' locks, channels or atomics
//!   wait for. A circle through one of those is not seen. What is seen is certain, as long as nobody who has not done so
//!   before releases permits by hand, aborts a barrier, or hands on a membership through which it has waited.
//!
//! Whoever waits for an [`Event`](crate::Event), a [`Latch`](crate::Latch), a queue, a notification, or for permits or
//! parties that are not known, waits for nobody in particular. If it holds nothing, nothing happens. Otherwise it looks
//! every half a second who waits for what it holds: a thread that has done so for as long, without a timeout, makes it a
//! stall, which is reported once per wait.
//!
//! For inversions every `lock`, `read`, `write`, `upgradable_read`, `upgrade` and the relocking after a wait counts. The
//! `try_` methods never do, since they cannot wait for ever; nor do orders that only readers take, nor orders that are
//! all taken under one common lock, which keeps them apart. The permit of a semaphore that has one counts as a lock does;
//! one of several does not, for another one may be free, and neither does one that was ever released by hand. A lock
//! leaves the graph when it is dropped. The graph is bounded: past 65,536 pairs of locks new ones are not remembered, and
//! of the locks that a thread holds only the latest 16 are paired with the next one.
//!
//! # What it costs
//! Without the feature nothing: the locks are `parking_lot`'s, byte for byte, and everything here is inert.
//! With it a lock is a few words larger, and to lock and unlock takes some fourteen times as long, which is an eighth of
//! a microsecond more; `cargo bench -p par-threads --features deadlock-detection --bench locks` says it for this machine.
//! It is meant for tests, and for debug builds.
//!
//! # Examples
//! ```
//! use par_threads::{Mutex, deadlock};
//!
//! deadlock::on_report(|report| println!("{report}"));
//! let (one, two) = (Mutex::new(1), Mutex::new(2));
//! {
//!     let _one = one.lock();
//!     let _two = two.lock();
//! }
//! {
//!     let _two = two.lock();
//!     let _one = one.lock(); // the other way round: a report, if the feature is on
//! }
//! assert_eq!(deadlock::reports().len(), usize::from(deadlock::is_enabled()));
//! ```

#[cfg(not(feature = "deadlock-detection"))]
mod off;
mod report;
#[cfg(feature = "deadlock-detection")]
mod watch;

pub use report::{Claim, Participant, Report, ReportKind};

#[cfg(not(feature = "deadlock-detection"))]
pub(crate) use off::{Asleep, Came, Hold, Member, Notices, Roll, ScopeEnd, ThreadMark, Tracked};
#[cfg(feature = "deadlock-detection")]
pub(crate) use watch::{Asleep, Came, Hold, Member, Notices, Roll, ScopeEnd, ThreadMark, Tracked};
#[cfg(all(feature = "deadlock-detection", not(loom)))]
pub(crate) use watch::{announce, slice, stalled};

/// Whether the explainer is compiled in: the feature `deadlock-detection`.
pub const fn is_enabled() -> bool {
    cfg!(feature = "deadlock-detection")
}

/// Gives every report of the process to `handler`, in place of the handler before, or of stderr.
///
/// It runs on the thread that found it, before that thread panics, and with what that thread holds still locked; locks
/// that it takes itself are not looked into. A panic in it is dropped. Without the feature it is never called.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// static REPORTS: AtomicUsize = AtomicUsize::new(0);
/// par_threads::deadlock::on_report(|_| {
///     REPORTS.fetch_add(1, Ordering::Relaxed);
/// });
/// ```
pub fn on_report(handler: impl Fn(&Report) + Send + Sync + 'static) {
    #[cfg(feature = "deadlock-detection")]
    watch::on_report(std::sync::Arc::new(handler));
    #[cfg(not(feature = "deadlock-detection"))]
    drop(handler);
}

/// The latest reports of the process, oldest first, at most 64 of them; none without the feature.
pub fn reports() -> Vec<Report> {
    #[cfg(feature = "deadlock-detection")]
    return watch::reports();
    #[cfg(not(feature = "deadlock-detection"))]
    Vec::new()
}

/// Every thread that waits for something of this crate right now, without a timeout, and what it holds; empty without
/// the feature.
///
/// For a program that hangs though no deadlock is certain, because something in the circle is not of this crate.
///
/// # Examples
/// ```
/// use par_threads::{Event, deadlock};
///
/// let event = Event::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| event.wait());
///     while deadlock::is_enabled() && deadlock::waits().is_empty() {
///         std::thread::yield_now();
///     }
///     for waiting in deadlock::waits() {
///         println!("{waiting}"); // thread `thread #2` waits for event #1 at src/main.rs:5:30
///     }
///     event.set();
/// });
/// ```
pub fn waits() -> Vec<Participant> {
    #[cfg(feature = "deadlock-detection")]
    return watch::waits();
    #[cfg(not(feature = "deadlock-detection"))]
    Vec::new()
}

/// Sees tasks from now on: a pool says so before its first one begins.
pub(crate) fn observe_tasks() {
    #[cfg(feature = "deadlock-detection")]
    watch::observe();
}

/// What is waited for, as a report calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mutex,
    ReentrantMutex,
    RwLock,
    /// So many permits exist, as long as nobody releases one by hand.
    Semaphore {
        permits: usize,
    },
    Event,
    Latch,
    Queue,
    #[cfg(feature = "deadlock-detection")]
    Condvar,
}

/// How a lock is taken, or waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    Exclusive,
    /// Exclusive, but as often as the thread likes.
    Reentrant,
    Read,
    /// Read, and nobody else may upgrade.
    Upgradable,
    /// From upgradable to exclusive; nobody holds in this mode.
    #[cfg(feature = "deadlock-detection")]
    Upgrade,
}
