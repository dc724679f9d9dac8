//! Queues: bounded, accounted for, fair, and ended by a shutdown.
//!
//! One [`Buffer`] is under all three, over a store of par-core that decides the order. Everything but what is done is
//! changed under its lock.
//! - *open*: puts and gets; who finds no room or no item waits in a line.
//! - *draining* (`Drain`): puts fail; gets go on until the store is empty, and then fail.
//! - *shut down* (`Immediate`, or drained): nothing goes in or comes out.
//!
//! Nobody waits beside an item or room that is nobody's: when one appears, the first in the line is told in the same
//! step, and it is *kept* for it until that task is polled; whoever comes meanwhile finds only what is not kept. The item
//! itself stays in the store. So a getter that is cancelled after it was told has nothing to give back but the promise,
//! which goes to the next in the line, and the order of the items is as if it had never come. Of a queue that drains, a
//! getter is told the end only when the store is empty, so an item that was kept for a task which is cancelled then has
//! still somebody to take it.
//!
//! No code of a user runs under the lock but `P::cmp` of a [`PriorityQueue`]: there a second use of a priority queue
//! panics instead of deadlocking, and a comparison that panics has changed nothing.

mod buffer;
mod fifo;
mod ledger;
mod lifo;
mod methods;
mod priority;
mod reserved;
mod taken;

use buffer::Buffer;

pub use fifo::Queue;
pub use lifo::LifoQueue;
pub use priority::PriorityQueue;
pub use reserved::Reserved;
pub use taken::Taken;
