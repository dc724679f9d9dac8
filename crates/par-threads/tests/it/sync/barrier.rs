//! What only this family's barrier has: memberships that travel, actions that misbehave, default timeouts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{BreakCause, BrokenBarrier};
use par_threads::{Barrier, BarrierTurn};

use crate::{LIMIT, panic_text};

const fn broken(cause: BreakCause) -> Result<BarrierTurn, BrokenBarrier> {
    Err(BrokenBarrier { cause })
}

/// Waits until so many stand at the barrier.
fn until_waiting(barrier: &Barrier, count: usize) {
    within(LIMIT, "others come to the barrier", || {
        while barrier.waiting() != count {
            std::thread::yield_now();
        }
    });
}

#[test]
fn a_barrier_has_parties() {
    let text = panic_text(|| drop(Barrier::new(0)));
    assert!(text.contains("at least one party"), "{text}");
}

#[test]
fn the_default_timeout_is_that_of_wait_only() {
    static BARRIER: Barrier = Barrier::new(2).timeout(Duration::from_millis(20));
    let begun = Instant::now();
    assert_eq!(within(LIMIT, "it times out", || BARRIER.wait()), broken(BreakCause::TimedOut));
    assert!(begun.elapsed() >= Duration::from_millis(20));
    BARRIER.reset();
    let other = std::thread::spawn(|| BARRIER.wait_timeout(Duration::MAX));
    until_waiting(&BARRIER, 1);
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(40) {
        std::thread::yield_now();
    }
    assert!(BARRIER.wait().is_ok(), "the other one has its own timeout");
    assert!(other.join().expect("it does not panic").is_ok());
    assert_eq!(format!("{BARRIER:?}"), "Barrier { parties: 2, waiting: 0, broken: None, .. }");
}

#[test]
fn the_panic_of_an_action_is_seen_by_the_party_that_ran_it() {
    let barrier = Barrier::new(2).action(|| panic!("the action itself"));
    let text = std::thread::scope(|scope| {
        let first = scope.spawn(|| barrier.wait());
        until_waiting(&barrier, 1);
        let text = panic_text(|| assert!(barrier.wait().is_err(), "it panics"));
        assert_eq!(first.join().expect("it is told, it does not panic"), broken(BreakCause::ActionPanicked));
        text
    });
    assert_eq!(text, "the action itself");
    assert_eq!(barrier.wait(), broken(BreakCause::ActionPanicked));
}

#[test]
fn an_action_that_waits_at_its_own_barrier_panics() {
    let itself = Arc::new(OnceLock::<Arc<Barrier>>::new());
    let inside = Arc::clone(&itself);
    let barrier = Arc::new(Barrier::new(1).action(move || {
        inside.get().expect("it was set").wait().ok();
    }));
    itself.set(Arc::clone(&barrier)).expect("it is set once");
    let text = within(LIMIT, "it does not wait for itself", || {
        panic_text(|| assert!(barrier.wait().is_err(), "it panics"))
    });
    assert!(text.contains("waits at its own barrier"), "{text}");
    assert!(barrier.is_broken());
}

/// A barrier of two whose action runs until it is let go; and how often it has begun.
fn slow_action() -> (Arc<Barrier>, Arc<AtomicUsize>, Arc<par_threads::Event>) {
    let (begun, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(par_threads::Event::new()));
    let (counts, waits) = (Arc::clone(&begun), Arc::clone(&go));
    let barrier = Barrier::new(2).action(move || {
        counts.fetch_add(1, Ordering::SeqCst);
        assert!(waits.wait_timeout(LIMIT), "nobody lets it go");
    });
    (Arc::new(barrier), begun, go)
}

#[test]
fn who_comes_while_the_action_runs_stands_in_the_next_phase() {
    let (barrier, begun, go) = slow_action();
    let wait = || {
        let barrier = Arc::clone(&barrier);
        std::thread::spawn(move || barrier.wait())
    };
    let first = [wait(), wait()];
    within(LIMIT, "the action begins", || {
        while begun.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
    });
    let second = [wait(), wait()];
    go.set();
    within(LIMIT, "two phases", || {
        for pair in [first, second] {
            let indices = pair.map(|thread| thread.join().expect("no panic").expect("all come").index());
            assert_eq!(indices.iter().sum::<usize>(), 1, "{indices:?}");
        }
    });
    assert_eq!(begun.load(Ordering::SeqCst), 2);
}

#[test]
fn an_abort_does_not_wait_for_the_action() {
    let (barrier, begun, go) = slow_action();
    let threads = [(); 2].map(|()| {
        let barrier = Arc::clone(&barrier);
        std::thread::spawn(move || barrier.wait())
    });
    within(LIMIT, "the action begins", || {
        while begun.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
    });
    barrier.abort();
    assert_eq!(barrier.wait(), broken(BreakCause::Aborted));
    within(LIMIT, "the one that does not act is told at once", || {
        while !threads.iter().any(std::thread::JoinHandle::is_finished) {
            std::thread::yield_now();
        }
    });
    go.set();
    within(LIMIT, "so is the one that acts, afterwards", || {
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), broken(BreakCause::Aborted));
        }
    });
    barrier.reset();
    let other = std::thread::spawn({
        let barrier = Arc::clone(&barrier);
        move || barrier.wait()
    });
    assert!(within(LIMIT, "it is as new", || barrier.wait()).is_ok());
    assert!(other.join().expect("no panic").is_ok());
}

#[test]
fn members_may_be_replaced() {
    let barrier = Barrier::new(2);
    let (stays, leaves) = (barrier.join(), barrier.join());
    drop(leaves);
    assert!(!barrier.is_broken(), "nobody waits");
    let comes = barrier.join();
    std::thread::scope(|scope| {
        scope.spawn(move || assert!(comes.wait().is_ok()));
        assert!(within(LIMIT, "the new one comes", || stays.wait()).is_ok());
    });
    assert_eq!(stays.wait_timeout(LIMIT), broken(BreakCause::PartyLeft), "the new one has left");
    assert!(std::ptr::eq(stays.barrier(), &raw const barrier));
    drop(stays);
    assert!(barrier.is_broken());
    barrier.reset();
    assert!(!barrier.is_broken());
}

#[test]
fn a_panic_that_was_under_way_before_is_none_of_the_members() {
    struct WaitsWhenDropped<'a>(&'a Barrier);
    impl Drop for WaitsWhenDropped<'_> {
        fn drop(&mut self) {
            drop(self.0.join());
        }
    }
    let barrier = Barrier::new(1);
    panic_text(|| {
        let _cleanup = WaitsWhenDropped(&barrier);
        panic!("before it joined");
    });
    assert!(!barrier.is_broken());
}
