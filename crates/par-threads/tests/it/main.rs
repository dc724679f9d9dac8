//! The pools under the suite that every executor passes, and what only threads can do.

mod conformance;
mod failure;
mod pool;
mod queue;
mod waiting;
