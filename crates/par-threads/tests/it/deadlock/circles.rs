//! Circles of threads that hold locks and wait for locks: all are explained.

use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_threads::deadlock;
use par_threads::{Condvar, Mutex, MutexGuard, ReentrantMutex, RwLock, RwLockUpgradableReadGuard};

use super::{LIMIT, deadlock_of, panic_of, reports_of, spawn, until, waits};

#[test]
fn two_mutexes_in_opposite_order_are_explained_at_once_by_names_and_lines() {
    let (one, two) = (Mutex::new(()), Mutex::new(()));
    let both_hold = Barrier::new(2);
    let begun = Instant::now();
    let (left, right) = within(LIMIT, "two threads that wait for each other", || {
        scope(|s| {
            let left = spawn(s, "left", || {
                panic_of(|| {
                    let _one = one.lock();
                    both_hold.wait();
                    drop(two.lock());
                })
            });
            let right = spawn(s, "right", || {
                panic_of(|| {
                    let _two = two.lock();
                    both_hold.wait();
                    drop(one.lock());
                })
            });
            (left.join().expect("caught"), right.join().expect("caught"))
        })
    });
    assert!(begun.elapsed() < Duration::from_secs(1), "explained, not timed out");
    let text = match (&left, &right) {
        (Some(text), None) | (None, Some(text)) => text,
        both => panic!("one of the two goes on: {both:?}"),
    };
    let report = deadlock_of("left");
    assert_eq!(&report.to_string(), text, "the panic says what the report says");
    assert!(text.starts_with("deadlock: 2 threads wait for each other\n  thread `"), "{text}");
    for participant in &report.participants {
        let [held] = &participant.holds[..] else { panic!("each holds one: {text}") };
        assert!(participant.wants.at.file().ends_with("circles.rs"));
        // The barrier is on the line in between.
        assert_eq!(participant.wants.at.line(), held.at.line() + 2, "{text}");
        assert!(text.contains(&format!("taken at {}", held.at)), "{text}");
        let other = report.participants.iter().find(|other| other.thread != participant.thread);
        assert_eq!(participant.wants.resource, other.expect("there are two").holds[0].resource);
    }
    assert!(!one.is_locked() && !two.is_locked(), "unwinding has released everything");
}

