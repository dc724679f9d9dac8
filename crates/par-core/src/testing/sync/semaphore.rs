//! Semaphores: TH-15 and TH-16.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::held::{Held, PATIENCE, eventually, hold, is_woken, let_wait, on_threads, times_out};
use crate::ReleasedTooOften;

/// A count of permits, as the suite sees it: what it acquires it releases by hand.
pub trait Semaphore: Send + Sync + 'static {
    /// Takes a permit, and waits for one.
    fn acquire(&self);
    /// Takes a permit if there is one.
    fn try_acquire(&self) -> bool;
    /// Takes a permit, and waits at most so long for one.
    fn acquire_timeout(&self, timeout: Duration) -> bool;
    /// Adds so many permits.
    fn release(&self, count: usize);
    /// How many are free.
    fn available(&self) -> usize;
}

/// A semaphore that refuses to have more permits than it began with.
///
/// Its [`release`](Semaphore::release) is only called where it is allowed.
pub trait BoundedSemaphore: Semaphore {
    /// Gives back so many permits.
    ///
    /// # Errors
    /// [`ReleasedTooOften`], and nothing has changed.
    fn try_release(&self, count: usize) -> Result<(), ReleasedTooOften>;
}

/// Checks everything that a semaphore does; `make` makes one with so many permits.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_semaphore<S: Semaphore>(make: impl Fn(usize) -> S) -> Held {
    hold(
        "semaphore",
        &[
            ("as many go on as there are permits", &|| counts(&make(3))),
            ("a wait for a permit ends when its time is up, and takes nothing", &|| gives_up(&make(0))),
            ("a timeout of zero takes what is there", &|| needs_no_time(&make(1))),
            ("permits that nobody acquired can be released", &|| signals(&make(0))),
            ("releasing none changes nothing", &|| releases_none(&make(1))),
            ("who waits without a timeout is woken", &|| wakes(&make(0))),
            ("a release of n lets n of those who wait go on, and no more", &|| wakes_n(&make(0))),
            ("a wait that has timed out costs nobody else a permit", &|| late_costs_nothing(&make(0))),
            ("never more inside than permits, and none is lost", &|| limits(&make(3), 3)),
            ("a thousand handovers between producers and consumers", &|| hands_over(&make(0))),
        ],
    )
}

/// Checks everything that a bounded semaphore does; `make` makes one with so many permits, never 0.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_bounded_semaphore<S: BoundedSemaphore>(make: impl Fn(usize) -> S) -> Held {
    let taken = |permits| {
        let semaphore = make(permits);
        (0..permits).for_each(|_| semaphore.acquire());
        semaphore
    };
    hold(
        "bounded semaphore",
        &[
            ("as many go on as there are permits", &|| counts(&make(3))),
            ("a wait for a permit ends when its time is up, and takes nothing", &|| gives_up(&taken(1))),
            ("a timeout of zero takes what is there", &|| needs_no_time(&make(1))),
            ("who waits without a timeout is woken", &|| wakes(&taken(1))),
            ("a release of n lets n of those who wait go on, and no more", &|| wakes_n(&taken(4))),
            ("never more inside than permits, and none is lost", &|| limits(&make(3), 3)),
            ("releasing more than was acquired is an error and changes nothing", &|| refuses(&make(2))),
            ("of many who release one permit, one succeeds", &|| refuses_all_but_one(&make(5))),
        ],
    )
}

fn counts(semaphore: &impl Semaphore) {
    for free in (0..3).rev() {
        assert!(semaphore.try_acquire(), "there is a permit");
        assert_eq!(semaphore.available(), free);
    }
    assert!(!semaphore.try_acquire(), "there is none");
    semaphore.release(2);
    assert_eq!(semaphore.available(), 2);
    semaphore.acquire();
    assert!(semaphore.acquire_timeout(PATIENCE), "there is one");
    assert_eq!(semaphore.available(), 0);
}

fn gives_up(semaphore: &impl Semaphore) {
    assert!(!times_out(|brief| semaphore.acquire_timeout(brief)), "there is none");
    assert_eq!(semaphore.available(), 0);
    semaphore.release(1);
    assert!(semaphore.try_acquire(), "the wait that ended holds nothing");
}

fn needs_no_time(semaphore: &impl Semaphore) {
    assert!(semaphore.acquire_timeout(Duration::ZERO));
    assert!(!semaphore.acquire_timeout(Duration::ZERO));
    semaphore.release(1);
    assert!(semaphore.acquire_timeout(Duration::MAX), "a timeout past the end of the clock is none");
}

