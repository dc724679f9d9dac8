//! Barriers whose missing members wait for those that have come.

use std::sync::mpsc::channel;
use std::thread::scope;
use std::time::Duration;

use par_core::testing::within;
use par_core::{BreakCause, BrokenBarrier};
use par_threads::deadlock::ReportKind;
use par_threads::{Barrier, Mutex, thread};

use super::{LIMIT, deadlock_of, panic_of, reports_of_kind, spawn, until, wait_of, waits};

const HOPELESS: BrokenBarrier = BrokenBarrier { cause: BreakCause::WouldDeadlock };

#[test]
fn a_wait_that_comes_last_breaks_the_barrier() {
    let (mutex, barrier) = (Mutex::new(()), Barrier::new(3));
    let [one, two, three] = [barrier.join(), barrier.join(), barrier.join()];
    within(LIMIT, "a member that locks what another one holds", || {
        scope(|s| {
            let locker = spawn(s, "late member", || {
                let member = one;
                member.wait().expect("all come for the first time");
                until("the lock is taken", || mutex.is_locked());
                drop(mutex.lock());
                member.wait()
            });
            let bystander = spawn(s, "early member", || {
                let member = two;
                member.wait().expect("all come for the first time");
                member.wait()
            });
            let holder = spawn(s, "holding member", || {
                let member = three;
                member.wait().expect("all come for the first time");
                let _guard = mutex.lock();
                until("the others wait", || waits("late member") && waits("early member"));
                member.wait()
            });
            assert_eq!(holder.join().expect("it is told"), Err(HOPELESS));
            assert_eq!(bystander.join().expect("it is told"), Err(HOPELESS));
            assert_eq!(locker.join().expect("it gets the lock, and is told"), Err(HOPELESS));
        });
    });
    let report = deadlock_of("holding member");
    let text = report.to_string();
    assert!(text.starts_with("deadlock: 2 threads wait for each other\n"), "{text}");
    assert!(text.contains("thread `holding member` waits for barrier #"), "{text}");
    assert!(
        text.contains("(2 of 3 came)") && text.contains("thread `late member` waits for mutex #"),
        "{text}"
    );
    assert_eq!(text.matches("barriers.rs:").count(), 3, "two waits and a hold: {text}");
    assert!(HOPELESS.to_string().contains("report of the deadlock explainer"), "{HOPELESS}");
}

#[test]
fn a_lock_that_comes_last_panics_and_its_party_breaks_the_barrier() {
    let (mutex, barrier) = (Mutex::new(()), Barrier::new(2));
    let (mine, other) = (barrier.join(), barrier.join());
    within(LIMIT, "a member that locks what another one holds", || {
        scope(|s| {
            let holder = spawn(s, "holds and comes", || {
                let member = mine;
                member.wait().expect("both come for the first time");
                let _guard = mutex.lock();
                member.wait()
            });
            let locker = spawn(s, "locks and comes", || {
                panic_of(|| {
                    let member = other;
                    member.wait().expect("both come for the first time");
                    let held = || wait_of("holds and comes").is_some_and(|one| !one.holds.is_empty());
                    until("the other one waits", held);
                    drop(mutex.lock());
                })
            });
            let text = locker.join().expect("caught").expect("it would wait for ever");
            assert!(text.contains("(1 of 2 came)"), "{text}");
            let broken = Err(BrokenBarrier { cause: BreakCause::PartyPanicked });
            assert_eq!(holder.join().expect("it is told"), broken);
        });
    });
    assert_eq!(deadlock_of("holds and comes").participants.len(), 2);
}

#[test]
fn an_action_that_locks_what_a_party_holds() {
    let mutex = std::sync::Arc::new(Mutex::new(()));
    let inner = std::sync::Arc::clone(&mutex);
    let barrier = Barrier::new(2).action(move || drop(inner.lock()));
    within(LIMIT, "an action that waits for a party", || {
        scope(|s| {
            let party = spawn(s, "has come", || {
                let _guard = mutex.lock();
                barrier.wait()
            });
            until("it waits", || waits("has come"));
            let text = panic_of(|| barrier.wait()).expect("it would wait for ever");
            assert!(text.contains("thread `has come` waits for barrier #"), "{text}");
            let broken = Err(BrokenBarrier { cause: BreakCause::ActionPanicked });
            assert_eq!(party.join().expect("it is told"), broken);
        });
    });
}

