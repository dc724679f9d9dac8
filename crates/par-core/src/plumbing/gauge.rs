//! How many jobs a pool has taken and not finished, and who waits for that number to fall.
//!
//! `unfinished` counts every job from `enter` to `leave`. Callers wait while it is at the limit, a drain waits until it
//! is zero. A waiter announces itself in `waiting` before it looks at `unfinished`, and `leave` lowers `unfinished`
//! before it looks at `waiting`, both sequentially consistent: one of the two sees the other, so no wake-up is lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::help_for;

/// A worker of another pool that waits here for room looks so often, between jobs of its own pool.
const HELP: Duration = Duration::from_millis(1);

/// Between `resume` and the limit there is room that nobody is woken for: a caller that waits looks for it so often. Those
/// jobs that run may wait for what it does next, and then none leaves.
const LOOK: Duration = Duration::from_millis(5);

#[derive(Debug)]
/// The number of a pool's unfinished jobs, and a door that is closed while it is at its limit; for executors whose workers
/// are threads of this process.
///
/// # Examples
/// ```
/// use std::time::Instant;
/// use par_core::plumbing::Gauge;
///
/// let gauge = Gauge::new(1, 0);
/// assert!(gauge.enter(None, || false));
/// assert!(!gauge.enter(Some(Instant::now()), || false), "one runs, and none may be queued");
/// gauge.leave();
/// assert!(gauge.wait_until_empty(None));
/// ```
pub struct Gauge {
    unfinished: AtomicUsize,
    limit: AtomicUsize,
    queue_bound: usize,
    /// Callers that wait for room are woken from here down: when there is room for many, not once per job. Never less
    /// than the workers can run at once, because jobs that run may be as long as they like.
    resume: AtomicUsize,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    fell: Condvar,
}

impl Gauge {
    /// At most `workers + queue_bound` unfinished jobs for those who enter by the front door: a job that runs is
    /// unfinished, too, but not queued.
    pub fn new(workers: usize, queue_bound: usize) -> Self {
        let (limit, resume) = bounds(workers, queue_bound);
        Self {
            unfinished: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit),
            queue_bound,
            resume: AtomicUsize::new(resume),
            waiting: AtomicUsize::new(0),
            lock: Mutex::new(()),
            fell: Condvar::new(),
        }
    }

    /// Another number of workers runs jobs from now on.
    pub fn set_workers(&self, workers: usize) {
        let (limit, resume) = bounds(workers, self.queue_bound);
        self.limit.store(limit, Ordering::SeqCst);
        self.resume.store(resume, Ordering::SeqCst);
        // There may be room now, and whoever waits has measured by the former limit.
        self.wake_all();
    }

    /// How many jobs have entered and not left.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::SeqCst)
    }

    /// Whether the limit is reached.
    pub fn is_full(&self) -> bool {
        self.unfinished() >= self.limit.load(Ordering::Relaxed)
    }

    /// Counts a job in, whatever the limit says: for the pool's own threads.
    pub fn enter_unbounded(&self) {
        self.unfinished.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a job in; blocks while the limit is reached. `false`: `deadline` has passed, or `give_up` says so.
    pub fn enter(&self, deadline: Option<Instant>, give_up: impl Fn() -> bool) -> bool {
        while !self.try_enter() {
            if give_up() || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return false;
            }
            if !help_for(HELP, &|| give_up() || !self.is_full()) {
                let mut entered = false;
                let over = || {
                    let given_up = give_up();
                    // Once it has entered it is counted, and who closes the door meanwhile waits for it.
                    entered = !given_up && self.try_enter();
                    given_up || entered
                };
                self.wait(deadline, Some(LOOK), over);
                return entered;
            }
        }
        if give_up() {
            // The door was closed just before, and who closed it may have looked already: nobody would wait for this one.
            self.leave();
            return false;
        }
        true
    }

    fn try_enter(&self) -> bool {
        // Not add, look and subtract: a job that leaves in between would see one too many, and wake nobody.
        let limit = self.limit.load(Ordering::Relaxed);
        let one_more = |unfinished| (unfinished < limit).then_some(unfinished + 1);
        self.unfinished.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    /// Counts a job out.
    pub fn leave(&self) {
        let left = self.unfinished.fetch_sub(1, Ordering::SeqCst) - 1;
        if self.waiting.load(Ordering::SeqCst) > 0 && left <= self.resume.load(Ordering::SeqCst) {
            self.wake_all();
        }
    }

    /// Lets everybody who waits look again.
    pub fn wake_all(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.fell.notify_all();
    }

    /// Waits until nothing is unfinished; `false` at the deadline.
    pub fn wait_until_empty(&self, deadline: Option<Instant>) -> bool {
        self.wait(deadline, None, || self.unfinished() == 0)
    }

    fn wait(
        &self,
        deadline: Option<Instant>,
        look: Option<Duration>,
        mut done: impl FnMut() -> bool,
    ) -> bool {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut timed_out = false;
        let finished = loop {
            if done() {
                break true;
            }
            if timed_out {
                break false;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            timed_out = left.is_some_and(|left| left.is_zero());
            guard = match left.into_iter().chain(look).min() {
                None => self.fell.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(nap) => self.fell.wait_timeout(guard, nap).unwrap_or_else(PoisonError::into_inner).0,
            };
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        finished
    }
}

/// The limit, and where callers that wait for room are woken.
fn bounds(workers: usize, queue_bound: usize) -> (usize, usize) {
    (workers.saturating_add(queue_bound), workers.saturating_add(queue_bound / 4 * 3))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn room_for_one_is_room() {
        let gauge = std::sync::Arc::new(Gauge::new(1, 3));
        (0..4).for_each(|_| gauge.enter_unbounded());
        let caller = std::sync::Arc::clone(&gauge);
        let (tell, told) = std::sync::mpsc::channel();
        let caller = std::thread::spawn(move || tell.send(caller.enter(None, || false)));
        while gauge.waiting.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        // The one that runs now waits for what the caller does next, so no other leaves.
        gauge.leave();
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
        caller.join().expect("it does not panic").expect("it is heard");
    }

    #[test]
    fn who_gives_up_is_not_counted_even_if_there_was_room_just_then() {
        let gauge = Gauge::new(1, 1);
        gauge.enter_unbounded();
        gauge.enter_unbounded();
        let deadline = Instant::now().checked_add(Duration::from_mins(1));
        for last in 1..3 {
            let asked = Cell::new(0);
            let give_up = || {
                asked.set(asked.get() + 1);
                if asked.get() == last {
                    // As a job that leaves does, without the lock that is held here.
                    gauge.unfinished.store(1, Ordering::SeqCst);
                }
                asked.get() > last
            };
            let entered = gauge.enter(deadline, give_up);
            assert_eq!(gauge.unfinished(), 1 + usize::from(entered), "given up when asked {last} times");
            gauge.unfinished.store(2, Ordering::SeqCst);
        }
    }
}
