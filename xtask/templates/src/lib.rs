#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod error;
mod executor;
mod probe;

pub use config::FooConfig;
pub use error::FooError;
pub use executor::FooExecutor;
pub use probe::probe;
