//! Events and latches: statics, refusals, and many at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use par_core::testing::within;
use par_threads::{Event, Latch};

use crate::{LIMIT, panic_text};

#[test]
fn they_live_in_statics() {
    static EVENT: Event = Event::new();
    static LATCH: Latch = Latch::new(2);
    let thread = std::thread::spawn(|| {
        EVENT.wait();
        LATCH.arrive_and_wait();
    });
    EVENT.set();
    within(LIMIT, "both arrive", || {
        LATCH.arrive_and_wait();
        thread.join().expect("it does not panic");
    });
    assert_eq!(format!("{EVENT:?} {LATCH:?}"), "Event { is_set: true, .. } Latch { remaining: 0, .. }");
    assert!(!Event::default().is_set());
}

#[test]
fn a_latch_has_a_largest_count() {
    let largest = usize::MAX / 2;
    assert_eq!(Latch::new(largest).remaining(), largest);
    let text = panic_text(|| Latch::new(largest + 1).wait());
    assert!(text.contains("at most to half"), "{text}");
}

#[test]
fn waits_that_give_up_leave_nothing_behind() {
    let (event, late) = (Event::new(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..50 {
                    if !event.wait_timeout(Duration::from_micros(50)) {
                        late.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(late.load(Ordering::Relaxed), 150);
    event.set();
    within(LIMIT, "it is set", || event.wait());
}
