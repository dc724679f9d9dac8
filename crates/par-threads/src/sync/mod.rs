//! Synchronisation: what parking_lot has, and what it lacks.

pub(crate) mod model;
