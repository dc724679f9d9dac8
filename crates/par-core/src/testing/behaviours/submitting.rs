//! One task at a time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use super::{eventually, occupy, release, settled};
use crate::plumbing::thread_waker;
use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{Choice, Mixed, add, echo, nothing, reversed, until_cancelled};
use crate::{Blob, Counter, Executor, ExecutorExt, Handle, Until, as_completed, wait};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::always("a task's output comes back", output),
    Behaviour::always("values of every shape travel", shapes),
    Behaviour::always("payloads of 1 and 8 MiB travel", large),
    Behaviour::always("a handle can be awaited", awaited),
    Behaviour::always("as_completed yields every handle once", completed),
    Behaviour::when("wait returns at the first, at all, and at the timeout", |c| c.asynchronous, waits),
    Behaviour::always("callbacks run once, late ones at once, panicking ones harmlessly", callbacks),
    Behaviour::when("a dropped handle cancels nothing", |c| c.asynchronous, dropped),
    Behaviour::always("metrics count what happened", counted),
    Behaviour::when("submit blocks while the queue is full", |c| c.asynchronous, back_pressure),
];

fn output(executor: &dyn Executor) {
    let handle = executor.submit(add::new(40, 2)).expect("the executor takes tasks");
    assert_eq!(handle.wait(), Ok(42));
    let handle = executor.submit(nothing::new()).expect("the executor takes tasks");
    assert_eq!(handle.wait_timeout(Duration::from_secs(30)).expect("in time"), Ok(()));
}

fn shapes(executor: &dyn Executor) {
    let choices = [Choice::None, Choice::Text("ä".repeat(1000)), Choice::Pair { left: -1, right: i64::MIN }];
    for (index, choice) in choices.into_iter().enumerate() {
        let numbers = vec![f64::MIN_POSITIVE, -0.0, f64::INFINITY];
        let value = Mixed { name: String::new(), numbers, maybe: (index > 0).then_some((7, '→')), choice };
        let handle = executor.submit(echo::new(value.clone())).expect("the executor takes tasks");
        assert_eq!(handle.wait(), Ok(value));
    }
}

fn large(executor: &dyn Executor) {
    for size in [1 << 20, 8 << 20] {
        let data: Vec<u8> = (0..size).map(|i: u32| (i * 7 + i / 256) as u8).collect();
        let handle =
            executor.submit(reversed::new(Blob::from(data.clone()))).expect("the executor takes tasks");
        let back = handle.wait().expect("the task ran");
        assert!(back.iter().rev().eq(&data), "{size} bytes came back changed");
    }
}

fn awaited(executor: &dyn Executor) {
    let mut handle = pin!(executor.submit(add::new(1, 2)).expect("the executor takes tasks"));
    let waker = thread_waker();
    loop {
        match handle.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return assert_eq!(output, Ok(3)),
            Poll::Pending => std::thread::park_timeout(Duration::from_secs(20)),
        }
    }
}

fn completed(executor: &dyn Executor) {
    let submit = |x| executor.submit(add::new(x, 100)).expect("the executor takes tasks");
    let mut seen: Vec<_> = as_completed((0..50).map(submit), Some(Duration::from_secs(30)))
        .map(|finished| finished.expect("in time"))
        .map(|(index, output)| (index as u64, output.expect("the task ran")))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..50).map(|x| (x, x + 100)).collect::<Vec<_>>());
}

fn waits(executor: &dyn Executor) {
    let quick = executor.submit(add::new(0, 0)).expect("the executor takes tasks");
    assert_eq!(wait(&[quick], Until::All, Some(Duration::from_secs(30))).finished, [0]);
    let mut blockers = occupy(executor);
    let waited = wait(&blockers, Until::First, Some(Duration::from_millis(20)));
    assert_eq!((waited.finished.len(), waited.pending.len()), (0, blockers.len()));
    let unfinished = as_completed(std::mem::take(&mut blockers), Some(Duration::from_millis(20)))
        .next()
        .expect("there are handles")
        .expect_err("none has finished");
    assert_eq!(unfinished.handles.len(), unfinished.total);
    blockers = unfinished.handles;
    blockers[0].cancel();
    assert_eq!(wait(&blockers, Until::First, Some(Duration::from_secs(30))).finished, [0]);
    release(blockers);
}

fn callbacks(executor: &dyn Executor) {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = |handle: &Handle<u64>| {
        let calls = Arc::clone(&calls);
        handle.on_done(move |output| {
            assert_eq!(*output, Ok(3));
            calls.fetch_add(1, Ordering::Relaxed);
        });
    };
    let handle = executor.submit(add::new(1, 2)).expect("the executor takes tasks");
    count(&handle);
    handle.on_done(|_| panic!("a callback that panics: expected here"));
    count(&handle);
    wait(std::slice::from_ref(&handle), Until::All, Some(Duration::from_secs(30)));
    eventually("both callbacks ran", || calls.load(Ordering::Relaxed) == 2);
    eventually("the outcome is visible", || handle.is_finished());
    count(&handle);
    assert_eq!(calls.load(Ordering::Relaxed), 3, "a late callback runs at once");
    assert_eq!(handle.wait(), Ok(3));
}

fn dropped(executor: &dyn Executor) {
    let before = settled(executor);
    let blockers = occupy(executor);
    drop(executor.submit(add::new(1, 1)).expect("the executor takes tasks"));
    release(blockers);
    let during = settled(executor) - before;
    // The blockers may have been ended by force; the forgotten task was not.
    assert!(during.get(Counter::Completed) >= 1, "the forgotten task did not run");
}

fn counted(executor: &dyn Executor) {
    let before = settled(executor);
    for x in 0..10 {
        executor.submit(add::new(x, 0)).expect("the executor takes tasks").wait().expect("the task ran");
    }
    let during = settled(executor) - before;
    assert_eq!((during.get(Counter::Submitted), during.get(Counter::Completed)), (10, 10));
    assert_eq!(during.get(Counter::Failed) + during.get(Counter::Cancelled), 0);
    if !executor.capabilities().closures {
        assert!(during.get(Counter::BytesSent) > 0 && during.get(Counter::BytesReceived) > 0);
    }
}

fn back_pressure(executor: &dyn Executor) {
    let bound = executor.capabilities().queue_bound;
    let blockers = occupy(executor);
    let submitted = AtomicUsize::new(0);
    // What a worker holds ahead of its task, or one caller has in its hands, is not in the queue.
    let slack = 64 * executor.workers().get() + 64;
    let total = bound + 2 * slack;
    std::thread::scope(|scope| {
        let submitter = scope.spawn(|| {
            let submit = |x| {
                let handle = executor.submit(add::new(x, 1)).expect("the executor takes tasks");
                submitted.fetch_add(1, Ordering::Relaxed);
                handle
            };
            (0..total as u64).map(submit).collect::<Vec<_>>()
        });
        eventually("the queue fills", || submitted.load(Ordering::Relaxed) >= bound.min(total));
        std::thread::sleep(Duration::from_millis(20));
        let taken = submitted.load(Ordering::Relaxed);
        assert!(taken <= bound + slack, "{taken} tasks were taken, the bound is {bound}");
        release(blockers);
        for (x, handle) in submitter.join().expect("no submit panics").into_iter().enumerate() {
            assert_eq!(handle.wait(), Ok(x as u64 + 1));
        }
    });
    let late = executor.submit(until_cancelled::new()).expect("the executor takes tasks again");
    release(vec![late]);
}
