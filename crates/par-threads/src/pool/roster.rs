//! How many workers there are, and how that changes while they work.
//!
//! There is a *slot* for each worker that there may ever be, with a deque and a place to sleep. A slot is *vacant*, and
//! its parts lie here, or it is *taken*, and its thread has them. `wanted` says how many there should be: a worker in a
//! slot from there on retires.
//! - Who changes `wanted` holds `resizing` all the while, so changes take turns.
//! - A slot is filled by whoever changes `wanted`, and vacated by its worker, both under the lock of `vacant`. A worker
//!   that finds itself wanted again under that lock goes on: so no slot below `wanted` is vacant, ever.
//! - A pool grows in two steps. New threads are prepared first (processor, initializer) and have no slot yet; if one of
//!   them fails, all of them end, and nothing has changed. Then they get their parts, all under the lock.
//! - A worker retires between two jobs, never under one that waits. It gives its last look at the queues to whoever is
//!   asleep (see [`Sleep`](super::sleep)), moves its deque to the shared queue, and only then vacates its slot: no job is
//!   left where nobody looks, and none is in two places.
//!
//! Nobody waits for a worker to retire, so a task may resize its own pool; who grows it waits for threads that are new,
//! and have nothing else to do.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::deque::Worker as Deque;
use crossbeam::sync::Parker;
use parking_lot::{Condvar, Mutex};

use super::queues::BoxedJob;
use super::record::Activity;
use super::shared::Shared;
use super::worker;
use crate::start::{self, Preparation};
use crate::{BuildError, Builder, ResizeError};

/// What a worker keeps to itself: the end of its deque, and where it sleeps.
pub(super) struct Parts {
    pub(super) deque: Deque<BoxedJob>,
    pub(super) parker: Parker,
}

pub(super) struct Roster {
    wanted: AtomicUsize,
    /// The most workers that there have been.
    high_water: AtomicUsize,
    vacant: Mutex<Vec<Option<Parts>>>,
    /// Told when a slot is vacated.
    left: Condvar,
    resizing: Mutex<()>,
    name: String,
    stack_size: usize,
    preparation: Preparation,
    start_timeout: Duration,
}

/// A thread that is prepared, and waits for its slot; it ends when this is dropped.
struct Recruit {
    index: usize,
    seat: Sender<Parts>,
}

impl Roster {
    pub(super) fn new(config: &Builder, parts: Vec<Parts>) -> Result<Self, BuildError> {
        Ok(Self {
            wanted: AtomicUsize::new(0),
            high_water: AtomicUsize::new(0),
            vacant: Mutex::new(parts.into_iter().map(Some).collect()),
            left: Condvar::new(),
            resizing: Mutex::new(()),
            name: config.name.clone(),
            stack_size: config.stack_size,
            preparation: Preparation::new(config)?,
            start_timeout: config.start_timeout,
        })
    }

    pub(super) fn workers(&self) -> NonZeroUsize {
        // 0 is a pool that is being built, and that nobody has yet.
        NonZeroUsize::new(self.wanted.load(Ordering::SeqCst)).unwrap_or(NonZeroUsize::MIN)
    }

    pub(super) fn is_wanted(&self, index: usize) -> bool {
        index < self.wanted.load(Ordering::Relaxed)
    }

    pub(super) fn high_water(&self) -> usize {
        self.high_water.load(Ordering::Relaxed)
    }

    pub(super) fn thread_name(&self, index: usize) -> String {
        format!("{}-{index}", self.name)
    }

    /// Waits until no slot is taken, or `deadline`.
    pub(super) fn wait_until_vacant(&self, deadline: Option<Instant>) {
        let mut vacant = self.vacant.lock();
        while !vacant.iter().all(Option::is_some) {
            match deadline {
                None => self.left.wait(&mut vacant),
                Some(deadline) if self.left.wait_until(&mut vacant, deadline).timed_out() => return,
                Some(_) => {}
            }
        }
    }
}

