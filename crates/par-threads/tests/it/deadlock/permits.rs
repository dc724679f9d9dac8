//! Permits of semaphores: as locks where there is one, and as one of several where there are more.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread::scope;

use par_core::testing::within;
use par_threads::deadlock::ReportKind;
use par_threads::{BoundedSemaphore, Mutex, Semaphore};

use super::{LIMIT, deadlock_of, panic_of, reports_of, reports_of_kind, spawn, until, wait_of, waits};

#[test]
fn the_only_permit_and_a_lock_are_explained_by_names_and_lines() {
    let (mutex, semaphore) = (Mutex::new(()), Semaphore::new(1));
    let both_hold = Barrier::new(2);
    let panics = within(LIMIT, "a permit and a lock", || {
        scope(|s| {
            let permit = spawn(s, "permit", || {
                panic_of(|| {
                    let _permit = semaphore.acquire();
                    both_hold.wait();
                    drop(mutex.lock());
                })
            });
            let lock = spawn(s, "lock", || {
                panic_of(|| {
                    let _guard = mutex.lock();
                    both_hold.wait();
                    drop(semaphore.acquire());
                })
            });
            [permit.join().expect("caught"), lock.join().expect("caught")]
        })
    });
    assert_eq!(panics.iter().flatten().count(), 1, "{panics:?}");
    let report = deadlock_of("permit");
    for one in &report.participants {
        let [held] = &one.holds[..] else { panic!("each holds one: {report}") };
        assert_eq!(one.wants.at.line(), held.at.line() + 2, "{report}");
        let (wants, holds) = if one.thread == "lock" { (one.wants.clone(), held.clone()) } else { continue };
        assert!(
            wants.resource.starts_with("semaphore #") && holds.resource.starts_with("mutex #"),
            "{report}"
        );
        assert!(wants.at.file().ends_with("permits.rs"));
    }
    assert_eq!((report.participants.len(), semaphore.available()), (2, 1), "{report}");
    // An inversion, too: at another time nothing would have hung.
    assert!(reports_of_kind("permit", ReportKind::LockOrder).len() <= 1);
}

#[test]
fn who_takes_the_only_permit_twice_waits_for_itself() {
    let panics = within(LIMIT, "a permit that is held", || {
        scope(|s| {
            let alone = spawn(s, "greedy for permits", || {
                let (semaphore, bounded) = (Arc::new(Semaphore::new(1)), BoundedSemaphore::new(2));
                let permit = semaphore.acquire();
                let again = panic_of(|| semaphore.acquire());
                let owned = panic_of(|| semaphore.acquire_owned());
                drop(permit);
                let _three = [bounded.acquire(), bounded.acquire()];
                [again, owned, panic_of(|| bounded.acquire())]
            });
            alone.join().expect("caught")
        })
    });
    for text in panics {
        let text = text.expect("it would wait for ever");
        assert!(text.starts_with("deadlock: thread `greedy for permits` waits for itself\n"), "{text}");
    }
}

