//! Futures made of futures.

mod shield;
mod sleep;
mod timeout;

pub use shield::shield;
pub use sleep::{sleep, sleep_until};
pub use timeout::{timeout, timeout_at};
