//! The loop: order, timers, stop, close, other threads.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use par_async::{EventLoop, JoinError, LoopError, Report, all_tasks, current, shield, sleep};
use par_core::testing::within;
use proptest::prelude::*;

const LIMIT: Duration = Duration::from_secs(30);

fn paused() -> EventLoop {
    EventLoop::builder().paused_clock().build().expect("a loop")
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

type Log<T> = Rc<RefCell<Vec<T>>>;

#[test]
fn what_a_callback_schedules_waits_for_the_next_turn() {
    let events = paused();
    let log: Log<&str> = Rc::default();
    let (one, two) = (Rc::clone(&log), Rc::clone(&log));
    events
        .call_soon(move |events| {
            one.borrow_mut().push("one");
            let three = Rc::clone(&one);
            events.call_soon(move |_| three.borrow_mut().push("three")).map(drop)
        })
        .expect("it is open");
    events
        .call_soon(move |events| {
            two.borrow_mut().push("two");
            events.stop();
        })
        .expect("it is open");
    within(LIMIT, "run_forever", || events.run_forever()).expect("it runs");
    assert_eq!(*log.borrow(), ["one", "two"], "stop finishes the ready batch, and no more");
    events.stop();
    events.run_forever().expect("it runs again");
    assert_eq!(*log.borrow(), ["one", "two", "three"], "a stop before it runs lets it run one turn");
}

/// What a callback of the random schedule does: it schedules others, so many nanoseconds later, or soon.
#[derive(Debug, Clone)]
struct Plan(Vec<(Option<u64>, Plan)>);

fn plans() -> impl Strategy<Value = Plan> {
    let leaf = Just(Plan(Vec::new()));
    leaf.prop_recursive(5, 60, 4, |plan| {
        let one = (prop_oneof![2 => Just(None), 1 => (0..4_u64).prop_map(Some)], plan);
        prop::collection::vec(one, 0..4).prop_map(Plan)
    })
}

/// The semantics, in the plainest words: turns over a queue, and a list of timers that is searched.
fn model(plan: Plan) -> Vec<(usize, u64)> {
    let (mut log, mut ready, mut timers, mut now, mut made) =
        (Vec::new(), vec![plan], Vec::<(u64, usize, Plan)>::new(), 0, 0);
    loop {
        timers.sort_by_key(|(when, number, _)| (*when, *number));
        if ready.is_empty() {
            match timers.first() {
                Some((when, ..)) => now = now.max(*when),
                None => return log,
            }
        }
        while timers.first().is_some_and(|(when, ..)| *when <= now) {
            ready.push(timers.remove(0).2);
        }
        for Plan(next) in std::mem::take(&mut ready) {
            log.push((next.len(), now));
            for (delay, plan) in next {
                match delay {
                    None => ready.push(plan),
                    Some(delay) => {
                        timers.push((now + delay, made, plan));
                        made += 1;
                    }
                }
            }
        }
    }
}

fn play(events: &EventLoop, Plan(next): Plan, log: &Log<(usize, u64)>) -> Result<(), LoopError> {
    log.borrow_mut().push((next.len(), events.time().as_secs()));
    for (delay, plan) in next {
        let log = Rc::clone(log);
        match delay {
            None => drop(events.call_soon(move |events| play(events, plan, &log))?),
            Some(delay) => drop(events.call_later(secs(delay), move |events| play(events, plan, &log))?),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn order_is_that_of_the_model(plan in plans()) {
        let events = paused();
        let log: Log<(usize, u64)> = Rc::default();
        let (played, first) = (Rc::clone(&log), plan.clone());
        events.call_soon(move |events| play(events, first, &played)).expect("it is open");
        events.call_at(secs(1000), EventLoop::stop).expect("it is open");
        within(LIMIT, "run_forever", || events.run_forever()).expect("it runs");
        prop_assert_eq!(&*log.borrow(), &model(plan));
    }
}

#[test]
fn cancelled_callbacks_do_not_run_and_are_dropped_at_once() {
    let events = paused();
    let held = Rc::new(());
    let (soon, late) = (Rc::clone(&held), Rc::clone(&held));
    let soon = events.call_soon(move |_| drop(soon)).expect("it is open");
    let late = events.call_later(secs(1), move |_| drop(late)).expect("it is open");
    assert_eq!(Rc::strong_count(&held), 3);
    assert!(soon.cancel() && late.cancel() && !late.cancel());
    assert_eq!(Rc::strong_count(&held), 1);
    let kept = events.call_later(secs(2), EventLoop::stop).expect("it is open");
    within(LIMIT, "run_forever", || events.run_forever()).expect("it runs");
    assert_eq!(events.time(), secs(2));
    assert!(late.cancelled() && !kept.cancelled() && !kept.cancel(), "what ran cannot be cancelled");
}

#[test]
fn dead_timers_are_purged() {
    let events = paused();
    let timers: Vec<_> = (0..1000).map(|n| events.call_later(secs(n), |_| ()).expect("it is open")).collect();
    timers[..900].iter().for_each(|timer| assert!(timer.cancel()));
    let text = format!("{events:?}");
    let left: usize = text
        .split("timers: ")
        .nth(1)
        .and_then(|rest| rest.split(',').next())
        .expect("it is shown")
        .parse()
        .expect("a number");
    assert!((100..=200).contains(&left), "{text}");
}

#[test]
fn failures_go_to_the_handler_and_the_loop_lives_on() {
    let events = paused();
    let log: Log<String> = Rc::default();
    let heard = Rc::clone(&log);
    events.set_exception_handler(move |report| {
        assert_eq!(report.work().at.file(), file!());
        heard.borrow_mut().push(match report {
            Report::Panicked { panic, .. } => panic.message.clone(),
            Report::Failed { failure, .. } | Report::NeverRetrieved { failure, .. } => failure.clone(),
            other => other.to_string(),
        });
    });
    events.call_soon(|_| -> () { panic!("a callback") }).expect("it is open");
    events.call_soon(|_| Err::<(), _>("an error")).expect("it is open");
    drop(events.create_task(async { panic!("a task") }).expect("it is open"));
    let seen = events.create_task(async { panic!("a task that is awaited") }).expect("it is open");
    let answer = within(LIMIT, "run_until_complete", || {
        events.run_until_complete(async {
            sleep(secs(1)).await;
            seen.await
        })
    });
    assert!(matches!(answer, Ok(Err(JoinError::Panicked(_)))));
    let log = log.borrow();
    assert_eq!(log[..2], ["a callback", "an error"]);
    assert!(log.len() == 3 && log[2].starts_with("it panicked: a task"), "{log:?}");
}

#[test]
fn tasks_take_turns_with_callbacks() {
    let events = paused();
    let log: Log<String> = Rc::default();
    let task = |name: &'static str| {
        let log = Rc::clone(&log);
        events.create_named_task(name, async move {
            for step in 0..2 {
                log.borrow_mut().push(format!("{name}{step}"));
                sleep(Duration::ZERO).await;
            }
            current().and_then(|task| task.name())
        })
    };
    let (a, b) = (task("a").expect("it is open"), task("b").expect("it is open"));
    let called = Rc::clone(&log);
    events.call_soon(move |_| called.borrow_mut().push("callback".to_owned())).expect("it is open");
    let names = within(LIMIT, "run", || events.run_until_complete(async { (a.await, b.await) }));
    let (a, b) = names.expect("it runs");
    assert_eq!((a.expect("a").as_deref(), b.expect("b").as_deref()), (Some("a"), Some("b")));
    assert_eq!(*log.borrow(), ["a0", "b0", "callback", "a1", "b1"]);
}

#[test]
fn ten_thousand_tasks_that_wait_for_io_of_the_poller() {
    let events = EventLoop::new().expect("a loop");
    let sum = Rc::new(Cell::new(0_u64));
    let total = within(LIMIT, "tasks", || {
        events.run_until_complete(async {
            let tasks: Vec<_> = (0..10_000_u64)
                .map(|n| {
                    let sum = Rc::clone(&sum);
                    events.create_task(async move {
                        let (sender, receiver) = tokio::sync::oneshot::channel();
                        // On the poller's own queue: it must have its turns.
                        tokio::spawn(async move { sender.send(n) });
                        let n = receiver.await.expect("it is sent");
                        sum.set(sum.get() + n);
                    })
                })
                .collect::<Result<_, _>>()
                .expect("it is open");
            for task in tasks {
                task.await.expect("it ends");
            }
            sum.get()
        })
    });
    assert_eq!(total.expect("it runs"), 49_995_000);
}

#[test]
fn other_threads_wake_the_loop_and_hear_when_it_is_full_or_closed() {
    let events = EventLoop::builder().inbox(2).build().expect("a loop");
    let handle = events.handle();
    let other = std::thread::spawn({
        let handle = handle.clone();
        move || handle.call_soon_threadsafe(|events: &EventLoop| events.stop())
    });
    within(LIMIT, "run_forever", || events.run_forever()).expect("it runs");
    other.join().expect("no panic").expect("it is open");
    handle.call_soon_threadsafe(|_| ()).expect("there is room");
    handle.call_soon_threadsafe(|_| ()).expect("there is room");
    let full = handle.call_soon_threadsafe(|_| ()).expect_err("there is none");
    assert!(matches!(full, LoopError::Full { waiting: 2 }));
    let dropped = events.close().expect("it closes");
    assert_eq!((dropped.callbacks, dropped.timers, dropped.tasks), (2, 0, 0));
    assert!(matches!(handle.call_soon_threadsafe(|_| ()), Err(LoopError::Closed)));
    assert!(handle.is_closed());
}

#[test]
fn close_cancels_tasks_and_waits_for_them_and_counts_what_is_dropped() {
    let events = paused();
    let log: Log<&str> = Rc::default();
    let (slow, shielded) = (Rc::clone(&log), Rc::clone(&log));
    let task = events
        .create_named_task("sleeper", async move {
            let _last = Last(slow);
            sleep(secs(3600)).await;
        })
        .expect("it is open");
    let guarded = events
        .create_task(async move {
            shield(async move {
                sleep(secs(2)).await;
                shielded.borrow_mut().push("shielded");
            })
            .await;
        })
        .expect("it is open");
    events.run_until_complete(sleep(secs(1))).expect("it runs");
    let listed = all_tasks().into_iter().any(|task| task.name().as_deref() == Some("sleeper"));
    assert!(listed);
    events.call_soon(|_| -> () { panic!("it has no turn") }).map(drop).expect("it is open");
    events.call_later(secs(9), |_| ()).expect("it is open");
    let dropped = within(LIMIT, "close", || events.close()).expect("it closes");
    assert_eq!((dropped.callbacks, dropped.timers, dropped.tasks), (1, 1, 0));
    assert_eq!(*log.borrow(), ["dropped", "shielded"]);
    assert!(task.is_finished() && guarded.is_finished());
    assert!(events.is_closed() && !events.is_running());
    assert!(matches!(events.call_soon(|_| ()), Err(LoopError::Closed)));
    assert!(matches!(events.call_later(secs(1), |_| ()), Err(LoopError::Closed)));
    assert!(matches!(events.create_task(async {}), Err(LoopError::Closed)));
    assert!(matches!(events.run_forever(), Err(LoopError::Closed)));
    assert!(matches!(events.run_until_complete(async {}), Err(LoopError::Closed)));
    assert_eq!(events.close().expect("again"), par_async::Dropped::default());
}

struct Last(Log<&'static str>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.borrow_mut().push("dropped");
    }
}

#[test]
fn a_loop_does_not_run_inside_itself_or_another() {
    let events = paused();
    events
        .call_soon(|events| {
            assert!(events.is_running());
            assert!(matches!(events.run_forever(), Err(LoopError::Running)));
            assert!(matches!(events.close(), Err(LoopError::Running)));
            let other = EventLoop::new().expect("a loop");
            assert!(matches!(other.run_forever(), Err(LoopError::Nested)));
            events.stop();
        })
        .expect("it is open");
    let heard: Log<String> = Rc::default();
    let hears = Rc::clone(&heard);
    events.set_exception_handler(move |report| hears.borrow_mut().push(report.to_string()));
    within(LIMIT, "run_forever", || events.run_forever()).expect("it runs");
    assert!(heard.borrow().is_empty(), "{heard:?}");
}

#[test]
fn a_stopped_loop_drops_the_future_that_it_ran() {
    let events = paused();
    events.call_later(secs(1), EventLoop::stop).expect("it is open");
    let stopped = within(LIMIT, "run", || events.run_until_complete(sleep(secs(5))));
    assert!(matches!(stopped, Err(LoopError::Stopped)));
    let panicked = events.run_until_complete(async { panic!("main") });
    assert!(matches!(panicked, Err::<(), _>(LoopError::Panicked(_))));
    let task = events.create_task(sleep(secs(7))).expect("it is open");
    task.cancel("enough");
    let cancelled = events.run_until_complete(task).expect("it runs");
    assert!(matches!(cancelled, Err(JoinError::Cancelled(why)) if why.reason == "enough"));
}

#[test]
fn a_task_that_does_not_end_in_time_is_dropped_and_counted() {
    let events = EventLoop::builder().paused_clock().shutdown_timeout(secs(5)).build().expect("a loop");
    let handle = events.handle();
    let stubborn = events.create_task(shield(async move {
        sleep(secs(1)).await;
        // It does not shorten the time that others have.
        handle.stop();
        sleep(Duration::MAX).await;
    }));
    let stubborn = stubborn.expect("it is open");
    let polite = events.create_task(shield(sleep(secs(3)))).expect("it is open");
    events.run_until_complete(sleep(Duration::ZERO)).expect("it runs");
    events.stop();
    let dropped = within(LIMIT, "close", || events.close()).expect("it closes");
    assert_eq!(dropped.tasks, 1);
    assert!(polite.is_finished() && !stubborn.is_finished());
    let ended = par_async::testing::run(stubborn).expect("it runs");
    assert!(matches!(ended, Err(JoinError::Cancelled(_))), "nobody waits for it for ever");
}

thread_local! {
    /// As programs keep their loop, so that everything on its thread finds it.
    static LOOP: RefCell<Option<Rc<EventLoop>>> = const { RefCell::new(None) };
}

/// Calls `main` with a loop that everything on this thread finds.
fn with_thread_loop<R>(main: impl FnOnce(&EventLoop) -> R) -> R {
    let events = Rc::new(paused());
    LOOP.set(Some(Rc::clone(&events)));
    let _unset = Unset;
    main(&events)
}

struct Unset;

impl Drop for Unset {
    fn drop(&mut self) {
        LOOP.set(None);
    }
}

fn thread_loop<R>(ask: impl FnOnce(&EventLoop) -> R) -> R {
    LOOP.with_borrow(|events| ask(events.as_ref().expect("it is set")))
}

#[test]
fn what_its_runtime_runs_stops_a_loop_that_waits() {
    within(LIMIT, "a loop that waits", || {
        with_thread_loop(|events| {
            events
                .call_soon(|_| {
                    drop(tokio::spawn(async {
                        sleep(secs(1)).await;
                        thread_loop(EventLoop::stop);
                    }));
                })
                .expect("it is open");
            events.run_forever().expect("it runs");
            assert_eq!(events.time(), secs(1));
        });
    });
}

#[test]
fn what_its_runtime_runs_sets_a_timer_of_a_loop_that_waits() {
    within(LIMIT, "a loop that waits", || {
        with_thread_loop(|events| {
            events.call_later(secs(100), EventLoop::stop).expect("it is open");
            events
                .call_soon(|_| {
                    drop(tokio::spawn(async {
                        sleep(secs(1)).await;
                        thread_loop(|events| {
                            let fire = |events: &EventLoop| FIRED.set(Some(events.time()));
                            events.call_later(secs(1), fire).map(drop).expect("it is open");
                        });
                    }));
                })
                .expect("it is open");
            events.run_forever().expect("it runs");
            assert_eq!(FIRED.get(), Some(secs(2)), "and not when something else wakes it");
        });
    });
}

thread_local! {
    static FIRED: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// A value whose destructor panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor");
    }
}

