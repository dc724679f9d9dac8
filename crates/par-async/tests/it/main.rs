//! The tests of par-async.

mod event_loop;
mod group;
mod runner;
mod watch;