#[test]
fn three_in_a_ring() {
    let locks = [(); 3].map(|()| Mutex::new(()));
    let all_hold = Barrier::new(3);
    let panics: Vec<_> = within(LIMIT, "a ring of three", || {
        scope(|s| {
            let threads: Vec<_> = (0..3)
                .map(|index| {
                    let (locks, all_hold) = (&locks, &all_hold);
                    spawn(s, &format!("ring-{index}"), move || {
                        panic_of(|| {
                            let _mine = locks[index].lock();
                            all_hold.wait();
                            drop(locks[(index + 1) % 3].lock());
                        })
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().expect("caught")).collect()
        })
    });
    assert_eq!(panics.len(), 1, "{panics:?}");
    assert!(panics[0].starts_with("deadlock: 3 threads"), "{panics:?}");
    assert_eq!(deadlock_of("ring-0").participants.len(), 3);
}

#[test]
fn a_thread_that_locks_what_it_holds() {
    let text = within(LIMIT, "a thread that waits for itself", || {
        scope(|s| {
            let alone = spawn(s, "alone", || {
                let mutex = Mutex::new(1);
                let guard = mutex.lock();
                let text = panic_of(|| mutex.lock());
                assert_eq!(*guard, 1, "it is still held");
                drop(guard);
                assert!(mutex.try_lock().is_some());
                text
            });
            alone.join().expect("caught")
        })
    });
    let text = text.expect("it would wait for ever");
    assert!(text.starts_with("deadlock: thread `alone` waits for itself\n"), "{text}");
}

#[test]
fn a_writer_and_an_upgrade_wait_for_their_own_reader() {
    let lock = RwLock::new(0);
    within(LIMIT, "a thread that reads and wants to write", || {
        let reader = lock.read();
        let text = panic_of(|| lock.write()).expect("it would wait for ever");
        assert!(text.contains("(write)") && text.contains("(read) taken at"), "{text}");
        let upgradable = lock.upgradable_read();
        let text = panic_of(|| RwLockUpgradableReadGuard::upgrade(upgradable));
        assert!(text.expect("it would wait for ever").contains("(upgrade)"));
        drop(reader);
        *lock.write() += 1;
        let upgradable = lock.upgradable_read();
        assert!(panic_of(|| lock.upgradable_read()).is_some(), "there is one already: it waits for itself");
        *RwLockUpgradableReadGuard::upgrade(upgradable) += 1;
        let writer = lock.write();
        assert!(panic_of(|| lock.read()).is_some(), "the writer reads");
        drop(writer);
        assert_eq!(*lock.read(), 2, "released, after all of this");
    });
}

#[test]
fn a_reader_that_reads_again_behind_a_writer() {
    let lock = RwLock::new(0);
    let text = within(LIMIT, "a reader behind a writer behind the reader", || {
        scope(|s| {
            let first = lock.read();
            let writer = spawn(s, "writer", || *lock.write() = 1);
            while lock.try_read().is_some() {
                std::thread::yield_now();
            }
            let reader = spawn(s, "twice", || panic_of(|| drop(lock.read())));
            // Not a deadlock yet: the first reader may go.
            until("the second reader waits", || waits("twice"));
            assert!(reports_of("twice").is_empty());
            let text = panic_of(|| lock.read());
            drop(first);
            writer.join().expect("it writes");
            assert_eq!(reader.join().expect("caught"), None);
            text
        })
    });
    let text = text.expect("it would wait for ever");
    assert!(text.contains("thread `writer` waits for rwlock") && text.contains("(write)"), "{text}");
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn two_readers_that_each_stand_behind_a_writer_that_waits_for_the_other() {
    let locks = [RwLock::new(()), RwLock::new(())];
    let both_read = Barrier::new(2);
    let panics = within(LIMIT, "readers and writers crosswise", || {
        scope(|s| {
            let readers: Vec<_> = (0..2)
                .map(|index| {
                    let (locks, both_read) = (&locks, &both_read);
                    spawn(s, &format!("cross-{index}"), move || {
                        panic_of(|| {
                            let _mine = locks[index].read();
                            both_read.wait();
                            while locks[1 - index].try_read().is_some() {
                                std::thread::yield_now();
                            }
                            drop(locks[1 - index].read());
                        })
                    })
                })
                .collect();
            until("both read", || locks.iter().all(RwLock::is_locked));
            let writers: Vec<_> =
                locks.iter().map(|lock| spawn(s, "crosswise", || drop(lock.write()))).collect();
            let panics: Vec<_> =
                readers.into_iter().filter_map(|reader| reader.join().expect("caught")).collect();
            for writer in writers {
                writer.join().expect("it goes on");
            }
            panics
        })
    });
    assert_eq!(panics.len(), 1, "{panics:?}");
    assert!(panics[0].starts_with("deadlock: 4 threads"), "{panics:?}");
}

#[test]
fn a_wait_on_a_condvar_needs_its_mutex_back() {
    let (mutex, changed, other) = (Mutex::new(false), Condvar::new(), Mutex::new(()));
    let text = within(LIMIT, "a notified waiter without its mutex", || {
        scope(|s| {
            let waiter = spawn(s, "waiter", || {
                let _other = other.lock();
                let mut guard = mutex.lock();
                // The timeout ends the wait, not the one for the mutex.
                changed.wait_while_for(&mut guard, |go| !*go, LIMIT).timed_out()
            });
            until("the waiter waits", || waits("waiter"));
            let mut guard = mutex.lock();
            *guard = true;
            changed.notify_one();
            let text = panic_of(|| other.lock());
            drop(guard);
            assert!(!waiter.join().expect("it goes on"));
            text
        })
    });
    assert!(text.expect("it would wait for ever").contains("thread `waiter` waits for mutex"));
}

#[test]
fn reentrant_locks_count_for_others() {
    let (mutex, reentrant) = (Mutex::new(()), ReentrantMutex::new(()));
    let both_hold = Barrier::new(2);
    let panics = within(LIMIT, "a mutex and a reentrant one", || {
        scope(|s| {
            let one = spawn(s, "owner", || {
                panic_of(|| {
                    let _outer = reentrant.lock();
                    drop(reentrant.lock());
                    both_hold.wait();
                    let _again = reentrant.lock();
                    drop(mutex.lock());
                })
            });
            let two = spawn(s, "other", || {
                panic_of(|| {
                    let _mutex = mutex.lock();
                    both_hold.wait();
                    drop(reentrant.lock());
                })
            });
            [one.join().expect("caught"), two.join().expect("caught")]
        })
    });
    assert_eq!(panics.iter().flatten().count(), 1, "{panics:?}");
}

#[test]
fn the_relocking_of_an_unlocked_guard_is_reported_and_not_broken() {
    // Neither of the two threads ever ends; the guard must be locked again.
    static LOCKS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];
    let (say, said) = channel();
    let detached = |name: &str, f: Box<dyn FnOnce() + Send>| {
        Builder::new().name(name.to_owned()).spawn(f).expect("threads start");
    };
    detached(
        "unlocker",
        Box::new(move || {
            let _other = LOCKS[0].lock();
            let mut guard = LOCKS[1].lock();
            MutexGuard::unlocked(&mut guard, || {
                say.send(()).expect("the test listens");
                until("the taker waits", || waits("taker"));
            });
        }),
    );
    said.recv().expect("the unlocker says it");
    detached(
        "taker",
        Box::new(|| {
            let _mutex = LOCKS[1].lock();
            drop(LOCKS[0].lock());
        }),
    );
    within(LIMIT, "the report", || until("the report", || !reports_of("unlocker").is_empty()));
    assert_eq!(deadlock_of("unlocker").participants.len(), 2);
    assert!(waits("unlocker") && waits("taker"));
}

#[test]
fn who_waits_is_listed_while_it_waits() {
    let mutex = Mutex::new(());
    within(LIMIT, "a list of one", || {
        scope(|s| {
            let guard = mutex.lock();
            let thread = spawn(s, "listed", || drop(mutex.lock()));
            until("the waiting thread", || waits("listed"));
            let all = deadlock::waits();
            let one = all.iter().find(|one| one.thread == "listed").expect("it still waits");
            assert!(one.to_string().starts_with("thread `listed` waits for mutex #"), "{one}");
            drop(guard);
            thread.join().expect("it goes on");
            assert!(!waits("listed"));
        });
    });
}
