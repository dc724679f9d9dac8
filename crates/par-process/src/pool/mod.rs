//! The pool's side: a queue, one [`Peer`] per worker process, and the threads that serve them.
#![doc = include_str!("README.md")]

mod bell;
mod bury;
mod call;
mod central;
mod feeder;
mod ladder;
mod peer;
mod reader;
mod shared;
mod supervisor;

pub(crate) use shared::{NAME, Shared};
pub(crate) use supervisor::start;

use std::cell::Cell;

thread_local! {
    static ON_POOL_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Makes this thread one that must never wait for the pool.
fn enter_pool_thread() {
    ON_POOL_THREAD.set(true);
}

/// Whether this thread must never wait for the pool, because the pool would wait for it.
pub(crate) fn on_pool_thread() -> bool {
    ON_POOL_THREAD.get()
}
