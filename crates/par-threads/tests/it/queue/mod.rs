//! Queues: what every family's queue does, and what only threads can do with one.

mod conformance;
mod guards;
mod model;
mod panics;
mod shutdown;

use std::time::Duration;

/// The end of every wait.
const LIMIT: Duration = Duration::from_mins(1);
