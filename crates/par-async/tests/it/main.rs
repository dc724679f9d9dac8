//! The tests of par-async.

mod cancelling;
mod combining;
mod group;
mod live;
mod tree;
