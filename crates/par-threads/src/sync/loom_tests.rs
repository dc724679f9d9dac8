//! Every interleaving of two or three threads at each primitive, under loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p par-threads --lib --release --target-dir target/loom loom`.
//!
//! loom has no clock, so nothing here waits with a timeout, and a wait that nobody ends is a model that deadlocks.
//! Data is written and read relaxed: loom then shows every stale value that the edges of a primitive do not rule out.

use std::sync::Arc;

use loom::thread::{self, JoinHandle};
use par_core::{BreakCause, BrokenBarrier};

use super::model::{AtomicUsize, Ordering::Relaxed};
use super::{Barrier, BoundedSemaphore, Event, Latch, Semaphore};

/// Starts a thread that shares `it`.
fn beside<S: Send + Sync + 'static, R: 'static>(
    it: &Arc<S>,
    run: impl FnOnce(&S) -> R + 'static,
) -> JoinHandle<R> {
    let it = Arc::clone(it);
    thread::spawn(move || run(&it))
}

fn join<R>(thread: JoinHandle<R>) -> R {
    thread.join().expect("the other thread does not panic")
}

/// What each of the models shares: the primitive, and data that only it protects.
struct With<S> {
    it: S,
    data: AtomicUsize,
}

fn with<S>(it: S) -> Arc<With<S>> {
    Arc::new(With { it, data: AtomicUsize::new(0) })
}

#[test]
fn a_permit_excludes_and_wakes_who_waits_for_it() {
    loom::model(|| {
        let shared = with(Semaphore::new(1));
        let count = |shared: &With<Semaphore>| {
            let _permit = shared.it.acquire();
            let before = shared.data.load(Relaxed);
            shared.data.store(before + 1, Relaxed);
        };
        let other = beside(&shared, count);
        count(&shared);
        join(other);
        assert_eq!(shared.data.load(Relaxed), 2, "an increment was lost");
        assert_eq!(shared.it.available(), 1);
    });
}

#[test]
fn a_release_racing_an_acquire_is_not_lost() {
    loom::model(|| {
        let shared = with(Semaphore::new(0));
        let producer = beside(&shared, |shared| {
            shared.data.store(7, Relaxed);
            shared.it.release(1);
        });
        shared.it.acquire().forget();
        assert_eq!(shared.data.load(Relaxed), 7, "what came before the release is seen");
        join(producer);
        assert_eq!(shared.it.available(), 0);
    });
}

#[test]
fn two_releases_wake_two_sleepers() {
    // All interleavings of three threads that sleep and wake take minutes; those with three preemptions take seconds.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let shared = with(Semaphore::new(0));
        let consumers = [(); 2].map(|()| beside(&shared, |shared| shared.it.acquire().forget()));
        shared.it.release(1);
        shared.it.release(1);
        consumers.into_iter().for_each(join);
        assert_eq!(shared.it.available(), 0);
    });
}

#[test]
fn who_overtakes_a_sleeper_wakes_it_afterwards() {
    loom::model(|| {
        let shared = with(Semaphore::new(0));
        let sleeper = beside(&shared, |shared| shared.it.acquire().forget());
        let faster = beside(&shared, |shared| drop(shared.it.try_acquire()));
        shared.it.release(1);
        join(sleeper);
        join(faster);
        assert_eq!(shared.it.available(), 0);
    });
}

#[test]
fn of_two_releases_of_one_permit_one_is_refused() {
    loom::model(|| {
        let shared = with(BoundedSemaphore::new(1));
        shared.it.acquire().forget();
        let other = beside(&shared, |shared| shared.it.release(1).is_ok());
        let mine = shared.it.release(1).is_ok();
        assert_ne!(mine, join(other));
        assert_eq!(shared.it.available(), 1);
    });
}

#[test]
fn set_wakes_who_waits_and_shows_what_came_before() {
    loom::model(|| {
        let shared = with(Event::new());
        let waiters = [(); 2].map(|()| {
            beside(&shared, |shared| {
                shared.it.wait();
                assert_eq!(shared.data.load(Relaxed), 7);
            })
        });
        shared.data.store(7, Relaxed);
        shared.it.set();
        waiters.into_iter().for_each(join);
    });
}

