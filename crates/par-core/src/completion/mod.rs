//! Waiting for several handles.

mod arrivals;
mod as_completed;
mod wait;

pub(crate) use arrivals::Arrivals;
pub use as_completed::{AsCompleted, Unfinished, as_completed};
pub use wait::{Until, Waited, wait};
