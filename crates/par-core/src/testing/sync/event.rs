//! Events: TH-17.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::held::{BRIEF, Held, eventually, hold, is_woken, let_wait, on_threads, times_out};

/// A flag that threads wait for, as the suite sees it.
pub trait Event: Send + Sync + 'static {
    /// Sets the flag and wakes all.
    fn set(&self);
    /// Takes the flag away.
    fn clear(&self);
    /// Whether it is set.
    fn is_set(&self) -> bool;
    /// Waits until it is set, at most so long if a time is given; whether it was.
    fn wait(&self, timeout: Option<Duration>) -> bool;
}

/// Checks everything that an event does; `make` makes one that is not set.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_event<E: Event>(make: impl Fn() -> E) -> Held {
    hold(
        "event",
        &[
            ("it stays set until it is cleared", &|| stays(&make())),
            ("a wait ends when its time is up, and says so", &|| gives_up(&make())),
            ("who waits without a timeout is woken", &|| wakes(&make())),
            ("setting wakes all who wait", &|| wakes_all(&make())),
            ("who waits goes on even if the event is cleared at once", &|| survives_clear(&make())),
            ("two threads take turns by two events", &|| takes_turns(&make(), &make())),
        ],
    )
}

fn stays(event: &impl Event) {
    assert!(!event.is_set());
    assert!(!event.wait(Some(Duration::ZERO)));
    event.set();
    event.set();
    assert!(event.is_set() && event.wait(None) && event.wait(Some(Duration::ZERO)) && event.is_set());
    event.clear();
    event.clear();
    assert!(!event.is_set() && !event.wait(Some(Duration::ZERO)));
}

fn gives_up(event: &impl Event) {
    assert!(!times_out(|brief| event.wait(Some(brief))), "nobody has set it");
    event.set();
    assert!(event.wait(Some(Duration::MAX)));
    event.clear();
    assert!(!times_out(|brief| event.wait(Some(brief))), "it was cleared");
}

fn wakes(event: &impl Event) {
    for _ in 0..100 {
        on_threads(2, |number| if number == 0 { assert!(event.wait(None)) } else { event.set() });
        event.clear();
    }
}

fn wakes_all(event: &impl Event) {
    for _ in 0..20 {
        let coming = AtomicUsize::new(0);
        on_threads(5, |number| {
            if number == 0 {
                let_wait(&coming, 4);
                event.set();
            } else {
                coming.fetch_add(1, SeqCst);
                is_woken(|patience| event.wait(Some(patience)));
            }
        });
        event.clear();
    }
}

/// Nobody tells when a thread really waits, only that it is about to. So it is given time, and more each time it was not
/// enough; an event that forgets its waiters forgets them however long they wait.
fn survives_clear(event: &impl Event) {
    let (mut all_went_on, mut missed) = (0, 0);
    while all_went_on < 30 {
        let coming = AtomicUsize::new(0);
        let woken = on_threads(4, |number| {
            if number > 0 {
                coming.fetch_add(1, SeqCst);
                return event.wait(Some(10 * BRIEF));
            }
            eventually("all are on their way", || coming.load(SeqCst) == 3);
            let since = Instant::now();
            eventually("they have had time", || since.elapsed() > (missed + 1) * BRIEF / 4);
            event.set();
            event.clear();
            true
        });
        if woken.into_iter().all(|woken| woken) {
            all_went_on += 1;
        } else {
            missed += 1;
            assert!(missed < 5, "it was set, and not all who waited went on");
        }
    }
}

fn takes_turns<E: Event>(ping: &E, pong: &E) {
    let turns = AtomicUsize::new(0);
    ping.set();
    on_threads(2, |number| {
        let (mine, other) = if number == 0 { (ping, pong) } else { (pong, ping) };
        for round in 0..500 {
            is_woken(|patience| mine.wait(Some(patience)));
            mine.clear();
            assert_eq!(turns.fetch_add(1, SeqCst), 2 * round + number, "two have a turn at once");
            other.set();
        }
    });
}
