//! The standard workloads of par: problems with published answers, stated once for every paradigm.

#![forbid(unsafe_code)]

pub mod taskgraph;
pub mod workloads;
