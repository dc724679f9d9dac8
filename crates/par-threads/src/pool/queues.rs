//! Where jobs wait: three shared lanes and a deque per worker.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::deque::{Injector, Steal, Stealer, Worker as Deque};
use par_core::Priority;
use par_core::plumbing::Job;

pub(super) type BoxedJob = Box<dyn Job>;

pub(super) struct Queues {
    high: Injector<BoxedJob>,
    normal: Injector<BoxedJob>,
    low: Injector<BoxedJob>,
    /// One for every worker that there may ever be.
    stealers: Box<[Stealer<BoxedJob>]>,
    /// From here on the deques are empty, and nobody has them.
    reach: AtomicUsize,
}

/// A job, whether it was another worker's, and whether more may have come with it.
pub(super) struct Found {
    pub(super) job: BoxedJob,
    pub(super) stolen: bool,
    pub(super) batch: bool,
}

impl Queues {
    /// The queues of so many workers, and the end of each deque that its worker keeps.
    pub(super) fn new(workers: usize) -> (Self, Vec<Deque<BoxedJob>>) {
        let deques: Vec<_> = (0..workers).map(|_| Deque::new_lifo()).collect();
        let queues = Self {
            high: Injector::new(),
            normal: Injector::new(),
            low: Injector::new(),
            stealers: deques.iter().map(Deque::stealer).collect(),
            reach: AtomicUsize::new(0),
        };
        (queues, deques)
    }

    /// Workers have the deques up to here, or some of them: set before the first of them works.
    pub(super) fn set_reach(&self, reach: usize) {
        self.reach.store(reach, Ordering::SeqCst);
    }

    fn reached(&self) -> &[Stealer<BoxedJob>] {
        &self.stealers[..self.reach.load(Ordering::SeqCst)]
    }

    /// Queues a job from outside.
    pub(super) fn push(&self, job: BoxedJob) {
        match job.options().priority_class() {
            Priority::High => self.high.push(job),
            Priority::Normal => self.normal.push(job),
            Priority::Low => self.low.push(job),
        }
    }

    /// Queues a job of one of the worker's own tasks.
    pub(super) fn push_local(&self, job: BoxedJob, deque: &Deque<BoxedJob>) {
        if job.options().priority_class() == Priority::Normal { deque.push(job) } else { self.push(job) }
    }

    /// The next job for a worker: high ones, its own, normal ones, those of others, low ones.
    pub(super) fn find(&self, index: usize, deque: &Deque<BoxedJob>) -> Option<Found> {
        let own = |job| Found { job, stolen: false, batch: false };
        take(|| self.high.steal())
            .or_else(|| deque.pop())
            .map(own)
            .or_else(|| {
                let job = take(|| self.normal.steal_batch_and_pop(deque))?;
                Some(Found { job, stolen: false, batch: true })
            })
            .or_else(|| self.steal(index, deque))
            .or_else(|| take(|| self.low.steal()).map(own))
    }

    /// A high one, or the normal job that has waited longest, from outside (or else of the worker's own) or the other way
    /// round: for a turn now and then, since jobs that submit others keep the worker's own deque full and its latest job
    /// first.
    pub(super) fn find_oldest(&self, index: usize, outside_first: bool) -> Option<Found> {
        let outside = || take(|| self.normal.steal());
        let own = || take(|| self.stealers[index].steal());
        let either = || if outside_first { outside().or_else(own) } else { own().or_else(outside) };
        let job = take(|| self.high.steal()).or_else(either);
        job.map(|job| Found { job, stolen: false, batch: false })
    }

    /// Half of what another worker has, beginning with the neighbour, so that not all go for the same victim.
    fn steal(&self, index: usize, deque: &Deque<BoxedJob>) -> Option<Found> {
        let (before, from) = self.reached().split_at(index);
        let others = from.iter().skip(1).chain(before);
        others
            .filter_map(|other| take(|| other.steal_batch_and_pop(deque)))
            .map(|job| Found { job, stolen: true, batch: true })
            .next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.high.is_empty()
            && self.normal.is_empty()
            && self.low.is_empty()
            && self.reached().iter().all(Stealer::is_empty)
    }

    /// Moves what is left in the deque of a worker that retires to where all look, the oldest first; `false`: nothing was.
    pub(super) fn hand_over(&self, index: usize) -> bool {
        let mut moved = false;
        while let Some(job) = take(|| self.stealers[index].steal()) {
            self.push(job);
            moved = true;
        }
        moved
    }

    /// Takes everything out, from wherever it is.
    pub(super) fn drain(&self, mut each: impl FnMut(BoxedJob)) {
        for lane in [&self.high, &self.normal, &self.low] {
            while let Some(job) = take(|| lane.steal()) {
                each(job);
            }
        }
        for stealer in &self.stealers {
            while let Some(job) = take(|| stealer.steal()) {
                each(job);
            }
        }
    }
}

/// Steals until there is an answer.
fn take<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(value) => return Some(value),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}
