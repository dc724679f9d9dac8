//! The thread that sees who blocks.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::report::{Handler, Report, Work, send};

/// How many watchdogs there are; the hooks look at this first.
static WATCHDOGS: AtomicUsize = AtomicUsize::new(0);

/// Whether there is a watchdog at all.
#[inline]
pub(crate) fn on() -> bool {
    WATCHDOGS.load(Ordering::Relaxed) > 0
}

thread_local! {
    /// The watch that this thread is under.
    static HERE: RefCell<Option<Post>> = const { RefCell::new(None) };
}

/// A thread under watch.
pub(crate) struct Post {
    watch: Arc<Watch>,
    pub(super) slot: Arc<Slot>,
}

/// The watch that this thread is under.
pub(crate) fn here() -> Option<Arc<Watch>> {
    HERE.try_with(|here| here.borrow().as_ref().map(|post| Arc::clone(&post.watch))).ok().flatten()
}

pub(super) fn post() -> Option<(Arc<Watch>, Arc<Slot>)> {
    let ask = |post: &Post| (Arc::clone(&post.watch), Arc::clone(&post.slot));
    HERE.try_with(|here| here.borrow().as_ref().map(ask)).ok().flatten()
}

/// What a thread polls now.
pub(super) type Slot = Mutex<Option<Polled>>;

#[derive(Debug)]
pub(super) struct Polled {
    pub(super) work: Work,
    pub(super) begun: Instant,
    /// Whether it was reported.
    pub(super) reported: bool,
}

/// What the threads of a runner or a loop are watched for.
pub(crate) struct Watch {
    pub(super) limit: Duration,
    handler: Option<Handler>,
    /// Threads come and go.
    slots: Mutex<Vec<Weak<Slot>>>,
    over: Mutex<bool>,
    ended: Condvar,
}

impl Watch {
    pub(crate) fn report(&self, report: &Report) {
        send(self.handler.as_ref(), report);
    }

    /// Puts this thread under watch.
    pub(crate) fn station(self: &Arc<Self>) -> Option<Post> {
        let slot = Arc::new(Mutex::new(None));
        self.slots.lock().push(Arc::downgrade(&slot));
        HERE.replace(Some(Post { watch: Arc::clone(self), slot }))
    }

    /// Nobody watches this thread any more.
    pub(crate) fn dismiss() {
        HERE.replace(None);
    }

    fn keep_watch(&self) {
        let tick = (self.limit / 4).clamp(Duration::from_millis(1), Duration::from_millis(25));
        let mut over = self.over.lock();
        while !*over {
            self.ended.wait_for(&mut over, tick);
            parking_lot::MutexGuard::unlocked(&mut over, || self.look());
        }
    }

    fn look(&self) {
        let mut posts = Vec::new();
        self.slots.lock().retain(|slot| slot.upgrade().map(|slot| posts.push(slot)).is_some());
        for slot in posts {
            let late = slot.lock().as_mut().and_then(|polled| self.late(polled));
            // Behind the lock: the thread may go on meanwhile.
            if let Some(report) = late {
                self.report(&report);
            }
        }
    }

    fn late(&self, polled: &mut Polled) -> Option<Report> {
        let elapsed = polled.begun.elapsed();
        if polled.reported || elapsed < self.limit {
            return None;
        }
        polled.reported = true;
        Some(Report::Blocked { work: polled.work.clone(), elapsed })
    }
}

/// This thread is under watch while it lives, and then under the one before.
pub(crate) struct Shift {
    former: Option<Post>,
}

impl Shift {
    pub(crate) fn begin(watch: &Arc<Watch>) -> Self {
        Self { former: watch.station() }
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        HERE.replace(self.former.take());
    }
}

/// Whoever wants debug mode has one; the thread ends when it is dropped.
pub(crate) struct Watchdog {
    pub(crate) watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn start(limit: Duration, handler: Option<Handler>) -> std::io::Result<Self> {
        let watch = Arc::new(Watch {
            limit,
            handler,
            slots: Mutex::default(),
            over: Mutex::new(false),
            ended: Condvar::new(),
        });
        let watching = Arc::clone(&watch);
        let thread =
            thread::Builder::new().name("par-watchdog".to_owned()).spawn(move || watching.keep_watch())?;
        WATCHDOGS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { watch, thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        WATCHDOGS.fetch_sub(1, Ordering::Relaxed);
        *self.watch.over.lock() = true;
        self.watch.ended.notify_all();
        // A handler that drops a runner does so on the watchdog's own thread.
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            thread.join().ok();
        }
    }
}
