//! Latches: doors that open once.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::held::{Held, hold, is_woken, let_wait, on_threads, times_out};

/// A door that opens when it was counted down to zero, as the suite sees it.
pub trait Latch: Send + Sync + 'static {
    /// So many steps down, but never below zero.
    fn count_down_by(&self, steps: usize);
    /// Waits until it is open, at most so long if a time is given; whether it is.
    fn wait(&self, timeout: Option<Duration>) -> bool;
    /// How many steps are missing.
    fn remaining(&self) -> usize;
}

/// Checks everything that a latch does; `make` makes one that opens after so many steps.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_latch<L: Latch>(make: impl Fn(usize) -> L) -> Held {
    hold(
        "latch",
        &[
            ("it opens at zero and stays open", &|| counts(&make(3))),
            ("of no steps, it is open", &|| assert!(make(0).wait(None) && make(0).remaining() == 0)),
            ("steps past zero change nothing", &|| saturates(&make(2))),
            ("a wait ends when its time is up, and says so", &|| gives_up(&make(1))),
            ("who waits without a timeout is woken", &|| wakes(|| make(1))),
            ("it wakes all who wait, and not before the last step", &|| wakes_all(|| make(4))),
            ("who arrives and waits meets all others", &|| meets(|| make(5))),
        ],
    )
}

fn counts(latch: &impl Latch) {
    for left in (0..3).rev() {
        assert!(!latch.wait(Some(Duration::ZERO)), "it is not open yet");
        latch.count_down_by(1);
        assert_eq!(latch.remaining(), left);
    }
    assert!(latch.wait(None) && latch.wait(Some(Duration::ZERO)) && latch.wait(Some(Duration::MAX)));
}

fn saturates(latch: &impl Latch) {
    latch.count_down_by(0);
    assert_eq!(latch.remaining(), 2);
    latch.count_down_by(usize::MAX);
    latch.count_down_by(1);
    assert_eq!(latch.remaining(), 0);
    assert!(latch.wait(None));
}

fn gives_up(latch: &impl Latch) {
    assert!(!times_out(|brief| latch.wait(Some(brief))), "a step is missing");
    assert_eq!(latch.remaining(), 1, "the wait counts nothing");
}

fn wakes<L: Latch>(make: impl Fn() -> L) {
    for _ in 0..100 {
        let latch = make();
        on_threads(2, |number| if number == 0 { assert!(latch.wait(None)) } else { latch.count_down_by(1) });
    }
}

fn wakes_all<L: Latch>(make: impl Fn() -> L) {
    for _ in 0..20 {
        let (latch, coming, steps) = (make(), AtomicUsize::new(0), AtomicUsize::new(0));
        on_threads(6, |number| {
            if number < 2 {
                let_wait(&coming, 4);
                for _ in 0..2 {
                    steps.fetch_add(1, SeqCst);
                    latch.count_down_by(1);
                }
            } else {
                coming.fetch_add(1, SeqCst);
                is_woken(|patience| latch.wait(Some(patience)));
                assert_eq!(steps.load(SeqCst), 4, "it opened too early");
            }
        });
    }
}

fn meets<L: Latch>(make: impl Fn() -> L) {
    for _ in 0..50 {
        let (latch, came) = (make(), AtomicUsize::new(0));
        on_threads(5, |_| {
            came.fetch_add(1, SeqCst);
            latch.count_down_by(1);
            is_woken(|patience| latch.wait(Some(patience)));
            assert_eq!(came.load(SeqCst), 5);
        });
    }
}
