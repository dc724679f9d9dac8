//! Everything that is built on communicators, tried on the model of a world, without MPI.
//!
//! - `conformance`: what every executor does, on one worker and on several.
//! - `hosted`: a pool that lives as long as a value, for the suites that want one.

mod conformance;
mod hosted;
