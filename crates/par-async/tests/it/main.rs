//! The tests of par-async.

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
mod tree;
mod watch;