impl Shared {
    /// From now on the pool has so many workers.
    pub(super) fn resize(self: &Arc<Self>, workers: usize) -> Result<(), ResizeError> {
        let most = self.max_workers();
        if workers == 0 {
            return Err(ResizeError::Zero);
        }
        if workers > most {
            return Err(ResizeError::TooMany { wanted: workers, most });
        }
        let _turn = self.roster.resizing.lock();
        if self.is_closed() {
            return Err(ResizeError::ShutDown);
        }
        let known = self.roster.wanted.load(Ordering::SeqCst);
        if workers < known {
            self.shrink(workers);
            return Ok(());
        }
        self.grow(workers).map_err(|source| ResizeError::Start { workers: known, source })
    }

    fn shrink(&self, workers: usize) {
        self.roster.wanted.store(workers, Ordering::SeqCst);
        // Those that sleep notice it when they are up; the others, after their job.
        self.sleep.wake_from(workers);
    }

    /// Starts the workers that are missing; nothing has changed if that fails. The caller has its turn at resizing, or is
    /// building the pool.
    pub(super) fn grow(self: &Arc<Self>, workers: usize) -> Result<(), BuildError> {
        let Roster { wanted, vacant, .. } = &self.roster;
        let known = wanted.load(Ordering::SeqCst);
        let mut recruits: Vec<Recruit> = Vec::new();
        loop {
            {
                let mut vacant = vacant.lock();
                let prepared = |index| recruits.iter().any(|recruit| recruit.index == index);
                let missing: Vec<usize> =
                    (known..workers).filter(|index| vacant[*index].is_some() && !prepared(*index)).collect();
                if missing.is_empty() {
                    wanted.store(workers, Ordering::SeqCst);
                    let take = |Recruit { index, seat }| {
                        self.records[index].switch(Activity::Idle, self.birth);
                        (seat, vacant[index].take())
                    };
                    let seats: Vec<_> = recruits.into_iter().map(take).collect();
                    self.slots_changed(&vacant);
                    for (seat, parts) in seats {
                        let parts = parts.expect("who resizes fills slots, and has its turn");
                        assert!(seat.send(parts).is_ok(), "a prepared thread waits for its slot");
                    }
                    return Ok(());
                }
                drop(vacant);
                recruits.extend(self.prepare(&missing, workers)?);
            }
            // Meanwhile another worker that was no longer wanted may have left.
        }
    }

    /// Starts threads for these slots and waits until each is prepared.
    fn prepare(self: &Arc<Self>, indices: &[usize], workers: usize) -> Result<Vec<Recruit>, BuildError> {
        let Roster { stack_size, preparation, start_timeout, .. } = &self.roster;
        let (starter, reports) = preparation.starter();
        let mut recruits = Vec::with_capacity(indices.len());
        for &index in indices {
            let (seat, given): (_, Receiver<Parts>) = channel();
            let (shared, starter) = (Arc::clone(self), starter.clone());
            let run = move || {
                if starter.start(index) {
                    // Nobody holds the other end when the pool stays as it was.
                    if let Ok(parts) = given.recv() {
                        worker::run(&shared, index, parts);
                    }
                }
            };
            thread::Builder::new()
                .name(self.roster.thread_name(index))
                .stack_size(*stack_size)
                .spawn(run)
                .map_err(|source| BuildError::Spawn { worker: index, workers, source })?;
            recruits.push(Recruit { index, seat });
        }
        start::wait(&reports, indices.len(), *start_timeout)?;
        Ok(recruits)
    }

    /// A worker has stopped working, with an empty deque: vacates its slot, or gives the parts back if it is wanted again.
    pub(super) fn vacate(&self, index: usize, parts: Parts) -> Option<Parts> {
        let mut vacant = self.roster.vacant.lock();
        if self.roster.is_wanted(index) && !self.is_terminated() {
            return Some(parts);
        }
        vacant[index] = Some(parts);
        self.slots_changed(&vacant);
        self.roster.left.notify_all();
        None
    }

    /// Threads run jobs as long as they have a slot, wanted or not, so the room in the queue and the search for jobs go
    /// by the slots.
    fn slots_changed(&self, vacant: &[Option<Parts>]) {
        let taken = vacant.iter().filter(|slot| slot.is_none()).count();
        let reach = vacant.iter().rposition(Option::is_none).map_or(0, |last| last + 1);
        self.queues.set_reach(reach);
        self.roster.high_water.fetch_max(reach, Ordering::Relaxed);
        self.gauge.set_workers(taken);
    }
}
