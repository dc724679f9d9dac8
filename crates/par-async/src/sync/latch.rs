//! A door that opens once, when enough has happened.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::coop::consume_budget;

use super::Room;
use crate::task::waiting;

/// A door that opens once, for good, when it was counted down to zero.
///
/// Tasks that count need not wait, and tasks that wait need not count: a [`Barrier`](crate::Barrier) is where the same
/// ones do both, again and again. Threads outside of the runtime may count, too.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use par_async::{Latch, TaskGroup};
///
/// # par_async::testing::run(async {
/// let loaded = Arc::new(Latch::new(3));
/// TaskGroup::<std::convert::Infallible>::scope(|group| async move {
///     for _ in 0..3 {
///         let loaded = Arc::clone(&loaded);
///         group.spawn(async move { Ok(loaded.count_down()) });
///     }
///     Ok(loaded.wait().await)
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Latch {
    remaining: AtomicUsize,
    room: Room,
}

impl Latch {
    /// A latch that opens after so many steps; with 0 it is open.
    ///
    /// # Examples
    /// ```
    /// static STARTED: par_async::Latch = par_async::Latch::new(2);
    /// STARTED.count_down_by(2);
    /// assert!(STARTED.is_open());
    /// ```
    pub const fn new(count: usize) -> Self {
        Self { remaining: AtomicUsize::new(count), room: Room::new() }
    }

    /// One step down. At zero the latch is open, and further steps change nothing.
    pub fn count_down(&self) {
        self.count_down_by(1);
    }

    /// So many steps down at once, but never below zero.
    pub fn count_down_by(&self, steps: usize) {
        let down = |left: usize| Some(left.saturating_sub(steps));
        // Who waits sees the steps of all: each is a read-modify-write that releases.
        let before = self.remaining.fetch_update(Ordering::AcqRel, Ordering::Relaxed, down);
        if before.is_ok_and(|before| before > 0 && before <= steps) {
            self.room.tell_all_if(|| true);
        }
    }

    /// Waits until the latch is open.
    ///
    /// # Cancel safety
    /// It may be dropped at any time; it counts nothing.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = ()> + Send {
        waiting("Latch::wait", Location::caller(), self.opened())
    }

    async fn opened(&self) {
        consume_budget().await;
        if !self.is_open() {
            self.room.wait_unless(|| self.is_open()).await;
        }
    }

    /// One step down, and then waits for the others.
    ///
    /// # Cancel safety
    /// It may be dropped at any time. The step is done at the first poll, and stays done.
    ///
    /// # Examples
    /// ```
    /// # par_async::testing::run(async {
    /// let together = par_async::Latch::new(1);
    /// together.arrive_and_wait().await;
    /// assert!(together.is_open());
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn arrive_and_wait(&self) -> impl Future<Output = ()> + Send {
        waiting("Latch::arrive_and_wait", Location::caller(), async move {
            self.count_down();
            self.opened().await;
        })
    }

    /// How many steps are missing: it never grows.
    pub fn remaining(&self) -> usize {
        self.remaining.load(Ordering::Acquire)
    }

    /// Whether it was counted down to zero.
    pub fn is_open(&self) -> bool {
        self.remaining() == 0
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}
