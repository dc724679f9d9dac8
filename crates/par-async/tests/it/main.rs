//! The tests of par-async.

mod cancelling;
mod combining;
mod conformance;
mod group;
mod live;
mod tree;
