//! The tests of par-async.

mod bridges;
mod cancelling;
mod combining;
mod conformance;
mod executor;
mod group;
mod live;
mod tree;
