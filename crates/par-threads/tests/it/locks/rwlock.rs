use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use par_core::testing::within;
use par_threads::{RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};

use super::{LIMIT, MOMENT};

#[test]
fn readers_share_and_a_writer_is_alone() {
    let lock = RwLock::new((0_u64, 0_u64));
    within(LIMIT, "readers and writers", || {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let mut pair = lock.write();
                        pair.0 += 1;
                        pair.1 += 1;
                    }
                });
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let pair = lock.read();
                        assert_eq!(pair.0, pair.1, "a writer is in the middle of it");
                    }
                });
            }
        });
    });
    assert_eq!(lock.into_inner(), (4_000, 4_000));
}

#[test]
fn attempts_see_who_is_there() {
    let lock = RwLock::new(5);
    let reader = lock.read();
    assert_eq!(lock.try_read().as_deref(), Some(&5));
    assert!(lock.try_read_for(MOMENT).is_some() && lock.try_read_until(Instant::now()).is_some());
    assert!(lock.is_locked() && !lock.is_locked_exclusive());
    assert!(lock.try_write().is_none());
    assert!(lock.try_write_for(MOMENT).is_none() && lock.try_write_until(Instant::now()).is_none());
    RwLockReadGuard::unlock_fair(reader);
    let writer = lock.write();
    assert!(lock.is_locked_exclusive());
    assert!(lock.try_read().is_none() && lock.try_read_for(MOMENT).is_none());
    assert!(lock.try_upgradable_read().is_none() && lock.try_upgradable_read_for(MOMENT).is_none());
    RwLockWriteGuard::unlock_fair(writer);
    assert!(lock.try_write_for(MOMENT).is_some());
}

#[test]
fn an_upgradable_reader_is_alone_of_its_kind_and_becomes_the_writer() {
    let lock = RwLock::new(1);
    let one = lock.upgradable_read();
    assert!(lock.try_upgradable_read().is_none(), "there is one already");
    let reader = lock.try_read().expect("readers may come");
    let one = RwLockUpgradableReadGuard::try_upgrade(one).expect_err("somebody reads");
    let one = RwLockUpgradableReadGuard::try_upgrade_for(one, MOMENT).expect_err("still");
    let one = RwLockUpgradableReadGuard::try_upgrade_until(one, Instant::now()).expect_err("still");
    drop(reader);
    let mut writer = RwLockUpgradableReadGuard::upgrade(one);
    *writer += 1;
    let one = RwLockWriteGuard::downgrade_to_upgradable(writer);
    assert_eq!(lock.try_read().as_deref(), Some(&2));
    let reader = RwLockUpgradableReadGuard::downgrade(one);
    RwLockUpgradableReadGuard::unlock_fair(lock.upgradable_read());
    drop(reader);
    let reader = RwLockWriteGuard::downgrade(lock.write());
    assert!(lock.try_read().is_some() && lock.try_write().is_none());
    drop(reader);
    let writer = RwLockUpgradableReadGuard::try_upgrade(lock.upgradable_read()).expect("nobody reads");
    drop(writer);
    assert!(!lock.is_locked());
}

#[test]
fn an_upgrade_waits_for_the_readers() {
    let (lock, go) = (RwLock::new(0), AtomicBool::new(false));
    let (say, said) = channel();
    within(LIMIT, "the upgrade", || {
        thread::scope(|scope| {
            scope.spawn(|| {
                let reader = lock.read();
                say.send(()).expect("the test listens");
                while !go.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                assert_eq!(*reader, 0, "nobody writes while it is read");
            });
            said.recv().expect("the reader says it");
            let guard = lock.upgradable_read();
            go.store(true, Ordering::Release);
            *RwLockUpgradableReadGuard::upgrade(guard) = 1;
        });
    });
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn readers_stand_behind_a_writer_that_waits() {
    let lock = RwLock::new(0);
    within(LIMIT, "the writer", || {
        thread::scope(|scope| {
            let reader = lock.read();
            scope.spawn(|| *lock.write() = 1);
            while lock.try_read().is_some() {
                thread::yield_now();
            }
            drop(reader);
        });
    });
    assert_eq!(*lock.read(), 1);
}

#[test]
fn while_the_upgradable_guard_is_out_a_writer_keeps_no_reader_out() {
    let lock = RwLock::new(0);
    let upgradable = lock.upgradable_read();
    thread::scope(|scope| {
        let writer = scope.spawn(|| lock.try_write_for(MOMENT).is_some());
        while !writer.is_finished() {
            assert!(lock.try_read().is_some());
        }
        assert!(!writer.join().expect("it does not panic"));
    });
    assert_eq!(*RwLockUpgradableReadGuard::upgrade(upgradable), 0);
}

#[test]
fn parts_and_words() {
    let lock = RwLock::from((1, "one".to_owned()));
    assert_eq!(*RwLockReadGuard::map(lock.read(), |pair| &pair.1), "one");
    *RwLockWriteGuard::map(lock.write(), |pair| &mut pair.0) += 1;
    assert_eq!(format!("{lock:?}"), "RwLock { data: (2, \"one\") }");
    let writer = lock.write();
    assert_eq!(format!("{lock:?} {writer:?}"), "RwLock { data: <locked> } (2, \"one\")");
    drop(writer);
    let mut lock = lock;
    lock.get_mut().0 = 3;
    assert_eq!(lock.read().0, 3);
    assert_eq!(RwLock::<u8>::default().into_inner(), 0);
}
