//! Queues: bounded, accounted for, and ended by a shutdown.
//!
//! One [`Buffer`] is under all three, over a store that decides the order: a deque, a stack, a heap.
//! - *open*: puts and gets; who finds no room or no item looks for a moment, and then sleeps.
//! - *draining* (`Drain`): puts fail; gets go on until the store is empty, and then fail.
//! - *shut down* (`Immediate`, or drained): nothing goes in or comes out.
//!
//! A queue goes from left to right, once. Only who holds the lock of the store changes the store, the hint of its
//! length, the state, and how many items were put and taken; how many are done is counted without the lock, by
//! [`Accounts`].
//!
//! Nobody sleeps for ever beside an item or room. Who adds an item notifies one getter, who removes one notifies one
//! putter, always after a change that was made under the lock that sleepers check under; a sleeper whose notification
//! came to nothing because a comparison panicked passes it on. A shutdown notifies all.
//!
//! No user code runs under the lock, so none can deadlock on it: items are dropped outside, and only a
//! [`PriorityQueue`] calls something of the user at all, `P::cmp`. There a second use of a priority queue panics
//! instead of deadlocking, and a comparison that panics has changed nothing: see
//! [`Heap`](par_core::plumbing::sync::Heap).

mod accounts;
mod buffer;
mod fifo;
mod iter;
mod lifo;
#[cfg(all(test, loom))]
mod loom_tests;
mod methods;
mod priority;
mod taken;

use accounts::Accounts;
use buffer::{Buffer, Patience};

pub use fifo::Queue;
pub use iter::QueueIter;
pub use lifo::LifoQueue;
pub use priority::PriorityQueue;
pub use taken::Taken;
