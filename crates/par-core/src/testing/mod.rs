//! The behavioural suites that every executor and every workload passes.
//!
//! An executor's test is three lines:
//! ```
//! let executor = par_core::LoopbackExecutor::new();
//! let conformance = par_core::testing::check(&executor);
//! println!("{conformance}");
//! ```
//! The tasks of the suite are registered by this module, so workers in other processes know them, too.

mod behaviours;
pub mod comm;
mod conformance;
mod model;
mod paired;
pub mod sync;
mod tasks;
mod within;
mod workload;
mod wrong;

pub use behaviours::shutting_down::check_shutdown;
pub use conformance::{Conformance, Verdict, check};
pub use model::{ModelComm, ModelWorld};
pub use paired::{Contender, Paired};
pub use within::within;
pub use workload::check_workload;
pub use wrong::Wrong;
