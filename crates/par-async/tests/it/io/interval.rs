//! Intervals, on the clock of a test.

use std::time::Duration;

use par_async::testing::{cancel_everywhere, run};
use par_async::{MissedTicks, interval, interval_at, sleep, timeout};
use tokio::time::Instant;

/// When each of the ticks came and was due, in seconds, if the reader sleeps 25 s after the first one.
fn ticks(missed: MissedTicks) -> Vec<(u64, u64, u64)> {
    run(async {
        let begun = Instant::now();
        let mut ticks = interval(Duration::from_secs(10)).with_missed(missed);
        let mut seen = Vec::new();
        for turn in 0..5 {
            let tick = ticks.tick().await;
            seen.push((begun.elapsed().as_secs(), (tick.due - begun).as_secs(), tick.missed));
            if turn == 0 {
                sleep(Duration::from_secs(25)).await;
            }
        }
        seen
    })
    .expect("it runs")
}

#[test]
fn missed_ticks_burst() {
    assert_eq!(ticks(MissedTicks::Burst), [(0, 0, 0), (25, 10, 0), (25, 20, 0), (30, 30, 0), (40, 40, 0)]);
}

#[test]
fn missed_ticks_are_skipped() {
    assert_eq!(ticks(MissedTicks::Skip), [(0, 0, 0), (25, 10, 0), (30, 30, 1), (40, 40, 0), (50, 50, 0)]);
}

#[test]
fn missed_ticks_delay_the_rest() {
    assert_eq!(ticks(MissedTicks::Delay), [(0, 0, 0), (25, 10, 0), (35, 35, 0), (45, 45, 0), (55, 55, 0)]);
}

#[test]
fn a_cancelled_wait_takes_no_tick() {
    cancel_everywhere(async |cancel| {
        let begun = Instant::now();
        let second = Duration::from_secs(1);
        let mut ticks = interval_at(begun + second, second);
        let first = match cancel.run(ticks.tick()).await {
            Some(tick) => tick,
            None => ticks.tick().await,
        };
        assert_eq!(first.due - begun, second);
    });
    run(async {
        let mut ticks = interval(Duration::from_secs(10));
        let first = ticks.tick().await.due;
        timeout(Duration::from_secs(9), ticks.tick()).await.expect_err("too early");
        assert_eq!((ticks.tick().await.due - first).as_secs(), 10);
        sleep(Duration::from_secs(5)).await;
        ticks.reset();
        assert_eq!((ticks.tick().await.due - first).as_secs(), 25);
    })
    .expect("it runs");
}
