//! TH-02, TH-03: what join waits for, and what it never waits for.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_threads::thread::{self, Builder, JoinHandle, ThreadPanic};

use super::{HOUR, LIMIT, held, is_listed, until};

/// Counts when it is dropped, a little later than it could.
struct Late(Arc<AtomicUsize>);

impl Drop for Late {
    fn drop(&mut self) {
        (0..100).for_each(|_| std::thread::yield_now());
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_was_captured_is_dropped_before_join_returns() {
    let drops = Arc::new(AtomicUsize::new(0));
    for round in 0..50 {
        let late = Late(Arc::clone(&drops));
        let handle = thread::spawn(move || {
            let _late = &late;
            assert!(round % 2 == 0, "odd rounds panic");
        });
        let joined = within(LIMIT, "join", || handle.join());
        assert_eq!(joined.is_ok(), round % 2 == 0);
        assert_eq!(drops.load(Ordering::Relaxed), round + 1);
    }
}

#[test]
fn thread_locals_are_dropped_before_join_returns() {
    thread_local! { static KEPT: RefCell<Option<Late>> = const { RefCell::new(None) } }
    let drops = Arc::new(AtomicUsize::new(0));
    for timeout in [None, Some(LIMIT)] {
        let late = Late(Arc::clone(&drops));
        let handle = thread::spawn(move || KEPT.set(Some(late)));
        match timeout {
            None => handle.join(),
            Some(timeout) => handle.join_timeout(timeout).expect("it ends"),
        }
        .expect("it does not panic");
        assert_eq!(drops.swap(0, Ordering::Relaxed), 1);
    }
}

#[test]
fn a_join_that_times_out_gives_the_handle_back() {
    let (mut handle, release) = held(Builder::new().name("held"));
    for timeout in [Duration::ZERO, Duration::from_millis(20)] {
        let begun = Instant::now();
        handle = within(LIMIT, "join_timeout", || handle.join_timeout(timeout)).expect_err("it is held");
        assert!(begun.elapsed() >= timeout);
    }
    assert!(!handle.is_finished() && handle.thread().is_alive() && is_listed("held"));
    drop(release);
    let joined = within(LIMIT, "join", || handle.join_timeout(Duration::MAX));
    assert_eq!(joined.expect("past the end of the clock is no timeout"), Ok(()));
    assert!(!is_listed("held"));
}

#[test]
fn many_join_timeouts_race_with_the_end() {
    for _ in 0..200 {
        let mut handle = thread::spawn(|| 7);
        let joined = within(LIMIT, "the end", || {
            loop {
                match handle.join_timeout(Duration::from_micros(1)) {
                    Ok(joined) => break joined,
                    Err(again) => handle = again,
                }
            }
        });
        assert_eq!(joined, Ok(7));
    }
}

#[test]
fn joining_oneself_panics_at_once() {
    let joins: [fn(JoinHandle<()>); 2] =
        [|handle| drop(handle.join()), |handle| drop(handle.join_timeout(HOUR))];
    for join in joins {
        let (send, receive) = channel::<JoinHandle<()>>();
        let (report, reports) = channel();
        let ouroboros = Builder::new()
            .name("ouroboros")
            .on_panic(move |panic| drop(report.send(panic.to_string())))
            .spawn(move || join(receive.recv().expect("it is sent")))
            .expect("it starts");
        send.send(ouroboros).expect("it listens");
        let text = within(LIMIT, "joining oneself", || reports.recv()).expect("it panics");
        assert!(text.contains("the thread `ouroboros` joins itself"), "{text}");
    }
}

#[test]
fn the_destructor_of_a_thread_local_may_join_its_own_thread() {
    struct Joins(Option<JoinHandle<u32>>, Sender<Result<u32, ThreadPanic>>);
    impl Drop for Joins {
        fn drop(&mut self) {
            self.0.take().map(|handle| self.1.send(handle.join()));
        }
    }
    thread_local! { static KEPT: RefCell<Option<Joins>> = const { RefCell::new(None) } }
    let (send, receive) = channel();
    let (told, tell) = channel();
    let handle = thread::spawn(move || {
        KEPT.set(Some(Joins(receive.recv().ok(), told)));
        7
    });
    send.send(handle).expect("it listens");
    assert_eq!(tell.recv_timeout(LIMIT), Ok(Ok(7)), "the closure has ended, so there is nothing to wait for");
}

#[test]
fn a_dropped_handle_detaches() {
    let (go, wait) = channel::<()>();
    let (done, is_done) = channel();
    drop(thread::spawn(move || {
        wait.recv().ok();
        done.send(7)
    }));
    drop(go);
    assert_eq!(is_done.recv_timeout(LIMIT), Ok(7));
}

#[test]
fn a_detached_result_whose_destructor_panics_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the destructor of a result");
        }
    }
    let (go, wait) = channel::<()>();
    let handle = thread::spawn(move || {
        wait.recv().ok();
        Bomb
    });
    let thread = handle.thread().clone();
    drop(handle);
    drop(go);
    until("the end of the thread", || !thread.is_alive());
    assert!(!thread::enumerate().contains(&thread));
}

#[test]
fn any_thread_may_join_and_a_handle_may_be_shared() {
    let (handle, release) = held(Builder::new());
    let shared = Arc::new(Mutex::new(Some(handle)));
    let theirs = Arc::clone(&shared);
    let joiner = thread::spawn(move || {
        let handle = theirs.lock().expect("not poisoned").take();
        handle.map(JoinHandle::join)
    });
    until("the joiner has it", || shared.lock().is_ok_and(|handle| handle.is_none()));
    drop(release);
    assert_eq!(within(LIMIT, "join", || joiner.join()), Ok(Some(Ok(()))));
}
