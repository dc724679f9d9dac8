//! Who sleeps, and who is woken when a job comes.
//!
//! A worker is *busy*, *searching* (it looks for a job), or *idle* (it sleeps, and stands in the list).
//! - A new job wakes one idle worker, unless somebody is searching already: that one will find it.
//! - A searcher that finds a job, was the last one and sees more jobs wakes the next idle worker: so as long as there
//!   are jobs, workers wake one after the other, and callers that submit a million jobs make a handful of system calls.
//! - A worker that takes several jobs at once, without having searched, wakes an idle one as if it had queued them: the
//!   others may have found nothing while the jobs were on their way.
//! - A worker that goes idle enters the list, stops searching, and then looks at the queues once more.
//! - Who leaves the list becomes a searcher while the list is locked, whether it rises or is woken: in between it would
//!   be neither, and could stop searching before it was counted.
//! - A worker that retires is up, so it is not in the list, and nobody wakes it until its slot has a thread again. If it
//!   was searching, be it that a wake-up came to it and not to one that stays, it stops searching like one that has
//!   found a job: if it was the last one and there are jobs, it wakes the next.
//!
//! No job is forgotten: whoever queues one does so *before* reading `searching` and `idle`, a worker that goes idle
//! changes both *before* its last look at the queues, and all of it is sequentially consistent. What is left in the deque
//! of a worker that retires is queued anew, by the same rule.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::time::Instant;

use crossbeam::sync::{Parker, Unparker};
use parking_lot::Mutex;

pub(super) struct Sleep {
    searching: AtomicUsize,
    idle: Mutex<Vec<usize>>,
    idle_count: AtomicUsize,
    unparkers: Box<[Unparker]>,
}

impl Sleep {
    /// One parker per worker that there may ever be; the other end stays with the worker.
    pub(super) fn new<'a>(parkers: impl Iterator<Item = &'a Parker>) -> Self {
        let unparkers: Box<[_]> = parkers.map(|parker| parker.unparker().clone()).collect();
        Self {
            searching: AtomicUsize::new(0),
            idle: Mutex::new(Vec::with_capacity(unparkers.len())),
            idle_count: AtomicUsize::new(0),
            unparkers,
        }
    }

    /// A job was queued.
    pub(super) fn job_queued(&self) {
        fence(Ordering::SeqCst);
        if self.searching.load(Ordering::SeqCst) == 0 && self.idle_count.load(Ordering::SeqCst) > 0 {
            self.wake_one();
        }
    }

    fn wake_one(&self) {
        let mut idle = self.idle.lock();
        let Some(index) = idle.pop() else { return };
        self.idle_count.fetch_sub(1, Ordering::SeqCst);
        // On its behalf, so that nobody wakes another one before it is up.
        self.searching.fetch_add(1, Ordering::SeqCst);
        drop(idle);
        self.unparkers[index].unpark();
    }

    /// Wakes every worker, to look at the state of the pool.
    pub(super) fn wake_all(&self) {
        self.unparkers.iter().for_each(Unparker::unpark);
    }

    /// Wakes the workers from that index on, to see that they are no longer wanted.
    pub(super) fn wake_from(&self, index: usize) {
        self.unparkers[index..].iter().for_each(Unparker::unpark);
    }

    pub(super) fn start_searching(&self) {
        self.searching.fetch_add(1, Ordering::SeqCst);
    }

    /// A searcher searches no more; if it was the last one and there is `more` to do, the next worker is woken.
    pub(super) fn stop_searching(&self, more: impl FnOnce() -> bool) {
        if self.searching.fetch_sub(1, Ordering::SeqCst) == 1 && more() {
            self.job_queued();
        }
    }

    /// Sleeps until there may be a job, or `awake` holds and somebody unparks this thread, or `deadline`.
    ///
    /// The worker is searching before, and after.
    pub(super) fn sleep(
        &self,
        index: usize,
        parker: &Parker,
        awake: impl Fn() -> bool,
        deadline: Option<Instant>,
    ) {
        {
            let mut idle = self.idle.lock();
            idle.push(index);
            self.idle_count.fetch_add(1, Ordering::SeqCst);
        }
        self.searching.fetch_sub(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !awake() {
            match deadline {
                None => parker.park(),
                Some(deadline) => parker.park_deadline(deadline),
            }
        }
        self.rise(index);
    }

    /// Leaves the list, unless whoever woke this worker has taken it out and counted it as searching.
    fn rise(&self, index: usize) {
        let mut idle = self.idle.lock();
        if let Some(place) = idle.iter().position(|sleeper| *sleeper == index) {
            idle.swap_remove(place);
            self.idle_count.fetch_sub(1, Ordering::SeqCst);
            self.searching.fetch_add(1, Ordering::SeqCst);
        }
    }
}
