//! The pools under the suite that every executor passes, the synchronisation and the queues under theirs, and what only
//! threads can do.

mod conformance;
mod failure;
mod pool;
mod queue;
mod thread;
mod waiting;
