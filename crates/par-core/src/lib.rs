//! One workload, every parallel paradigm.

mod philox;
mod split;
/// The unit of work that may travel.
pub mod task;
mod workload;

pub use par_macros::workload;
pub use philox::Philox;
pub use split::split;
pub use task::Phase;
pub use workload::{Cost, Mismatch, Workload};
