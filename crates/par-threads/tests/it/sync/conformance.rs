//! The suite that every family passes.

use std::time::Duration;

use par_core::testing::sync::{self, Action, Held, MemberWait, Turn};
use par_core::{BrokenBarrier, ReleasedTooOften};
use par_threads::{Barrier, BarrierTurn, BoundedSemaphore, Event, Latch, Permit, Semaphore};

/// Shows the verdicts; what does not hold has panicked already.
fn print(held: &Held) {
    print!("{held}");
    assert!(!held.behaviours.is_empty());
}

struct Adapter<T>(T);

macro_rules! semaphore {
    ($type:ty, $release:expr) => {
        impl sync::Semaphore for Adapter<$type> {
            fn acquire(&self) {
                self.0.acquire().forget();
            }
            fn try_acquire(&self) -> bool {
                self.0.try_acquire().map(Permit::forget).is_some()
            }
            fn acquire_timeout(&self, timeout: Duration) -> bool {
                self.0.acquire_timeout(timeout).map(Permit::forget).is_some()
            }
            fn release(&self, count: usize) {
                $release(&self.0, count);
            }
            fn available(&self) -> usize {
                self.0.available()
            }
        }
    };
}

semaphore!(Semaphore, Semaphore::release);
semaphore!(BoundedSemaphore, |semaphore: &BoundedSemaphore, count| {
    semaphore.release(count).expect("it was acquired");
});

impl sync::BoundedSemaphore for Adapter<BoundedSemaphore> {
    fn try_release(&self, count: usize) -> Result<(), ReleasedTooOften> {
        self.0.release(count)
    }
}

impl sync::Event for Adapter<Event> {
    fn set(&self) {
        self.0.set();
    }
    fn clear(&self) {
        self.0.clear();
    }
    fn is_set(&self) -> bool {
        self.0.is_set()
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        timeout.map_or_else(
            || {
                self.0.wait();
                true
            },
            |timeout| self.0.wait_timeout(timeout),
        )
    }
}

impl sync::Latch for Adapter<Latch> {
    fn count_down_by(&self, steps: usize) {
        self.0.count_down_by(steps);
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        timeout.map_or_else(
            || {
                self.0.wait();
                true
            },
            |timeout| self.0.wait_timeout(timeout),
        )
    }
    fn remaining(&self) -> usize {
        self.0.remaining()
    }
}

fn turn(turn: BarrierTurn) -> Turn {
    Turn { index: turn.index(), leader: turn.is_leader() }
}

impl sync::Barrier for Adapter<Barrier> {
    fn wait(&self, timeout: Option<Duration>) -> Result<Turn, BrokenBarrier> {
        timeout.map_or_else(|| self.0.wait(), |timeout| self.0.wait_timeout(timeout)).map(turn)
    }
    fn abort(&self) {
        self.0.abort();
    }
    fn reset(&self) {
        self.0.reset();
    }
    fn is_broken(&self) -> bool {
        self.0.is_broken()
    }
    fn parties(&self) -> usize {
        self.0.parties()
    }
    fn waiting(&self) -> usize {
        self.0.waiting()
    }
}

impl sync::MemberBarrier for Adapter<Barrier> {
    fn as_member(&self, run: &mut dyn FnMut(MemberWait<'_>)) {
        let party = self.0.join();
        run(&|timeout| timeout.map_or_else(|| party.wait(), |timeout| party.wait_timeout(timeout)).map(turn));
    }
}

#[test]
fn semaphore() {
    print(&sync::check_semaphore(|permits| Adapter(Semaphore::new(permits))));
}

#[test]
fn bounded_semaphore() {
    print(&sync::check_bounded_semaphore(|permits| Adapter(BoundedSemaphore::new(permits))));
}

#[test]
fn event() {
    print(&sync::check_event(|| Adapter(Event::new())));
}

#[test]
fn latch() {
    print(&sync::check_latch(|count| Adapter(Latch::new(count))));
}

#[test]
fn barrier() {
    print(&sync::check_barrier(|parties| Adapter(Barrier::new(parties))));
    print(&sync::check_barrier_members(|parties| Adapter(Barrier::new(parties))));
    print(&sync::check_barrier_action(|parties, action: Action| {
        Adapter(Barrier::new(parties).action(move || action()))
    }));
}
