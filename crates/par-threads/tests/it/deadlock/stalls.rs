//! Waits without an owner, of threads that hold what others wait for.

use std::sync::Arc;
use std::thread::scope;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_threads::deadlock::{self, Report, ReportKind};
use par_threads::{Condvar, Event, Latch, Mutex, Queue, Semaphore};

use super::{LIMIT, is_alone, reports_of, reports_of_kind, spawn, until, wait_of, waits};

/// The one stall of a thread that takes a lock and then waits by `wait`, while another one waits for the lock; then `end`
/// ends the wait. Nothing else comes of it.
fn stall_of(name: &str, resource: &str, wait: impl FnOnce() + Send, end: impl FnOnce()) -> Report {
    let mutex = Mutex::new(());
    let other = format!("wants of {name}");
    within(LIMIT, "a stall", || {
        scope(|s| {
            let begun = Instant::now();
            let holder = spawn(s, name, || {
                let _guard = mutex.lock();
                wait();
            });
            until("it waits", || waits(name));
            let one = wait_of(name).expect("nobody has ended it");
            assert!(one.wants.resource.starts_with(resource), "{one}");
            assert!(one.wants.at.file().ends_with("stalls.rs"), "{one}");
            let wants = spawn(s, &other, || drop(mutex.lock()));
            until("a report", || !reports_of(name).is_empty());
            // Two slices, on a machine that does other things as well.
            assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
            assert!(!holder.is_finished() && !wants.is_finished(), "it is told, not ended");
            end();
            holder.join().expect("it goes on");
            wants.join().expect("it gets the lock");
        });
    });
    assert!(!waits(name) && !waits(&other));
    let mut reports = reports_of(name);
    assert_eq!(reports.len(), 1, "{reports:?}");
    let report = reports.remove(0);
    assert_eq!(report.kind, ReportKind::Stall);
    let [holder, wants] = &report.participants[..] else { panic!("two threads: {report}") };
    assert_eq!((&holder.thread[..], &wants.thread), (name, &other));
    assert_eq!(holder.holds[0].resource, wants.wants.resource, "{report}");
    let text = report.to_string();
    let first =
        format!("stall: thread `{name}` waits, and others wait for what it holds; it may end, or not\n");
    assert!(text.starts_with(&first) && text.matches("stalls.rs:").count() == 3, "{text}");
    report
}

#[test]
fn an_event_that_is_set_late() {
    let event = Event::new();
    stall_of("for an event", "event #", || event.wait(), || event.set());
}

#[test]
fn a_latch_that_opens_late() {
    let latch = Latch::new(2);
    stall_of("at a latch", "latch #", || latch.arrive_and_wait(), || latch.count_down());
}

#[test]
fn a_permit_that_somebody_releases() {
    let semaphore = Semaphore::new(0);
    stall_of("for a permit", "semaphore #", || semaphore.acquire().forget(), || semaphore.release(1));
}

#[test]
fn queues_that_are_empty_or_full_or_not_done() {
    let queue = Queue::bounded(1);
    let get = || assert_eq!(queue.get(), Ok(1));
    let put = || queue.put(1).expect("it is open");
    let report = stall_of("gets", "queue #", get, put);
    assert!(report.participants[0].wants.resource.ends_with(" (get)"), "{report}");
    let report =
        stall_of("joins the queue", "queue #", || queue.join(), || queue.task_done().expect("it was taken"));
    assert!(report.participants[0].wants.resource.ends_with(" (join)"), "{report}");
    put();
    let report =
        stall_of("puts", "queue #", || queue.put(2).expect("it is open"), || assert_eq!(queue.get(), Ok(1)));
    assert!(report.participants[0].wants.resource.ends_with(" (put)"), "{report}");
    assert_eq!(queue.get(), Ok(2));
    let one_more = stall_of("iterates", "queue #", || assert_eq!((&queue).into_iter().next(), Some(1)), put);
    assert_eq!(one_more.participants.len(), 2);
}

