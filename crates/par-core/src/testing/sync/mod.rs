//! The behaviour of locks, semaphores, events, latches, barriers and queues, in every family.
//!
//! The suites speak to a family through small blocking traits, so one set of behaviours holds threads, async tasks and
//! processes to the same words: an adapter of the async family blocks on its futures. The parties are threads that the
//! suite starts itself. A family's test is an adapter, and one line per primitive:
//! ```
//! use std::sync::{Condvar, Mutex};
//! use std::time::Duration;
//! use par_core::testing::sync::{Latch, check_latch};
//!
//! struct Mine(Mutex<usize>, Condvar);
//!
//! impl Latch for Mine {
//!     fn count_down_by(&self, steps: usize) {
//!         let mut left = self.0.lock().expect("nobody panics under it");
//!         *left = left.saturating_sub(steps);
//!         self.1.notify_all();
//!     }
//!     fn wait(&self, timeout: Option<Duration>) -> bool {
//!         let (timeout, left) = (timeout.unwrap_or(Duration::MAX), self.0.lock().expect("nobody panics under it"));
//!         let waited = self.1.wait_timeout_while(left, timeout, |left| *left > 0);
//!         !waited.expect("nobody panics under it").1.timed_out()
//!     }
//!     fn remaining(&self) -> usize {
//!         *self.0.lock().expect("nobody panics under it")
//!     }
//! }
//!
//! print!("{}", check_latch(|count| Mine(Mutex::new(count), Condvar::new())));
//! ```

mod barrier;
mod condition;
mod event;
mod held;
mod latch;
mod lock;
mod queue;
mod reentrant;
mod rw_lock;
mod semaphore;

pub use barrier::{
    Barrier, MemberBarrier, MemberWait, Turn, check_barrier, check_barrier_action, check_barrier_members,
};
pub use condition::{Condition, check_condition};
pub use event::{Event, check_event};
pub use held::{Action, Held};
pub use latch::{Latch, check_latch};
pub use lock::{Lock, check_lock};
pub use queue::{BlockingQueue, check_lifo, check_priority, check_queue};
pub use reentrant::check_reentrant_lock;
pub use rw_lock::{RwLock, check_rw_lock};
pub use semaphore::{BoundedSemaphore, Semaphore, check_bounded_semaphore, check_semaphore};
