//! Where jobs wait, and who waits for them.
//!
//! A *runner* is a loop on the runtime's blocking pool that runs queued jobs. It is started by a submit that finds nobody
//! idle and fewer runners than workers; it lingers for a while when nothing is left, and ends. `idle` counts those who
//! linger: a submit takes one off that number before it wakes one, under the lock, so two submits wake two.
//! A task that waits for another one naps in the helper of its runner: a submit that can start nobody wakes a napper.

use std::collections::VecDeque;
use std::thread::Thread;
use std::time::Duration;

use par_core::Priority;
use par_core::plumbing::Job;
use parking_lot::{Condvar, Mutex};

/// How long a runner with nothing to do stays: a dropped foreign runtime may have to wait for that.
const LINGER: Duration = Duration::from_millis(100);

/// How often a runner looks before it sleeps: the next job often comes within microseconds.
const LOOKS: u32 = 16;

#[derive(Default)]
struct State {
    /// By priority.
    lanes: [VecDeque<Box<dyn Job>>; 3],
    runners: usize,
    idle: usize,
    nappers: Vec<Thread>,
    closed: bool,
}

pub(super) struct Lanes {
    state: Mutex<State>,
    news: Condvar,
    workers: usize,
    /// Each runner has a number that no other one has meanwhile.
    seats: Mutex<Vec<usize>>,
}

/// What a submit has to do.
pub(super) enum Pushed {
    /// Somebody will run it.
    Taken,
    /// A runner must be started.
    StartRunner,
}

impl Lanes {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            state: Mutex::default(),
            news: Condvar::new(),
            workers,
            seats: Mutex::new((0..workers).rev().collect()),
        }
    }

    /// `own`: of a task of the executor. Its newest is run first, so that tasks which wait for those they have submitted go
    /// down one branch after the other, instead of piling up all of them.
    pub(super) fn push(&self, job: Box<dyn Job>, own: bool) -> Pushed {
        let mut state = self.state.lock();
        let lane = match job.options().priority_class() {
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
        };
        if own {
            state.lanes[lane].push_front(job);
        } else {
            state.lanes[lane].push_back(job);
        }
        if state.idle > 0 {
            state.idle -= 1;
            drop(state);
            self.news.notify_one();
        } else if state.runners < self.workers {
            state.runners += 1;
            return Pushed::StartRunner;
        } else if let Some(napper) = state.nappers.pop() {
            drop(state);
            napper.unpark();
        }
        Pushed::Taken
    }

    pub(super) fn pop(&self) -> Option<Box<dyn Job>> {
        pop(&mut self.state.lock())
    }

    /// The next job for a runner; `None`: the runner is to end, and is counted no more.
    pub(super) fn next(&self) -> Option<Box<dyn Job>> {
        for _ in 0..LOOKS {
            if let Some(job) = self.pop() {
                return Some(job);
            }
            std::thread::yield_now();
        }
        let mut state = self.state.lock();
        loop {
            if let Some(job) = pop(&mut state) {
                return Some(job);
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let timed_out = self.news.wait_for(&mut state, LINGER).timed_out();
            // Who was woken by a submit was taken off by it; so was one of those whose time was up just then, and that one
            // finds the job, or sees that another one has it.
            let uncounted = state.idle == 0;
            if timed_out && !uncounted {
                state.idle -= 1;
                if let Some(job) = pop(&mut state) {
                    return Some(job);
                }
                break;
            }
        }
        state.runners -= 1;
        None
    }

    /// A runner could not be started, or was lost: it is counted no more.
    pub(super) fn runner_lost(&self) {
        self.state.lock().runners -= 1;
    }

    /// Runners end when nothing is left.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.idle = 0;
        drop(state);
        self.news.notify_all();
    }

    /// Everything that waits.
    pub(super) fn drain(&self) -> Vec<Box<dyn Job>> {
        let mut state = self.state.lock();
        state.lanes.iter_mut().flat_map(std::mem::take).collect()
    }

    /// Sleeps until a submit finds nobody else, somebody unparks this thread, or the time is up.
    pub(super) fn nap(&self, limit: Duration) {
        let me = std::thread::current();
        {
            let mut state = self.state.lock();
            if state.lanes.iter().any(|lane| !lane.is_empty()) {
                return;
            }
            state.nappers.push(me.clone());
        }
        std::thread::park_timeout(limit);
        let mut state = self.state.lock();
        state.nappers.retain(|napper| napper.id() != me.id());
    }

    pub(super) fn take_seat(&self) -> usize {
        // There is one for each worker, and never more runners than workers.
        self.seats.lock().pop().unwrap_or(0)
    }

    pub(super) fn leave_seat(&self, seat: usize) {
        self.seats.lock().push(seat);
    }
}

fn pop(state: &mut State) -> Option<Box<dyn Job>> {
    state.lanes.iter_mut().find_map(VecDeque::pop_front)
}
