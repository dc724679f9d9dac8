//! Every interleaving of the handle's ends, under loom: `RUSTFLAGS="--cfg loom" cargo test -p par-core --release loom`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use loom::thread;

use super::Handle;
use crate::{Options, TaskError};

fn pair() -> (Handle<u32>, super::Completer<u32>) {
    Handle::pair("modelled", &Options::new())
}

#[test]
fn a_waiter_always_wakes() {
    loom::model(|| {
        let (handle, completer) = pair();
        let worker = thread::spawn(move || completer.complete(Ok(7), None));
        assert_eq!(handle.wait(), Ok(7));
        worker.join().expect("the worker does not panic");
    });
}

#[test]
fn a_dropped_completer_wakes_the_waiter() {
    loom::model(|| {
        let (handle, completer) = pair();
        let worker = thread::spawn(move || drop(completer));
        assert!(matches!(handle.wait(), Err(TaskError::WorkerLost(_))));
        worker.join().expect("the worker does not panic");
    });
}

#[test]
fn cancelled_or_run_never_both() {
    loom::model(|| {
        let (handle, completer) = pair();
        let worker = thread::spawn(move || {
            let began = completer.begin();
            if began {
                completer.complete(Ok(7), None);
            }
            began
        });
        let never_ran = handle.cancel();
        let outcome = handle.wait();
        let began = worker.join().expect("the worker does not panic");
        assert_eq!(never_ran, !began);
        assert_eq!(outcome, if began { Ok(7) } else { Err(TaskError::Cancelled) });
    });
}

#[test]
fn a_callback_runs_once_whenever_it_is_added() {
    loom::model(|| {
        let (handle, completer) = pair();
        let calls = Arc::new(AtomicUsize::new(0));
        let worker = thread::spawn(move || completer.complete(Ok(7), None));
        let seen = Arc::clone(&calls);
        handle.on_done(move |outcome| {
            assert_eq!(*outcome, Ok(7));
            seen.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(handle.wait(), Ok(7));
        assert_eq!(calls.load(Ordering::Relaxed), 1, "the callback ran before the outcome was visible");
        worker.join().expect("the worker does not panic");
    });
}

#[test]
fn late_callbacks_of_two_threads_run_once_each() {
    loom::model(|| {
        let (handle, completer) = pair();
        completer.complete(Ok(7), None);
        let calls = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(handle);
        let add = |handle: &Handle<u32>, calls: &Arc<AtomicUsize>| {
            let seen = Arc::clone(calls);
            handle.on_done(move |outcome| {
                assert_eq!(*outcome, Ok(7));
                seen.fetch_add(1, Ordering::Relaxed);
            });
        };
        let (other, seen) = (Arc::clone(&shared), Arc::clone(&calls));
        let thread = thread::spawn(move || add(&other, &seen));
        add(&shared, &calls);
        thread.join().expect("the other thread does not panic");
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        let handle = Arc::into_inner(shared).expect("the other thread has ended");
        assert_eq!(handle.wait(), Ok(7));
    });
}

#[test]
fn a_stop_is_called_when_a_running_task_is_cancelled() {
    loom::model(|| {
        let (handle, completer) = pair();
        let stopped = Arc::new(AtomicUsize::new(0));
        assert!(completer.begin());
        let seen = Arc::clone(&stopped);
        let worker = thread::spawn(move || {
            completer.on_stop(Box::new(move || {
                seen.fetch_add(1, Ordering::Relaxed);
                false
            }));
            completer
        });
        assert!(!handle.cancel(), "it is running");
        let completer = worker.join().expect("the worker does not panic");
        assert_eq!(stopped.load(Ordering::Relaxed), 1, "set before or after the cancellation, it is called");
        completer.complete(Err(TaskError::Cancelled), None);
        assert_eq!(handle.wait(), Err(TaskError::Cancelled));
    });
}

#[test]
fn a_future_that_is_pending_is_woken() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Release);
        }
    }
    loom::model(|| {
        let (mut handle, completer) = pair();
        let worker = thread::spawn(move || completer.complete(Ok(7), None));
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let first = std::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
        worker.join().expect("the worker does not panic");
        match first {
            Poll::Ready(outcome) => assert_eq!(outcome, Ok(7)),
            Poll::Pending => {
                assert_eq!(count.0.load(Ordering::Acquire), 1, "nobody would poll again");
                assert_eq!(handle.wait(), Ok(7));
            }
        }
    });
}
