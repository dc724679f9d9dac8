//! A flag that tasks wait for.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::coop::consume_budget;

use super::Room;
use crate::task::waiting;

/// A flag that any number of tasks wait for: setting it wakes them all, and it stays set until it is cleared.
///
/// Who waits when it is set goes on, even if it is cleared at once. Threads outside of the runtime may set it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Event, TaskGroup, sleep, timeout};
///
/// static READY: Event = Event::new();
///
/// # par_async::testing::run(async {
/// TaskGroup::<std::convert::Infallible>::scope(|group| async move {
///     group.spawn(async {
///         sleep(Duration::from_secs(1)).await;
///         Ok(READY.set())
///     });
///     Ok(READY.wait().await)
/// }).await?;
/// READY.clear();
/// assert!(timeout(Duration::from_secs(1), READY.wait()).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Event {
    /// Set under the lock of the room.
    set: AtomicBool,
    room: Room,
}

impl Event {
    /// An event that is not set.
    ///
    /// # Examples
    /// ```
    /// assert!(!par_async::Event::new().is_set());
    /// ```
    pub const fn new() -> Self {
        Self { set: AtomicBool::new(false), room: Room::new() }
    }

    /// Sets the event and wakes every task that waits for it.
    pub fn set(&self) {
        self.room.tell_all_if(|| {
            self.set.store(true, Ordering::Release);
            true
        });
    }

    /// Takes the flag away: who comes from now on waits.
    ///
    /// Who clears it sees what was written before every [`set`](Self::set) that this undoes.
    pub fn clear(&self) {
        self.set.swap(false, Ordering::AcqRel);
    }

    /// Whether the event is set now.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Waits until the event is set; returns at once if it is.
    ///
    /// # Cancel safety
    /// It may be dropped at any time.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = ()> + Send {
        waiting("Event::wait", Location::caller(), async move {
            consume_budget().await;
            if !self.is_set() {
                self.room.wait_unless(|| self.is_set()).await;
            }
        })
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("is_set", &self.is_set()).finish_non_exhaustive()
    }
}
