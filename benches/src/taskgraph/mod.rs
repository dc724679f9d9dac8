//! Task graphs after Task Bench: patterns of dependences, and a kernel whose length is known.
//!
//! Source: E. Slaughter, W. Wu, Y. Fu, L. Brandenburg, N. Garcia, W. Kautz, E. Marx, K. S. Morris, Q. Cao,
//! G. Bosilca, S. Mirchandaney, W. Lee, S. Treichler, P. McCormick, A. Aiken, "Task Bench: A Parameterized
//! Benchmark for Evaluating Parallel Runtime Performance", SC 2020.
//!
//! A graph is a grid of *steps* (time, downwards) and *points* (width, across); a task depends on points of the
//! step before, and on nothing else.

mod graph;
mod kernel;

mod pattern;
mod points;
mod siphash;

mod counts;
mod finished;
mod metg;
mod node;
mod ready;
mod run;
mod serial;

pub use finished::FinishedGraph;
pub use graph::{Graph, GraphError, Stamp};
pub use kernel::{kernel, ns_per_iteration};
pub use metg::{Metg, MetgError, MetgSearch, Target};
pub use node::{Inputs, Produced, Token, WrongInputs, taskgraph_node};
pub use pattern::{Pattern, UnknownPattern};
pub use points::Points;
pub use run::{GraphRun, GraphRunError};
pub use serial::run_graph_serial;
