//! `cargo xtask bench-all` from outside, with a fake bench program under several names.

mod browser;
mod failures;
mod fake;
mod flags;
mod interruption;
mod messages;
mod preparation;
mod proxy;
mod results;