#[test]
fn a_join_of_a_party_that_waits_for_the_joiner() {
    let barrier = std::sync::Arc::new(Barrier::new(2));
    let inner = std::sync::Arc::clone(&barrier);
    let mine = barrier.join();
    let joined = thread::Builder::new().name("joined party").spawn(move || {
        let member = inner.join();
        member.wait().expect("both come for the first time");
        member.wait()
    });
    let joined = joined.expect("threads start");
    within(LIMIT, "a join of one that waits", || {
        mine.wait().expect("both come for the first time");
        // Or the barrier's wait comes last, and breaks it.
        match panic_of(|| joined.join()) {
            Some(text) => {
                assert!(text.contains("the end of thread `joined party`"), "{text}");
                barrier.abort();
            }
            None => assert!(barrier.is_broken()),
        }
    });
    assert_eq!(deadlock_of("joined party").participants.len(), 2);
}

#[test]
fn parties_that_nobody_knows_are_a_stall() {
    let (mutex, barrier) = (Mutex::new(()), Barrier::new(2));
    let (mine, other) = (barrier.join(), barrier.join());
    within(LIMIT, "a barrier that fills late", || {
        scope(|s| {
            let (go, gate) = channel::<()>();
            let comes = spawn(s, "came alone", || {
                let member = mine;
                let _guard = mutex.lock();
                member.wait().map(drop)
            });
            until("it waits", || waits("came alone"));
            let one = wait_of("came alone").expect("it still waits");
            assert!(one.wants.resource.ends_with("(1 of 2 came)"), "{one}");
            let wants = spawn(s, "wants its lock", || drop(mutex.lock()));
            until("a report", || !reports_of_kind("came alone", ReportKind::Stall).is_empty());
            let late = spawn(s, "comes late", move || {
                gate.recv().expect("it is told");
                other.wait().map(drop)
            });
            go.send(()).expect("it listens");
            assert_eq!(comes.join().expect("a slice is no timeout"), Ok(()));
            assert_eq!(late.join().expect("it comes"), Ok(()));
            wants.join().expect("it gets the lock");
        });
    });
    let [stall] = &reports_of_kind("came alone", ReportKind::Stall)[..] else { panic!("one stall") };
    assert_eq!(stall.participants.len(), 2, "{stall}");
    assert_eq!(reports_of_kind("came alone", ReportKind::Deadlock), []);
    assert!(!waits("came alone") && !barrier.is_broken());
}

#[test]
fn a_party_with_a_timeout_ends_it_for_all() {
    let (mutex, barrier) = (Mutex::new(()), Barrier::new(3));
    let [one, two, three] = [barrier.join(), barrier.join(), barrier.join()];
    let timed_out = Err(BrokenBarrier { cause: BreakCause::TimedOut });
    within(LIMIT, "a timeout", || {
        scope(|s| {
            let brief = spawn(s, "brief party", || {
                one.wait().expect("all come for the first time");
                one.wait_timeout(Duration::from_millis(700)).map(drop)
            });
            let locks = spawn(s, "locking party", || {
                two.wait().expect("all come for the first time");
                until("the lock is taken", || mutex.is_locked());
                drop(mutex.lock());
                two.wait().map(drop)
            });
            let holds = spawn(s, "patient party", || {
                three.wait().expect("all come for the first time");
                let _guard = mutex.lock();
                // The brief one has come.
                until("two are missing", || barrier.waiting() == 1 || barrier.is_broken());
                three.wait().map(drop)
            });
            for party in [brief, locks, holds] {
                assert_eq!(party.join().expect("no panic"), timed_out);
            }
        });
    });
    assert_eq!(reports_of_kind("patient party", ReportKind::Deadlock), []);
}
