//! The tests of par-async.

mod borrowed;
mod bridges;
mod cancelling;
mod combining;
mod conformance;
mod event_loop;
mod executor;
mod group;
mod io;
mod live;
mod runner;
mod sync;
mod tree;
mod watch;