#[test]
fn an_output_that_nobody_takes_and_whose_destructor_panics_leaves_the_loop_running() {
    within(LIMIT, "a loop", || {
        let events = paused();
        drop(events.create_task(async { Bomb }).expect("it is open"));
        let log: Log<&str> = Rc::default();
        let behind = Rc::clone(&log);
        events.call_soon(move |_| behind.borrow_mut().push("behind")).expect("it is open");
        events.run_until_complete(sleep(secs(1))).expect("it runs");
        assert_eq!(*log.borrow(), ["behind"]);
        assert_eq!(events.close().expect("it closes").tasks, 0);
    });
}

#[test]
fn a_callback_whose_destructor_panics_does_not_keep_a_loop_from_closing() {
    within(LIMIT, "a loop", || {
        let events = paused();
        let log: Log<&str> = Rc::default();
        let last = Last(Rc::clone(&log));
        let task = events.create_task(async move {
            let _last = last;
            sleep(Duration::MAX).await;
        });
        let task = task.expect("it is open");
        events.run_until_complete(sleep(secs(1))).expect("it runs");
        let (soon, later, other) = (Bomb, Bomb, Bomb);
        events.call_soon(move |_| drop(soon)).expect("it is open");
        events.call_later(secs(1), move |_| drop(later)).expect("it is open");
        events.handle().call_soon_threadsafe(move |_| drop(other)).expect("it is open");
        let dropped = events.close().expect("it closes");
        assert_eq!((dropped.callbacks, dropped.timers, dropped.tasks), (2, 1, 0));
        assert_eq!(*log.borrow(), ["dropped"]);
        assert!(task.is_finished());
    });
}