fn signals(semaphore: &impl Semaphore) {
    semaphore.release(3);
    semaphore.release(2);
    assert_eq!(semaphore.available(), 5);
    assert!((0..5).all(|_| semaphore.try_acquire()) && !semaphore.try_acquire());
}

fn releases_none(semaphore: &impl Semaphore) {
    semaphore.release(0);
    assert_eq!(semaphore.available(), 1);
}

fn wakes(semaphore: &impl Semaphore) {
    for _ in 0..100 {
        on_threads(2, |number| if number == 0 { semaphore.acquire() } else { semaphore.release(1) });
    }
    assert_eq!(semaphore.available(), 0);
}

fn wakes_n(semaphore: &impl Semaphore) {
    let [coming, released, passed] = [(); 3].map(|()| AtomicUsize::new(0));
    on_threads(5, |number| {
        if number > 0 {
            let before = Instant::now();
            coming.fetch_add(1, SeqCst);
            assert!(
                semaphore.acquire_timeout(2 * PATIENCE) && before.elapsed() < 2 * PATIENCE,
                "it was not woken"
            );
            let place = passed.fetch_add(1, SeqCst);
            assert!(place < released.load(SeqCst), "more have passed than were released");
            return;
        }
        let_wait(&coming, 4);
        for (count, total) in [(1, 1), (2, 3), (1, 4)] {
            released.fetch_add(count, SeqCst);
            semaphore.release(count);
            eventually("as many pass as were released", || passed.load(SeqCst) == total);
        }
    });
    assert_eq!(semaphore.available(), 0);
}

fn late_costs_nothing(semaphore: &impl Semaphore) {
    const THREADS: usize = 4;
    const ROUNDS: usize = 200;
    // Half of them give up so soon that wake-ups meet those who are leaving.
    let taken: usize = on_threads(THREADS, |number| {
        let timeout = Duration::from_micros(if number % 2 == 0 { 50 } else { 200 });
        (0..ROUNDS)
            .filter(|_| {
                semaphore.release(1);
                std::thread::yield_now();
                semaphore.acquire_timeout(timeout)
            })
            .count()
    })
    .into_iter()
    .sum();
    assert_eq!(taken + semaphore.available(), THREADS * ROUNDS, "what was not taken is still there");
}

fn limits(semaphore: &impl Semaphore, permits: usize) {
    let (inside, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    on_threads(2 * permits + 1, |_| {
        for _ in 0..200 {
            is_woken(|patience| semaphore.acquire_timeout(patience));
            let now = inside.fetch_add(1, SeqCst) + 1;
            assert!(now <= permits, "{now} are inside");
            total.fetch_add(1, SeqCst);
            std::thread::yield_now();
            inside.fetch_sub(1, SeqCst);
            semaphore.release(1);
        }
    });
    assert_eq!(total.load(SeqCst), 200 * (2 * permits + 1));
    assert_eq!(semaphore.available(), permits, "every permit is back");
}

fn hands_over(semaphore: &impl Semaphore) {
    let made = AtomicUsize::new(0);
    on_threads(4, |number| {
        for _ in 0..250 {
            if number < 2 {
                made.fetch_add(1, SeqCst);
                semaphore.release(2);
            } else {
                is_woken(|patience| semaphore.acquire_timeout(patience));
                is_woken(|patience| semaphore.acquire_timeout(patience));
                assert!(made.load(SeqCst) > 0);
            }
        }
    });
    assert_eq!(semaphore.available(), 0);
}

fn refuses(semaphore: &impl BoundedSemaphore) {
    let too_many = |released, available| Err(ReleasedTooOften { released, available, limit: 2 });
    assert_eq!(semaphore.try_release(1), too_many(1, 2));
    semaphore.acquire();
    assert_eq!(semaphore.try_release(2), too_many(2, 1));
    assert_eq!(semaphore.try_release(usize::MAX), too_many(usize::MAX, 1));
    assert_eq!(semaphore.available(), 1, "nothing has changed");
    assert_eq!(semaphore.try_release(0), Ok(()));
    assert_eq!(semaphore.try_release(1), Ok(()));
    assert_eq!(semaphore.available(), 2);
}

fn refuses_all_but_one(semaphore: &impl BoundedSemaphore) {
    for _ in 0..50 {
        semaphore.acquire();
        let released = on_threads(4, |_| semaphore.try_release(1).is_ok());
        assert_eq!(released.into_iter().filter(|released| *released).count(), 1);
        assert_eq!(semaphore.available(), 5);
    }
}
