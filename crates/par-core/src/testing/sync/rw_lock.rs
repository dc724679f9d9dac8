//! Read-write locks, which `threading` lacks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::held::{
    BRIEF, Held, PATIENCE, eventually, hold, is_woken, let_wait, on_threads, panics, times_out,
};

/// A lock that many readers have at a time, or else one writer, as the suite sees it: it runs code while it is held, so
/// an adapter can keep a guard meanwhile.
pub trait RwLock: Send + Sync + 'static {
    /// Waits until it may read, and runs `f` meanwhile.
    fn read(&self, f: &mut dyn FnMut());
    /// Runs `f` as a reader if that is possible now; whether it was.
    fn try_read(&self, f: &mut dyn FnMut()) -> bool;
    /// Runs `f` as a reader if that is possible within that time; whether it was.
    fn read_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool;
    /// Waits until it may write, and runs `f` meanwhile.
    fn write(&self, f: &mut dyn FnMut());
    /// Runs `f` as the writer if that is possible now; whether it was.
    fn try_write(&self, f: &mut dyn FnMut()) -> bool;
    /// Runs `f` as the writer if that is possible within that time; whether it was.
    fn write_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool;
}

/// Checks everything that a read-write lock does; `make` makes one that is free.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_rw_lock<L: RwLock>(make: impl Fn() -> L) -> Held {
    hold(
        "read-write lock",
        &[
            ("it runs what it is given, once", &|| runs(&make())),
            ("readers read side by side", &|| reads_together(&make())),
            ("nobody reads or writes beside a writer, and nobody writes beside a reader", &|| {
                excludes(&make());
            }),
            ("a wait for it ends when its time is up, and runs nothing", &|| gives_up(&make())),
            ("a writer that gave up keeps no reader out", &|| leaves_nothing_behind(&make())),
            ("all who wait for a writer get it when it is free", &|| hands_over(&make(), L::write)),
            ("all who wait for a reader get it when it is free", &|| hands_over(&make(), L::read)),
            ("a panic under it leaves it free", &|| survives_panics(&make())),
            ("readers that follow each other without a gap do not starve a writer", &|| lets_write(&make())),
            ("nothing is lost, and nobody sees half of a change", &|| counts(&make())),
        ],
    )
}

fn runs(lock: &impl RwLock) {
    let mut runs = 0;
    let mut run = || runs += 1;
    lock.read(&mut run);
    lock.write(&mut run);
    assert!(lock.try_read(&mut run) && lock.try_write(&mut run), "it is free");
    assert!(lock.read_timeout(Duration::ZERO, &mut run) && lock.write_timeout(Duration::ZERO, &mut run));
    assert!(
        lock.read_timeout(Duration::MAX, &mut run) && lock.write_timeout(Duration::MAX, &mut run),
        "a timeout past the end of the clock is none"
    );
    assert_eq!(runs, 8);
}

fn reads_together(lock: &impl RwLock) {
    let inside = AtomicUsize::new(0);
    on_threads(3, |number| {
        let mut meet = || {
            inside.fetch_add(1, SeqCst);
            eventually("all three are inside", || inside.load(SeqCst) == 3);
        };
        match number {
            0 => lock.read(&mut meet),
            1 => assert!(lock.try_read(&mut meet), "nobody writes"),
            _ => assert!(lock.read_timeout(PATIENCE, &mut meet), "nobody writes"),
        }
    });
}

/// Whether another thread may read now, and whether it may write.
fn another_tries(lock: &impl RwLock) -> (bool, bool) {
    on_threads(1, |_| (lock.try_read(&mut || ()), lock.try_write(&mut || ())))[0]
}

const FREE: (bool, bool) = (true, true);
const READ: (bool, bool) = (true, false);
const WRITTEN: (bool, bool) = (false, false);

fn excludes(lock: &impl RwLock) {
    lock.write(&mut || assert_eq!(another_tries(lock), WRITTEN));
    assert_eq!(another_tries(lock), FREE);
    assert!(lock.try_write(&mut || assert_eq!(another_tries(lock), WRITTEN)));
    assert!(lock.write_timeout(PATIENCE, &mut || assert_eq!(another_tries(lock), WRITTEN)));
    lock.read(&mut || assert_eq!(another_tries(lock), READ));
    assert_eq!(another_tries(lock), FREE);
    assert!(lock.try_read(&mut || assert_eq!(another_tries(lock), READ)));
    assert!(lock.read_timeout(PATIENCE, &mut || assert_eq!(another_tries(lock), READ)));
    assert_eq!(another_tries(lock), FREE);
}