#[test]
fn who_awaits_a_task_learns_that_its_loop_was_dropped() {
    let ended = within(LIMIT, "a loop", || {
        let other = EventLoop::new().expect("a loop");
        let awaited = other.create_task(sleep(secs(3600))).expect("it is open");
        let events = paused();
        events.call_later(secs(1), move |_| drop(other)).expect("it is open");
        events.run_until_complete(awaited).expect("it runs").map_err(|error| error.to_string())
    });
    let error = ended.expect_err("nobody finishes it");
    assert!(error.contains("its loop was closed"), "{error}");
}

#[test]
fn a_stop_of_a_task_that_is_cancelled_does_not_keep_the_others_from_ending() {
    within(LIMIT, "a loop", || {
        let events = Rc::new(paused());
        let log: Log<&str> = Rc::default();
        let polite = Rc::clone(&log);
        events
            .create_task(shield(async move {
                sleep(secs(2)).await;
                polite.borrow_mut().push("ended");
            }))
            .expect("it is open");
        let stops = StopsLoop(Rc::clone(&events));
        events
            .create_task(async move {
                let _stops = stops;
                sleep(Duration::MAX).await;
            })
            .expect("it is open");
        events.run_until_complete(sleep(secs(1))).expect("it runs");
        assert_eq!(events.close().expect("it closes").tasks, 0);
        assert_eq!(*log.borrow(), ["ended"]);
    });
}

/// Stops the loop when it is dropped.
struct StopsLoop(Rc<EventLoop>);

impl Drop for StopsLoop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

thread_local! {
    static KEPT: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

#[test]
fn a_loop_that_its_thread_keeps_is_dropped_with_the_thread() {
    for kept_first in [true, false] {
        let (sender, dropped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            if kept_first {
                // What is first made is last dropped: the loop outlives what else the thread keeps.
                KEPT.set(None);
            }
            let events = EventLoop::new().expect("a loop");
            let task = events.create_task(async move {
                let _sender = sender;
                sleep(secs(3600)).await;
            });
            drop(task.expect("it is open"));
            events.run_until_complete(sleep(Duration::from_millis(1))).expect("it runs");
            events.call_soon(|_| ()).expect("it is open");
            KEPT.set(Some(events));
        });
        within(LIMIT, "a thread", || thread.join()).expect("it does not panic");
        assert!(
            dropped
                .recv_timeout(LIMIT)
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
        );
    }
}