#[test]
fn several_permits_whose_holders_are_all_stuck() {
    let (mutex, semaphore) = (Mutex::new(()), Semaphore::new(2));
    let all_hold = Barrier::new(3);
    let panics = within(LIMIT, "two permits and a lock", || {
        scope(|s| {
            let holders = [0, 1].map(|index| {
                let (mutex, semaphore, all_hold) = (&mutex, &semaphore, &all_hold);
                spawn(s, &format!("holder-{index}"), move || {
                    panic_of(|| {
                        let _permit = semaphore.acquire();
                        all_hold.wait();
                        drop(mutex.lock());
                    })
                })
            });
            let third = spawn(s, "third", || {
                panic_of(|| {
                    let _guard = mutex.lock();
                    all_hold.wait();
                    drop(semaphore.acquire());
                })
            });
            let mut panics: Vec<_> = holders.map(|holder| holder.join().expect("caught")).into();
            panics.push(third.join().expect("caught"));
            panics
        })
    });
    assert_eq!(panics.iter().flatten().count(), 1, "{panics:?}");
    let report = deadlock_of("third");
    assert_eq!(report.participants.len(), 3, "all three are shown: {report}");
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn one_holder_that_is_free_is_enough() {
    let (mutex, semaphore) = (Mutex::new(()), Semaphore::new(2));
    within(LIMIT, "a free holder", || {
        scope(|s| {
            let (free, gate) = channel::<()>();
            let holder = {
                let semaphore = &semaphore;
                spawn(s, "free holder", move || {
                    let _permit = semaphore.acquire();
                    gate.recv().expect("it is told");
                })
            };
            until("the permit is taken", || semaphore.available() == 1);
            let third = spawn(s, "waits for one", || {
                let _guard = mutex.lock();
                until("the other holder waits", || waits("stuck holder"));
                drop(semaphore.acquire());
            });
            let stuck = spawn(s, "stuck holder", || {
                let _permit = semaphore.acquire();
                until("the lock is taken", || mutex.is_locked());
                drop(mutex.lock());
            });
            until("both wait", || waits("waits for one") && waits("stuck holder"));
            free.send(()).expect("it listens");
            for thread in [holder, third, stuck] {
                thread.join().expect("nobody panics");
            }
        });
    });
    assert_eq!(reports_of_kind("waits for one", ReportKind::Deadlock), []);
    assert!(!waits("waits for one") && !waits("stuck holder"));
}

#[test]
fn where_permits_are_released_by_hand_nothing_is_certain() {
    let (mutex, semaphore) = (Mutex::new(()), Semaphore::new(0));
    semaphore.release(1);
    within(LIMIT, "a release by hand", || {
        scope(|s| {
            let other = spawn(s, "for the one who waits", || {
                let _permit = semaphore.acquire();
                until("the lock is taken", || mutex.is_locked());
                drop(mutex.lock());
            });
            until("the permit is taken", || semaphore.available() == 0);
            let waiter = spawn(s, "for a release", || {
                let _guard = mutex.lock();
                drop(semaphore.acquire());
            });
            until("nobody owns it", || !reports_of_kind("for a release", ReportKind::Stall).is_empty());
            // A circle, but anybody may bring a permit.
            semaphore.release(1);
            waiter.join().expect("it is released");
            other.join().expect("it goes on");
        });
    });
    assert_eq!(reports_of_kind("for a release", ReportKind::Deadlock), []);
    let [stall] = &reports_of("for a release")[..] else { panic!("one stall") };
    let text = stall.to_string();
    assert!(text.starts_with("stall: thread `for a release` waits"), "{text}");
    assert!(text.contains("waits for semaphore #") && text.contains("`for the one who waits`"), "{text}");
}

#[test]
fn a_permit_that_travels_has_no_owner_until_it_is_back() {
    let (mutex, semaphore) = (Mutex::new(()), Arc::new(Semaphore::new(1)));
    within(LIMIT, "an owned permit", || {
        scope(|s| {
            let owned = semaphore.acquire_owned();
            let waiter = spawn(s, "for an owned one", || {
                let _guard = mutex.lock();
                drop(semaphore.acquire());
            });
            until("it waits", || waits("for an owned one"));
            let releaser = spawn(s, "brings it back", move || drop(owned));
            // It holds the lock, and this thread no permit, however it was taken.
            drop(mutex.lock());
            waiter.join().expect("it gets the permit");
            releaser.join().expect("it does not panic");
        });
        assert_eq!(reports_of_kind("for an owned one", ReportKind::Deadlock), []);
        // Now that it is back everything is known again.
        let _permit = semaphore.acquire();
        assert!(panic_of(|| semaphore.acquire()).is_some());
    });
}

#[test]
fn a_permit_in_two_orders_is_an_inversion_if_it_is_the_only_one() {
    for (permits, expected) in [(1, 1), (2, 0)] {
        let (mutex, semaphore) = (Mutex::new(()), Semaphore::new(permits));
        let name = format!("orders of {permits}");
        within(LIMIT, "two orders", || {
            scope(|s| {
                let thread = spawn(s, &name, || {
                    {
                        let _guard = mutex.lock();
                        drop(semaphore.acquire());
                    }
                    let _permit = semaphore.acquire();
                    drop(mutex.lock());
                });
                thread.join().expect("nothing hangs");
            });
        });
        let reports = reports_of_kind(&name, ReportKind::LockOrder);
        assert_eq!(reports.len(), expected, "{reports:?}");
        assert!(reports.iter().all(|report| report.to_string().contains("semaphore #")), "{reports:?}");
    }
}

#[test]
fn a_wait_for_a_permit_is_listed_with_its_line() {
    let semaphore = Semaphore::new(1);
    within(LIMIT, "a list of one", || {
        scope(|s| {
            let permit = semaphore.acquire();
            let thread = spawn(s, "listed for a permit", || drop(semaphore.acquire()));
            until("the waiting thread", || waits("listed for a permit"));
            let one = wait_of("listed for a permit").expect("it still waits");
            assert!(one.wants.resource.starts_with("semaphore #"), "{one}");
            assert!(one.wants.at.file().ends_with("permits.rs") && one.holds.is_empty(), "{one}");
            drop(permit);
            thread.join().expect("it goes on");
        });
    });
    assert!(!waits("listed for a permit"));
}
