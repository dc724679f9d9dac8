//! Permits as values, and what semaphores refuse.

use std::sync::Arc;
use std::time::Duration;

use par_core::ReleasedTooOften;
use par_core::testing::within;
use par_threads::{BoundedSemaphore, OwnedPermit, Permit, Semaphore};

use crate::{LIMIT, panic_text};

#[test]
fn a_permit_gives_itself_back_even_in_a_panic() {
    let semaphore = Semaphore::new(2);
    let kept = semaphore.acquire();
    let panicked = std::panic::catch_unwind(|| {
        let _permit = semaphore.acquire();
        assert_eq!(semaphore.available(), 0);
        std::panic::resume_unwind(Box::new("with a permit"));
    });
    assert!(panicked.is_err());
    assert_eq!(semaphore.available(), 1);
    drop(kept);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_forgotten_permit_is_out_of_circulation() {
    let semaphore = Arc::new(Semaphore::new(3));
    semaphore.acquire().forget();
    semaphore.acquire_owned().forget();
    assert_eq!(semaphore.available(), 1);
    assert_eq!(Arc::strong_count(&semaphore), 1, "an owned permit that is forgotten lets its semaphore go");
    semaphore.release(2);
    assert_eq!(semaphore.available(), 3);
}

#[test]
fn an_owned_permit_travels_and_keeps_its_semaphore() {
    fn travels<T: Send + Sync + 'static>(_: &T) {}
    let semaphore = Arc::new(BoundedSemaphore::new(1));
    let permit = semaphore.acquire_owned();
    travels(&permit);
    assert!(semaphore.try_acquire_owned().is_none());
    assert!(semaphore.acquire_owned_timeout(Duration::from_millis(5)).is_none());
    let waiter = std::thread::spawn({
        let semaphore = Arc::clone(&semaphore);
        move || drop(semaphore.acquire_owned())
    });
    let carrier = std::thread::spawn(move || drop(permit));
    within(LIMIT, "the permit comes back on another thread", || {
        carrier.join().expect("it does not panic");
        waiter.join().expect("it does not panic");
    });
    let last: OwnedPermit = semaphore.try_acquire_owned().expect("it is free");
    let watch = Arc::downgrade(&semaphore);
    drop(semaphore);
    assert!(watch.upgrade().is_some(), "the permit keeps it");
    drop(last);
    assert!(watch.upgrade().is_none());
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = semaphore.acquire_owned_timeout(Duration::ZERO).expect("it is free");
    assert!(semaphore.try_acquire_owned().is_none());
    drop(permit);
    assert!(semaphore.try_acquire_owned().is_some());
}

#[test]
fn others_may_look_at_a_permit() {
    fn looks<T: Sync>(_: &T) {}
    looks(&Semaphore::new(1).acquire());
}

#[test]
fn a_permit_that_was_released_by_hand_adds_nothing() {
    let semaphore = BoundedSemaphore::new(2);
    let permit = semaphore.acquire();
    assert_eq!(semaphore.release(1), Ok(()));
    drop(permit);
    assert_eq!(semaphore.available(), 2);
    let error = ReleasedTooOften { released: 1, available: 2, limit: 2 };
    assert_eq!(semaphore.release(1), Err(error));
    assert!(error.to_string().contains("cannot release 1 more"));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let text = panic_text(|| assert_eq!(BoundedSemaphore::new(0).limit(), 0));
    assert!(text.contains("lets nobody in"), "{text}");
    let text = panic_text(|| Semaphore::new(usize::MAX).release(0));
    assert!(text.contains("MAX_PERMITS"), "{text}");
    let full = Semaphore::new(Semaphore::MAX_PERMITS);
    full.release(0);
    let text = panic_text(|| full.release(1));
    assert!(text.contains("more than a semaphore counts"), "{text}");
    let text = panic_text(|| full.release(usize::MAX));
    assert!(text.contains("more than a semaphore counts"), "{text}");
    assert_eq!(full.available(), Semaphore::MAX_PERMITS);
    assert!(full.try_acquire().map(Permit::forget).is_some());
    full.release(1);
    assert_eq!(full.available(), Semaphore::MAX_PERMITS);
}

#[test]
fn they_say_what_they_are() {
    static SEMAPHORE: Semaphore = Semaphore::new(3);
    static BOUNDED: BoundedSemaphore = BoundedSemaphore::new(3);
    let permit = SEMAPHORE.acquire();
    assert_eq!(format!("{SEMAPHORE:?} {permit:?}"), "Semaphore { available: 2, .. } Permit { .. }");
    let _other = BOUNDED.acquire();
    assert_eq!(format!("{BOUNDED:?}"), "BoundedSemaphore { available: 2, limit: 3, .. }");
}
