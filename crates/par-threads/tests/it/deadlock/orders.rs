//! Orders of locks that contradict each other: each is reported once, with both sides.

use std::thread;

use par_core::testing::within;
use par_threads::deadlock::{Report, ReportKind};
use par_threads::{Condvar, Mutex, ReentrantMutex, RwLock};

use super::{LIMIT, reports_of};

/// Runs this on a thread of that name, to its end; its inversions.
fn alone(name: &str, f: impl FnOnce() + Send) -> Vec<Report> {
    within(LIMIT, "a thread on its own", || {
        thread::scope(|scope| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, f);
            thread.expect("threads start").join().expect("it does not panic");
        });
    });
    let mut reports = reports_of(name);
    reports.retain(|report| report.kind == ReportKind::LockOrder);
    reports
}

#[test]
fn both_orders_are_told_once_with_all_four_lines() {
    let (one, two) = (Mutex::new(()), Mutex::new(()));
    let there = || {
        let _one = one.lock();
        drop(two.lock());
    };
    let back = || {
        let _two = two.lock();
        drop(one.lock());
    };
    assert_eq!(alone("there", there), []);
    assert_eq!(alone("there", there), []);
    let reports = alone("back", back);
    assert_eq!(alone("back", back), reports, "once is enough");
    assert_eq!(alone("there", there), reports);
    let [report] = &reports[..] else { panic!("one report: {reports:?}") };
    let [second, first] = &report.participants[..] else { panic!("two orders: {report}") };
    assert_eq!((&first.thread[..], &second.thread[..]), ("there", "back"));
    for side in [first, second] {
        let [held] = &side.holds[..] else { panic!("one lock was held: {report}") };
        assert_eq!(side.wants.at.line(), held.at.line() + 1, "{report}");
        assert!(side.wants.at.file().ends_with("orders.rs"));
    }
    assert_eq!(first.wants.resource, second.holds[0].resource);
    assert_eq!(second.wants.resource, first.holds[0].resource);
    let text = report.to_string();
    assert!(
        text.starts_with("lock order: two locks are taken in both orders\n  thread `back` took mutex #"),
        "{text}"
    );
    assert_eq!(text.matches("orders.rs:").count(), 4, "{text}");
}

#[test]
fn the_same_lines_are_told_once_however_many_locks_there_are() {
    let reports = alone("many", || {
        for _ in 0..100 {
            let pair = [Mutex::new(()), Mutex::new(())];
            for (first, second) in [(0, 1), (1, 0)] {
                let _first = pair[first].lock();
                drop(pair[second].lock());
            }
        }
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn a_ring_of_orders() {
    let locks = [(); 4].map(|()| Mutex::new(()));
    let reports = alone("ring of orders", || {
        for first in 0..4 {
            let _first = locks[first].lock();
            drop(locks[(first + 1) % 4].lock());
        }
    });
    let [report] = &reports[..] else { panic!("one report: {reports:?}") };
    assert!(report.to_string().starts_with("lock order: 4 locks"), "{report}");
}

#[test]
fn orders_that_can_do_no_harm_are_not_told() {
    let (one, two, gate) = (Mutex::new(()), Mutex::new(()), Mutex::new(()));
    let tries = alone("tries", || {
        let first = one.lock();
        drop(two.lock());
        drop(first);
        let _second = two.lock();
        drop(one.try_lock());
        drop(one.try_lock_for(LIMIT));
    });
    assert_eq!(tries, [], "an attempt does not wait for ever");

    let (one, two) = (Mutex::new(()), Mutex::new(()));
    let gated = alone("gated", || {
        for (first, second) in [(&one, &two), (&two, &one)] {
            let _gate = gate.lock();
            let _first = first.lock();
            drop(second.lock());
        }
    });
    assert_eq!(gated, [], "one lock keeps the two orders apart");

    let (left, right) = (RwLock::new(()), RwLock::new(()));
    let readers = alone("readers", || {
        for (first, second) in [(&left, &right), (&right, &left)] {
            let _first = first.read();
            drop(second.read());
        }
    });
    assert_eq!(readers, [], "readers let each other in");

    let (outer, inner) = (ReentrantMutex::new(()), Mutex::new(()));
    let again = alone("again", || {
        let _outer = outer.lock();
        let _inner = inner.lock();
        drop(outer.lock());
    });
    assert_eq!(again, [], "its owner does not wait for it");
}

#[test]
fn a_gate_that_is_left_open_once_keeps_nothing_apart() {
    let (one, two, gate) = (Mutex::new(()), Mutex::new(()), Mutex::new(()));
    let gated = alone("left open", || {
        for (first, second) in [(&one, &two), (&two, &one)] {
            let _gate = gate.lock();
            let _first = first.lock();
            drop(second.lock());
        }
    });
    assert_eq!(gated, []);
    let open = alone("left open", || {
        let _one = one.lock();
        drop(two.lock());
    });
    let [report] = &open[..] else { panic!("one report: {open:?}") };
    let [without, with] = &report.participants[..] else { panic!("two orders: {report}") };
    assert_eq!(
        without.wants.at.line(),
        without.holds[0].at.line() + 1,
        "the lines without the gate: {report}"
    );
    assert_eq!(without.wants.resource, with.holds[0].resource);
}

#[test]
fn a_reader_and_a_writer_in_two_orders_are_told() {
    let (left, right) = (RwLock::new(()), RwLock::new(()));
    let reports = alone("mixed", || {
        let first = left.read();
        drop(right.write());
        drop(first);
        let _second = right.read();
        drop(left.write());
    });
    let [report] = &reports[..] else { panic!("one report: {reports:?}") };
    assert!(report.to_string().contains("(write)") && report.to_string().contains("(read)"), "{report}");
}

#[test]
fn a_wait_on_a_condvar_takes_its_mutex_after_what_is_held_meanwhile() {
    let (mutex, held, changed) = (Mutex::new(()), Mutex::new(()), Condvar::new());
    let reports = alone("relocks", || {
        let mut guard = mutex.lock();
        let _held = held.lock();
        assert!(changed.wait_for(&mut guard, std::time::Duration::ZERO).timed_out());
    });
    assert_eq!(reports.len(), 1, "first mutex, then held; and then mutex once more: {reports:?}");
}