#[test]
fn who_waits_passes_even_if_the_event_is_cleared_at_once() {
    loom::model(|| {
        let shared = with(Event::new());
        // What `wait` does, but begun for sure before the event is set.
        let began = shared.it.begin();
        let setter = beside(&shared, |shared| {
            shared.it.set();
            shared.it.clear();
        });
        assert!(shared.it.sleep_until(began, None));
        join(setter);
        assert!(!shared.it.is_set());
    });
}

#[test]
fn who_clears_an_event_sees_what_came_before_it_was_set() {
    loom::model(|| {
        let shared = with(Event::new());
        shared.it.set();
        let setter = beside(&shared, |shared| {
            shared.data.store(7, Relaxed);
            shared.it.set();
        });
        shared.it.clear();
        let seen = shared.data.load(Relaxed);
        assert!(
            seen == 7 || {
                shared.it.wait();
                shared.data.load(Relaxed) == 7
            },
            "the news is lost"
        );
        join(setter);
    });
}

#[test]
fn a_latch_opens_for_all_and_shows_what_every_step_did() {
    loom::model(|| {
        let shared = with(Latch::new(2));
        let steps = [(); 2].map(|()| {
            beside(&shared, |shared| {
                shared.data.fetch_add(1, Relaxed);
                shared.it.count_down();
            })
        });
        shared.it.wait();
        assert_eq!(shared.data.load(Relaxed), 2);
        steps.into_iter().for_each(join);
    });
}

#[test]
fn two_who_arrive_and_wait_both_pass() {
    loom::model(|| {
        let shared = with(Latch::new(2));
        let other = beside(&shared, |shared| shared.it.arrive_and_wait());
        shared.it.arrive_and_wait();
        join(other);
    });
}

#[test]
fn phases_of_a_barrier_do_not_mix() {
    loom::model(|| {
        let shared = with(Barrier::new(2));
        let rounds = |shared: &With<Barrier>| {
            let mut sum = 0;
            for round in 1..=2 {
                shared.data.fetch_add(1, Relaxed);
                let turn = shared.it.wait().expect("nobody breaks it");
                assert!(shared.data.load(Relaxed) >= 2 * round, "the other one had not come");
                sum += turn.index();
            }
            sum
        };
        let other = beside(&shared, rounds);
        let mine = rounds(&shared);
        assert_eq!(mine + join(other), 2, "one index 0 and one index 1 in each phase");
    });
}

#[test]
fn an_action_runs_before_anybody_goes_on() {
    loom::model(|| {
        let data = Arc::new(AtomicUsize::new(0));
        let acts = Arc::clone(&data);
        let barrier = Arc::new(Barrier::new(2).action(move || {
            acts.store(acts.load(Relaxed) + 1, Relaxed);
        }));
        let seen = Arc::clone(&data);
        let other = beside(&barrier, move |barrier| {
            barrier.wait().expect("nobody breaks it");
            assert_eq!(seen.load(Relaxed), 1);
        });
        barrier.wait().expect("nobody breaks it");
        assert_eq!(data.load(Relaxed), 1);
        join(other);
    });
}

#[test]
fn an_abort_racing_a_full_barrier_ends_every_wait() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let other = beside(&barrier, |barrier| barrier.wait());
        let third = beside(&barrier, |barrier| barrier.abort());
        let mine = barrier.wait();
        let other = join(other);
        join(third);
        let aborted = Err(BrokenBarrier { cause: BreakCause::Aborted });
        assert_eq!(mine.is_ok(), other.is_ok(), "one phase has one outcome");
        assert!(mine.is_ok() || mine == aborted && other == aborted);
        assert_eq!(barrier.wait(), aborted, "it stays broken");
    });
}

#[test]
fn a_waiter_is_told_what_ended_its_own_phase() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let waiter = beside(&barrier, |barrier| barrier.wait());
        barrier.reset();
        barrier.abort();
        match join(waiter) {
            Err(BrokenBarrier { cause: BreakCause::Reset | BreakCause::Aborted }) => (),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_party_that_leaves_ends_the_wait_of_the_other() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        // A membership borrows its barrier, and a thread of loom borrows nothing: so the other one joins here, for good, and
        // a third membership stands for the one that is dropped there.
        std::mem::forget(barrier.join());
        let other = beside(&barrier, |barrier| drop(barrier.join()));
        let mine = barrier.wait();
        join(other);
        match mine {
            Err(BrokenBarrier { cause: BreakCause::PartyLeft }) => (),
            other => panic!("{other:?}"),
        }
    });
}
