use std::cell::{Cell, RefCell};
use std::thread;
use std::time::Instant;

use par_core::testing::within;
use par_threads::{ReentrantMutex, ReentrantMutexGuard};

use super::{LIMIT, MOMENT};

#[test]
fn the_owner_locks_again_and_others_wait_for_its_last_guard() {
    let mutex = ReentrantMutex::new(Cell::new(0));
    let (first, second) = (mutex.lock(), mutex.lock());
    let third = mutex.try_lock().expect("it is this thread's");
    assert!(mutex.is_owned_by_current_thread());
    third.set(1);
    let elsewhere = || {
        thread::scope(|scope| {
            let see = || (mutex.is_owned_by_current_thread(), mutex.try_lock().is_some());
            scope.spawn(see).join().expect("it does not panic")
        })
    };
    assert_eq!(elsewhere(), (false, false));
    drop(first);
    drop(third);
    assert_eq!(elsewhere(), (false, false), "one guard is left");
    ReentrantMutexGuard::unlock_fair(second);
    assert_eq!(elsewhere(), (false, true));
    assert!(!mutex.is_locked());
    assert_eq!(mutex.into_inner().get(), 1);
}

fn descend(depths: &ReentrantMutex<RefCell<Vec<u32>>>, depth: u32) {
    let here = depths.lock();
    here.borrow_mut().push(depth);
    if depth < 50 {
        descend(depths, depth + 1);
    }
}

#[test]
fn a_call_on_top_of_a_call_sees_what_it_did() {
    let depths = ReentrantMutex::new(RefCell::new(Vec::new()));
    within(LIMIT, "two threads that descend", || {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| descend(&depths, 1));
            }
        });
    });
    let expected: Vec<_> = (1..=50).chain(1..=50).collect();
    assert_eq!(*depths.lock().borrow(), expected, "one after the other, never mixed");
}

#[test]
fn timed_attempts_end() {
    let mutex = ReentrantMutex::<u8>::default();
    let guard = mutex.lock();
    assert!(mutex.try_lock_for(MOMENT).is_some(), "again, by the owner");
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(mutex.try_lock_for(MOMENT).is_none());
            assert!(mutex.try_lock_until(Instant::now()).is_none());
            assert_eq!(format!("{mutex:?}"), "ReentrantMutex { data: <locked> }");
        });
    });
    assert_eq!(format!("{guard:?} {guard}"), "0 0");
}
