//! The locks and the condition variable: what Python's do, and what only these can.

mod condvar;
mod conformance;
mod mutex;
mod reentrant;
mod rwlock;

use std::time::Duration;

const LIMIT: Duration = Duration::from_mins(1);
/// Shorter than anybody notices, longer than nothing.
const MOMENT: Duration = Duration::from_millis(20);
