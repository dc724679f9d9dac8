//! The behaviour of locks, semaphores, events, latches, barriers and queues, in every family.
//!
//! The suites speak to a family through small blocking traits, so one set of behaviours holds threads, async tasks and
//! processes to the same words: an adapter of the async family blocks on its futures.

mod queue;

pub use queue::{BlockingQueue, check_lifo, check_priority, check_queue};
