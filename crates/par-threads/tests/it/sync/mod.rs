//! Synchronisation: the suite that every family passes, and what only threads have.

mod barrier;
mod conformance;
mod doors;
mod permits;
