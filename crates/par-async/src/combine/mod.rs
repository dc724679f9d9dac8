//! Futures made of futures.

mod as_completed;
mod cancellable;
mod gather;
mod shield;
mod sleep;
mod timeout;
mod wait;

pub use as_completed::{AsCompleted, as_completed};
pub use cancellable::cancellable;
pub use gather::{gather, gather_all};
pub use shield::shield;
pub use sleep::{sleep, sleep_until};
pub use timeout::{TimeoutHandle, timeout, timeout_at, timeout_with};
pub use wait::wait;
