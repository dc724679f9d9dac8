//! What the synchronisation of every family is made of: state machines and stores that neither block nor wake.
//!
//! A family adds the lock around the state, and how its members wait: threads sleep, async tasks leave a waker. What it
//! promises then is checked by `par_core::testing::sync`.
//!
//! - [`BarrierState`]: who has come to a barrier, how its phases end, and who still has to be told.
//! - [`Store`]: the order of a queue: a [`VecDeque`](std::collections::VecDeque), a [`Vec`], a [`Heap`].
//! - [`Accounts`]: how many items of a queue were put, taken and done.

mod accounts;
mod barrier;
mod heap;
mod store;
mod turn;

pub use accounts::{Accounts, AllDone};
pub use barrier::{Arrival, BarrierState};
pub use heap::Heap;
pub use store::Store;
pub use turn::BarrierTurn;
