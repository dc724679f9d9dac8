//! The behaviour of communicators, in every world.
//!
//! The suite is an [`Spmd`](crate::comm::Spmd) program, so it runs wherever ranks run: on threads, in processes, under
//! `mpirun`. A world's test is three lines:
//! ```
//! use par_core::testing::{ModelWorld, comm::check_communicator};
//!
//! let findings = check_communicator("ModelWorld", |suite| ModelWorld::new(3).run(suite));
//! println!("{findings}");
//! ```
//! Where a test is itself one of the ranks, as under `mpirun`, every rank gets the same findings and asks
//! [`Findings::unless_broken`] itself.

mod boards;
mod collectives;
mod dividing;
mod findings;
mod grids;
mod point_to_point;
mod probing;
mod reductions;
mod reference;
mod requests;
mod stage;
mod suite;
mod values;

pub use findings::{Finding, Findings};
pub use suite::{Suite, check_communicator};