#[test]
fn a_condvar_that_is_notified_late() {
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    let report = stall_of(
        "at a condvar",
        "condvar #",
        || {
            let mut guard = ready.lock();
            changed.wait_while(&mut guard, |ready| !*ready);
        },
        || {
            *ready.lock() = true;
            assert_eq!(changed.notify_all(), 1, "it sleeps, in a slice");
        },
    );
    let condvar = &report.participants[0];
    assert!(condvar.wants.resource.contains("(with mutex #"), "{report}");
    assert_eq!(condvar.holds.len(), 1, "the mutex that it waits with is not held: {report}");
}

#[test]
fn a_slice_of_a_condvar_loses_no_notification() {
    let (turn, changed, held) = (Mutex::new(0_u32), Condvar::new(), Mutex::new(()));
    within(Duration::from_mins(1), "turns", || {
        scope(|s| {
            let waiter = spawn(s, "in slices", || {
                let _held = held.lock();
                let mut turn = turn.lock();
                for round in 0..200 {
                    // Without a predicate in the loop of the library: it may wake for no reason, but not sleep for ever.
                    while *turn % 2 == 0 {
                        changed.wait(&mut turn);
                    }
                    assert_eq!(*turn, 2 * round + 1);
                    *turn += 1;
                    changed.notify_one();
                }
            });
            let mut mine = turn.lock();
            for _ in 0..200 {
                *mine += 1;
                changed.notify_one();
                while *mine % 2 == 1 {
                    changed.wait(&mut mine);
                }
            }
            drop(mine);
            waiter.join().expect("all turns");
        });
    });
    assert_eq!(reports_of("in slices"), []);
}

#[test]
fn nothing_is_told_where_nobody_is_kept_waiting() {
    let (event, mutex) = (Event::new(), Mutex::new(()));
    within(LIMIT, "waits that keep nobody", || {
        scope(|s| {
            let alone = spawn(s, "keeps nobody", || {
                let _guard = mutex.lock();
                event.wait();
            });
            let without = spawn(s, "holds nothing", || event.wait());
            let timed = spawn(s, "gives up", || {
                until("the lock is taken", || mutex.is_locked());
                mutex.try_lock_for(Duration::from_millis(1_300)).is_some()
            });
            // Longer than two slices, in which a wait with a timeout is all that there is.
            assert!(!timed.join().expect("no panic"));
            event.set();
            alone.join().expect("no panic");
            without.join().expect("no panic");
        });
    });
    assert_eq!((reports_of("keeps nobody"), reports_of("holds nothing")), (Vec::new(), Vec::new()));
}

#[test]
fn a_stall_is_told_once_per_wait() {
    let event = Event::new();
    let name = "told once";
    let wait = || event.wait();
    let end = || {
        // As long as three slices more.
        let begun = Instant::now();
        until("time", || begun.elapsed() > Duration::from_millis(1_600));
        assert_eq!(reports_of_kind(name, ReportKind::Stall).len(), 1);
        event.set();
    };
    stall_of(name, "event #", wait, end);
}

#[test]
fn who_is_told_may_end_the_wait() {
    if !is_alone("stalls::who_is_told_may_end_the_wait") {
        return;
    }
    let event = Arc::new(Event::new());
    let sets = Arc::clone(&event);
    deadlock::on_report(move |_| sets.set());
    let mutex = Mutex::new(());
    within(LIMIT, "a stall that its report ends", || {
        scope(|s| {
            let holder = spawn(s, "ended by the report", || {
                let _guard = mutex.lock();
                event.wait();
            });
            until("it waits", || waits("ended by the report"));
            let wants = spawn(s, "goes on then", || drop(mutex.lock()));
            holder.join().expect("it goes on");
            wants.join().expect("it gets the lock");
        });
    });
    assert_eq!(reports_of("ended by the report").len(), 1);
}