fn gives_up(lock: &impl RwLock) {
    let reads = |brief| lock.read_timeout(brief, &mut || panic!("another thread writes"));
    let writes = |brief| lock.write_timeout(brief, &mut || panic!("another thread has it"));
    lock.write(&mut || {
        assert!(!on_threads(1, |_| times_out(reads))[0]);
        assert!(!on_threads(1, |_| times_out(writes))[0]);
    });
    assert_eq!(another_tries(lock), FREE, "the waits that ended hold nothing");
    lock.read(&mut || assert!(!on_threads(1, |_| times_out(writes))[0]));
    assert_eq!(another_tries(lock), FREE, "the waits that ended hold nothing");
}

fn leaves_nothing_behind(lock: &impl RwLock) {
    for _ in 0..3 {
        lock.read(&mut || {
            let coming = AtomicUsize::new(0);
            on_threads(2, |number| {
                if number == 0 {
                    coming.fetch_add(1, SeqCst);
                    assert!(!lock.write_timeout(5 * BRIEF, &mut || ()), "another thread reads");
                } else {
                    let_wait(&coming, 1);
                    is_woken(|patience| lock.read_timeout(patience, &mut || ()));
                }
            });
            assert_eq!(another_tries(lock), READ, "nobody waits to write any more");
        });
    }
}

/// Two readers and two writers wait for `holds`, one of each without a timeout.
fn hands_over<L: RwLock>(lock: &L, holds: fn(&L, &mut dyn FnMut())) {
    for _ in 0..20 {
        let (coming, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        on_threads(5, |number| {
            if number == 0 {
                return holds(lock, &mut || let_wait(&coming, 4));
            }
            // The first one holds it, so that the others wait.
            eventually("it is held", || !lock.try_write(&mut || ()));
            coming.fetch_add(1, SeqCst);
            let mut pass = || _ = passed.fetch_add(1, SeqCst);
            match number {
                1 => lock.read(&mut pass),
                2 => lock.write(&mut pass),
                3 => is_woken(|patience| lock.read_timeout(patience, &mut pass)),
                _ => is_woken(|patience| lock.write_timeout(patience, &mut pass)),
            }
        });
        assert_eq!(passed.load(SeqCst), 4);
    }
}

fn survives_panics<L: RwLock>(lock: &L) {
    for enter in [L::read, L::write] {
        let panicked = panics(|| enter(lock, &mut || std::panic::resume_unwind(Box::new("under the lock"))));
        assert!(panicked, "the panic goes on");
        assert_eq!(another_tries(lock), FREE, "nobody holds it");
    }
}

/// Each reader stays until the next has come, so there is always one; if none can come, for a writer waits, it goes.
fn lets_write(lock: &impl RwLock) {
    let (entered, written) = (AtomicUsize::new(0), AtomicBool::new(false));
    on_threads(3, |number| {
        if number == 0 {
            eventually("readers follow each other", || entered.load(SeqCst) > 10);
            let wrote = lock.write_timeout(PATIENCE, &mut || ());
            // First of all the readers must end.
            written.store(true, SeqCst);
            assert!(wrote, "readers have starved the writer");
            return;
        }
        while !written.load(SeqCst) {
            lock.read(&mut || {
                let (mine, since) = (entered.fetch_add(1, SeqCst) + 1, Instant::now());
                while entered.load(SeqCst) == mine && !written.load(SeqCst) && since.elapsed() < 10 * BRIEF {
                    std::thread::yield_now();
                }
            });
        }
    });
}

fn counts(lock: &impl RwLock) {
    const TIMES: usize = 1_000;
    // A change takes several steps, so that two at a time would lose something, and a reader would see the middle.
    let (one, other) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_threads(4, |number| {
        for time in 0..TIMES {
            if number % 2 == 0 {
                lock.read(&mut || assert_eq!(one.load(SeqCst), other.load(SeqCst), "half of a change"));
                continue;
            }
            lock.write(&mut || {
                let before = one.load(SeqCst);
                one.store(before + 1, SeqCst);
                if time % 100 == 0 {
                    std::thread::yield_now();
                }
                other.store(before + 1, SeqCst);
            });
        }
    });
    assert_eq!((one.load(SeqCst), other.load(SeqCst)), (2 * TIMES, 2 * TIMES));
}
