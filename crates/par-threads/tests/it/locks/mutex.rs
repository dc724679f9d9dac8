use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_threads::{Mutex, MutexGuard};

use super::{LIMIT, MOMENT};

#[test]
#[cfg(not(feature = "deadlock-detection"))]
fn a_lock_is_no_larger_than_what_it_is_made_of() {
    use std::mem::size_of;

    use par_threads::{ReentrantMutex, RwLock};

    assert_eq!(size_of::<Mutex<u64>>(), size_of::<parking_lot::Mutex<u64>>());
    assert_eq!(size_of::<Mutex<()>>(), 1);
    assert_eq!(size_of::<RwLock<u64>>(), size_of::<parking_lot::RwLock<u64>>());
    assert_eq!(size_of::<ReentrantMutex<u64>>(), size_of::<parking_lot::ReentrantMutex<u64>>());
    assert_eq!(size_of::<par_threads::Condvar>(), size_of::<parking_lot::Condvar>());
    assert_eq!(size_of::<MutexGuard<'_, u64>>(), size_of::<parking_lot::MutexGuard<'_, u64>>());
    assert_eq!(
        size_of::<par_threads::RwLockReadGuard<'_, u64>>(),
        size_of::<parking_lot::RwLockReadGuard<'_, u64>>()
    );
}

#[test]
fn one_thread_at_a_time() {
    static COUNT: Mutex<(u64, u64)> = Mutex::new((0, 0));
    within(LIMIT, "four threads that count", || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let mut count = COUNT.lock();
                        assert_eq!(count.0, count.1, "somebody else is in the middle of it");
                        count.0 += 1;
                        count.1 += 1;
                    }
                });
            }
        });
    });
    assert_eq!(*COUNT.lock(), (20_000, 20_000));
}

#[test]
fn attempts_fail_while_another_thread_has_the_lock() {
    let mutex = Mutex::new(1);
    let guard = mutex.lock();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(mutex.is_locked());
            assert!(mutex.try_lock().is_none());
            let begun = Instant::now();
            assert!(mutex.try_lock_for(MOMENT).is_none());
            assert!(begun.elapsed() >= MOMENT);
            assert!(mutex.try_lock_until(Instant::now() + MOMENT).is_none());
            assert!(mutex.try_lock_for(Duration::ZERO).is_none());
        });
    });
    drop(guard);
    assert!(!mutex.is_locked());
    assert_eq!(mutex.try_lock().as_deref(), Some(&1));
    assert_eq!(mutex.try_lock_for(Duration::MAX).as_deref(), Some(&1), "past the end of the clock");
    assert_eq!(mutex.try_lock_until(Instant::now()).as_deref(), Some(&1), "free, however late it is");
    let mut mutex = mutex;
    *mutex.get_mut() += 1;
    assert_eq!(mutex.into_inner(), 2);
}

#[test]
fn a_timed_attempt_succeeds_when_the_lock_becomes_free() {
    let mutex = Mutex::new(());
    let guard = mutex.lock();
    within(LIMIT, "the attempt", || {
        thread::scope(|scope| {
            let attempt = scope.spawn(|| mutex.try_lock_for(LIMIT).is_some());
            MutexGuard::unlock_fair(guard);
            assert!(attempt.join().expect("it does not panic"));
        });
    });
}

#[test]
fn a_panic_releases_the_lock_and_leaves_what_it_did() {
    let mutex = Mutex::new(vec![1, 2]);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut half = mutex.lock();
        half.clear();
        std::panic::resume_unwind(Box::new("in the middle: expected here"));
    }));
    assert!(panic.is_err());
    assert!(mutex.lock().is_empty(), "no poison, and no way back either");
}

#[test]
fn a_guard_that_is_unlocked_lets_others_in_and_comes_back_even_after_a_panic() {
    let mutex = Mutex::new(1);
    let mut guard = mutex.lock();
    MutexGuard::unlocked(&mut guard, || {
        within(LIMIT, "another thread", || thread::scope(|scope| scope.spawn(|| *mutex.lock() = 2).join()))
            .expect("it does not panic");
    });
    assert_eq!(*guard, 2);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        MutexGuard::unlocked(&mut guard, || std::panic::resume_unwind(Box::new("expected here")));
    }));
    assert!(panic.is_err());
    assert!(mutex.is_locked(), "the guard is still there");
    drop(guard);
    assert!(!mutex.is_locked());
}

#[test]
fn a_part_of_the_value_keeps_the_whole_locked() {
    let mutex = Mutex::new((1, String::from("two")));
    let mut text = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    text.push('!');
    assert!(mutex.is_locked());
    assert_eq!(format!("{text:?} {text}"), "\"two!\" two!");
    drop(text);
    assert_eq!(mutex.lock().1, "two!");
}

#[test]
fn a_mutex_shows_its_value_or_that_it_is_locked() {
    let mutex: Mutex<i32> = Mutex::from(7);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 7 }");
    let guard = mutex.lock();
    assert_eq!(format!("{guard} {guard:?}"), "7 7");
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
    drop(guard);
    assert_eq!(Mutex::<i32>::default().into_inner(), 0);
}

#[test]
fn a_mutex_may_hold_what_has_no_size() {
    let boxed: Box<Mutex<[u8]>> = Box::new(Mutex::new([1, 2, 3]));
    boxed.lock()[0] = 9;
    assert_eq!(*boxed.lock(), [9, 2, 3]);
}
