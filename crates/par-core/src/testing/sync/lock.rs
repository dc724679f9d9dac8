//! Locks: TH-12.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::held::{Held, hold, is_woken, on_threads, panics, times_out};

/// A lock, as the suite sees it: it runs code while it is held, so an adapter can keep a guard meanwhile.
pub trait Lock: Send + Sync + 'static {
    /// Waits for the lock and runs `f` under it.
    fn with(&self, f: &mut dyn FnMut());
    /// Runs `f` under the lock if it is free; whether it was.
    fn try_with(&self, f: &mut dyn FnMut()) -> bool;
    /// Runs `f` under the lock if it is free within that time; whether it was.
    fn with_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool;
    /// Whether somebody holds it.
    fn is_locked(&self) -> bool;
}

/// Checks everything that a lock does; `make` makes one that is free.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_lock<L: Lock>(make: impl Fn() -> L) -> Held {
    hold(
        "lock",
        &[
            ("it runs what it is given, once", &|| runs(&make())),
            ("another thread does not get in while it is held", &|| excludes(&make())),
            ("a wait for it ends when its time is up, and runs nothing", &|| gives_up(&make())),
            ("who waits gets it when it is free", &|| hands_over(&make())),
            ("it says whether it is held", &|| says(&make())),
            ("a panic under it leaves it free", &|| survives_panics(&make())),
            ("one at a time, and nothing is lost", &|| counts(&make())),
        ],
    )
}

pub(super) fn runs(lock: &impl Lock) {
    let mut runs = 0;
    lock.with(&mut || runs += 1);
    assert!(lock.try_with(&mut || runs += 1));
    assert!(lock.with_timeout(Duration::ZERO, &mut || runs += 1));
    assert!(
        lock.with_timeout(Duration::MAX, &mut || runs += 1),
        "a timeout past the end of the clock is none"
    );
    assert_eq!(runs, 4);
}

/// What another thread gets: `true` if it got in.
pub(super) fn another_tries(lock: &impl Lock) -> bool {
    on_threads(1, |_| lock.try_with(&mut || ()))[0]
}

fn excludes(lock: &impl Lock) {
    lock.with(&mut || assert!(!another_tries(lock), "it is held"));
    assert!(another_tries(lock), "it is free again");
    assert!(lock.try_with(&mut || assert!(!another_tries(lock), "it is held")));
    assert!(another_tries(lock), "it is free again");
}

pub(super) fn gives_up(lock: &impl Lock) {
    lock.with(&mut || {
        let late = |brief| lock.with_timeout(brief, &mut || panic!("it is held by another thread"));
        assert!(!on_threads(1, |_| times_out(late))[0]);
    });
    assert!(another_tries(lock), "the wait that ended holds nothing");
}

pub(super) fn hands_over(lock: &impl Lock) {
    for _ in 0..100 {
        let inside = AtomicUsize::new(0);
        let enter = || assert_eq!(inside.fetch_add(1, SeqCst), 0, "another one is inside");
        on_threads(3, |number| {
            let mut run = || {
                enter();
                std::thread::yield_now();
                inside.fetch_sub(1, SeqCst);
            };
            if number == 0 {
                lock.with(&mut run);
            } else {
                is_woken(|patience| lock.with_timeout(patience, &mut run));
            }
        });
    }
}

pub(super) fn says(lock: &impl Lock) {
    assert!(!lock.is_locked());
    lock.with(&mut || {
        assert!(lock.is_locked(), "this thread holds it");
        assert!(on_threads(1, |_| lock.is_locked())[0], "another thread holds it");
    });
    assert!(lock.try_with(&mut || assert!(lock.is_locked())) && !lock.is_locked());
}

pub(super) fn survives_panics(lock: &impl Lock) {
    let panicked = panics(|| lock.with(&mut || std::panic::resume_unwind(Box::new("under the lock"))));
    assert!(panicked, "the panic goes on");
    assert!(another_tries(lock), "nobody holds it");
}

pub(super) fn counts(lock: &impl Lock) {
    const THREADS: usize = 4;
    const TIMES: usize = 2_000;
    // Read and written in two steps, so that two at a time would lose something.
    let count = AtomicUsize::new(0);
    on_threads(THREADS, |_| {
        for time in 0..TIMES {
            lock.with(&mut || {
                let before = count.load(SeqCst);
                if time % 100 == 0 {
                    std::thread::yield_now();
                }
                count.store(before + 1, SeqCst);
            });
        }
    });
    assert_eq!(count.load(SeqCst), THREADS * TIMES);
}
