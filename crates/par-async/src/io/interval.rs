//! The same again and again.

use std::panic::Location;
use std::time::Duration;

use tokio::time::{self, Instant, MissedTickBehavior};

use crate::task::waiting;

/// What happens to ticks that nobody was there to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTicks {
    /// They come at once, one after the other, until all are made up for: as many ticks as periods have passed.
    #[default]
    Burst,
    /// They are left out; the next tick is on the beat of the first one.
    Skip,
    /// They are left out; the next tick is a whole period after the late one.
    Delay,
}

/// A tick of an [`Interval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// When it was due.
    pub due: Instant,
    /// How many ticks were left out before it; always 0 but with [`MissedTicks::Skip`].
    pub missed: u64,
}

/// Ticks with a period; from [`interval`].
#[derive(Debug)]
pub struct Interval {
    ticks: time::Interval,
    missed: MissedTicks,
    last: Option<Instant>,
}

/// Ticks every `period`, for the first time at once.
///
/// The beat does not drift: it does not matter how long the work between the ticks takes, as long as it is less than a
/// period. For what happens when it is more, see [`Interval::with_missed`].
///
/// # Panics
/// If the period is zero, or outside of a tokio runtime.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{MissedTicks, interval, sleep};
///
/// # par_async::testing::run(async {
/// let mut ticks = interval(Duration::from_secs(10)).with_missed(MissedTicks::Skip);
/// let first = ticks.tick().await.due;
/// sleep(Duration::from_secs(25)).await;
/// let late = ticks.tick().await; // at once, and late: it was due after 10 seconds
/// let next = ticks.tick().await; // the one of 20 seconds is left out
/// assert_eq!((late.due - first).as_secs(), 10);
/// assert_eq!(((next.due - first).as_secs(), next.missed), (30, 1));
/// # }).unwrap();
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, for the first time at `start`.
///
/// # Panics
/// As [`interval`].
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    Interval { ticks: time::interval_at(start, period), missed: MissedTicks::Burst, last: None }
}

impl Interval {
    /// What happens to ticks that come too late.
    #[must_use]
    pub fn with_missed(mut self, missed: MissedTicks) -> Self {
        self.missed = missed;
        self.ticks.set_missed_tick_behavior(match missed {
            MissedTicks::Burst => MissedTickBehavior::Burst,
            MissedTicks::Skip => MissedTickBehavior::Skip,
            MissedTicks::Delay => MissedTickBehavior::Delay,
        });
        self
    }

    /// The time between ticks.
    pub fn period(&self) -> Duration {
        self.ticks.period()
    }

    /// Waits for the next tick.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken no tick.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Tick> + Send {
        waiting("Interval::tick", Location::caller(), async {
            let due = self.ticks.tick().await;
            let since = self.last.replace(due).map_or(self.ticks.period(), |last| due - last);
            let periods = since.as_nanos() / self.ticks.period().as_nanos();
            let missed = if self.missed == MissedTicks::Skip { periods.saturating_sub(1) } else { 0 };
            Tick { due, missed: u64::try_from(missed).unwrap_or(u64::MAX) }
        })
    }

    /// The next tick is a whole period from now.
    pub fn reset(&mut self) {
        self.ticks.reset();
        self.last = None;
    }
}
