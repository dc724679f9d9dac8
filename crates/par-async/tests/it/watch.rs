//! Debug mode: who blocks is reported while it blocks, and nobody else.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use par_async::{EventLoop, Report, Runner, TaskGroup, sleep, timeout};
use par_core::testing::within;

const LIMIT: Duration = Duration::from_secs(30);

/// Blocks its thread until a report is there, for 10 s at most, and says after how long it was.
fn block(reports: &Receiver<Report>) -> (Report, Duration) {
    let begun = Instant::now();
    let report = reports.recv_timeout(Duration::from_secs(10)).expect("it is reported while it blocks");
    (report, begun.elapsed())
}

fn sender() -> (impl Fn(&Report) + Send + Sync + 'static, Receiver<Report>) {
    let (sender, receiver): (Sender<Report>, _) = channel();
    (move |report: &Report| drop(sender.send(report.clone())), receiver)
}

fn check((report, after): &(Report, Duration), what: &str, name: Option<&str>, line: u32) {
    let Report::Blocked { work, elapsed } = report else { panic!("{report}") };
    assert_eq!((work.what, work.name.as_deref()), (what, name));
    assert_eq!((work.at.file(), work.at.line()), (file!(), line));
    assert!(
        *elapsed >= Duration::from_millis(100) && *after < Duration::from_millis(200),
        "{report} {after:?}"
    );
}

fn is_slow(report: &Report) {
    assert!(
        matches!(report, Report::Slow { elapsed, .. } if *elapsed >= Duration::from_millis(100)),
        "{report}"
    );
}

#[test]
fn a_callback_that_blocks_is_reported_within_200_ms() {
    let (handler, reports) = sender();
    let events = EventLoop::builder().debug(true).report_to(handler).build().expect("a loop");
    let (results, seen) = channel();
    let line = line!() + 1;
    let callback = events.call_soon(move |events: &EventLoop| {
        results.send((block(&reports), reports)).expect("the test waits");
        events.stop();
    });
    callback.expect("it is open");
    within(LIMIT, "a blocked loop", || events.run_forever()).expect("it runs");
    let (blocked, reports) = seen.recv().expect("it is sent");
    check(&blocked, "callback", None, line);
    is_slow(&reports.recv_timeout(LIMIT).expect("once more at its end"));
}

#[test]
fn a_task_of_a_loop_that_blocks_is_reported() {
    let (handler, reports) = sender();
    let events = EventLoop::builder().debug(true).report_to(handler).build().expect("a loop");
    let line = line!() + 1;
    let task = events.create_named_task("blocker", async move { (block(&reports), reports) });
    let ended = within(LIMIT, "a blocked loop", || events.run_until_complete(task.expect("it is open")));
    let (blocked, reports) = ended.expect("it runs").expect("it ends");
    check(&blocked, "task", Some("blocker"), line);
    is_slow(&reports.recv_timeout(LIMIT).expect("once more at its end"));
}

#[test]
fn a_task_of_a_group_on_many_threads_that_blocks_is_reported() {
    let (handler, reports) = sender();
    let runner = Runner::builder().workers(2).interruptible(false).debug(true).report_to(handler);
    let runner = runner.build().expect("a runner");
    let line = line!() + 4;
    let ended = within(LIMIT, "a blocked worker", || {
        runner.run(async {
            TaskGroup::<String>::scope(|group| async move {
                let task = group.task("blocker").spawn(async move { Ok((block(&reports), reports)) });
                Ok(task.await)
            })
            .await
        })
    });
    let (blocked, reports) = ended.expect("it runs").expect("no failure").expect("it ends");
    check(&blocked, "task", Some("blocker"), line);
    is_slow(&reports.recv_timeout(LIMIT).expect("once more at its end"));
}

#[test]
fn nothing_is_reported_when_nothing_is_wrong() {
    let (handler, reports) = sender();
    let events = EventLoop::builder().debug(true).report_to(handler).build().expect("a loop");
    within(LIMIT, "a loop", || {
        events.call_soon(|_| ()).expect("it is open");
        events.run_until_complete(async {
            // It waits longer than the limit, and does not block.
            sleep(Duration::from_millis(250)).await;
            let busy = TaskGroup::<String>::scope(|group| async move {
                for _ in 0..100 {
                    group.spawn(async {
                        sleep(Duration::from_millis(1)).await;
                        Ok(())
                    });
                }
                Ok(())
            });
            timeout(Duration::from_secs(20), busy).await.expect("in time").expect("no failure");
        })
    })
    .expect("it runs");
    drop(events);
    let reports: Vec<_> = reports.try_iter().collect();
    assert!(reports.is_empty(), "{reports:?}");
}

#[test]
fn what_is_never_awaited_is_reported_with_its_line() {
    let (handler, reports) = sender();
    let events = EventLoop::builder().paused_clock().debug(true).report_to(handler).build().expect("a loop");
    let lines = events.run_until_complete(async {
        drop(sleep(Duration::from_secs(1)));
        let first = line!() - 1;
        drop(timeout(Duration::from_secs(1), async {}));
        drop(TaskGroup::<String>::scope(async |_| Ok(())));
        (first, first + 2, first + 3)
    });
    let (sleep, timeout, scope) = lines.expect("it runs");
    drop(events);
    let reports: Vec<_> = reports
        .try_iter()
        .map(|report| {
            assert!(matches!(report, Report::NeverAwaited { .. }), "{report}");
            (report.work().what, report.work().at.line())
        })
        .collect();
    assert_eq!(reports, [("sleep", sleep), ("timeout", timeout), ("TaskGroup::scope", scope)]);
}

#[test]
fn without_debug_mode_nobody_watches() {
    let (handler, reports) = sender();
    let events = EventLoop::builder().report_to(handler).build().expect("a loop");
    events
        .run_until_complete(async {
            drop(sleep(Duration::from_secs(1)));
            // It blocks for longer than the limit of debug mode.
            thread::sleep(Duration::from_millis(150));
        })
        .expect("it runs");
    assert!(reports.try_recv().is_err());
}
