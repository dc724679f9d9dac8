//! The tests of par-async.

mod group;
mod sync;
