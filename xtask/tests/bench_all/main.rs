//! `cargo xtask bench-all` from outside, with a fake bench program under several names.
#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

mod browser;
mod failures;
mod fake;
mod flags;
mod interruption;
mod proxy;
mod results;
