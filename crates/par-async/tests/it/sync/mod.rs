//! Synchronisation and queues: the suites of all families, and what only tasks can do: be cancelled.

mod barrier;
mod cancelled;
mod conformance;
mod crowd;
mod fair;
mod queues;
