//! Reentrant locks: TH-13.

use super::held::{Held, hold, on_threads};
use super::lock::{self, Lock, another_tries};

/// Checks everything that a reentrant lock does; `make` makes one that is free.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_reentrant_lock<L: Lock>(make: impl Fn() -> L) -> Held {
    hold(
        "reentrant lock",
        &[
            ("it runs what it is given, once", &|| lock::runs(&make())),
            ("its holder gets in again, however it asks", &|| enters_again(&make())),
            ("another thread gets in only after the last unlock", &|| excludes_to_the_last(&make())),
            ("a wait for it ends when its time is up, and runs nothing", &|| lock::gives_up(&make())),
            ("who waits gets it when it is free", &|| lock::hands_over(&make())),
            ("it says whether it is held", &|| lock::says(&make())),
            ("a panic under it, however deep, leaves it free", &|| survives_deep_panics(&make())),
            ("one at a time, and nothing is lost", &|| lock::counts(&make())),
            ("one at a time, however deep", &|| counts_deep(&make())),
        ],
    )
}

/// Runs `f` under the lock, taken `depth` times.
fn nested(lock: &impl Lock, depth: usize, f: &mut dyn FnMut()) {
    if depth == 0 {
        f();
    } else {
        lock.with(&mut || nested(lock, depth - 1, f));
    }
}

fn enters_again(lock: &impl Lock) {
    let mut runs = 0;
    nested(lock, 100, &mut || {
        runs += 1;
        assert!(lock.try_with(&mut || runs += 1));
        assert!(lock.with_timeout(std::time::Duration::ZERO, &mut || runs += 1));
    });
    assert_eq!(runs, 3);
    assert!(another_tries(lock), "it is free again");
}

fn excludes_to_the_last(lock: &impl Lock) {
    lock.with(&mut || {
        lock.with(&mut || {
            lock.with(&mut || assert!(!another_tries(lock), "it is held three times"));
            assert!(!another_tries(lock), "it is held twice");
        });
        assert!(!another_tries(lock), "it is held once");
    });
    assert!(another_tries(lock), "it is free again");
}

fn survives_deep_panics(lock: &impl Lock) {
    lock::survives_panics(lock);
    let panicked = super::held::panics(|| {
        nested(lock, 3, &mut || std::panic::resume_unwind(Box::new("under the lock")));
    });
    assert!(panicked && another_tries(lock), "nobody holds it");
}

fn counts_deep(lock: &impl Lock) {
    let inside = std::sync::atomic::AtomicUsize::new(0);
    on_threads(3, |number| {
        for depth in 1..100 {
            nested(lock, depth % 4 + 1, &mut || {
                inside.store(number, std::sync::atomic::Ordering::SeqCst);
                std::thread::yield_now();
                assert_eq!(inside.load(std::sync::atomic::Ordering::SeqCst), number, "another one is inside");
            });
        }
    });
}
