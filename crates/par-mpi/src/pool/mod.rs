//! Ranks as an executor.
#![doc = include_str!("README.md")]

mod backoff;
mod builder;
mod call;
mod driver;
mod error;
mod estimate;
mod executor;
mod inbound;
mod outbound;
mod peer;
mod serve;
mod shared;
mod wire;
mod worker;

use std::cell::Cell;

pub use builder::MpiPoolBuilder;
pub use error::PoolError;
pub use executor::MpiPool;

/// The executor's name.
const NAME: &str = "mpi-pool";

thread_local! {
    static DRIVER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread passes the messages of a pool, and must not wait for one.
fn on_driver() -> bool {
    DRIVER.get()
}

/// Makes this thread the driver until the guard is dropped.
fn enter_driver() -> impl Drop {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            DRIVER.set(self.0);
        }
    }
    Leave(DRIVER.replace(true))
}
