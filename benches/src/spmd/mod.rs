//! Workloads that need messages: SPMD programs, each written once for any [`Communicator`](par_core::comm::Communicator).
//!
//! A program runs on every rank of a [`World`], examines its own part of the answer element by element, outside of the
//! time that it reports, and yields what it found; [`SpmdWorkload::verify`] then judges the parts together.

mod field;
mod halo;
mod heat;
mod measure;
mod patch;
mod payload;
mod pingpong;
mod program;
mod ranked;
mod ring;
mod stencil;
mod transpose;
mod watch;
mod workload;
mod world;

pub use heat::{Heat, HeatError, HeatPart};
pub use measure::{LatencyPoint, LatencyTable, Measured, Traffic};
pub use patch::Patch;
pub use payload::Payload;
pub use pingpong::{
    Estimate, LogGp, Overheads, Parameter, PingPong, PingPongError, PingPongPart, SizeTimes, fit_loggp,
};
pub use program::{Program, SpmdListed, spmd_catalogue};
pub use ranked::{RankCost, Ranked, Sent};
pub use ring::{Ring, RingError, RingPart};
pub use stencil::{Stencil, StencilError, StencilPart};
pub use transpose::{Transpose, TransposeError, TransposePart};
pub use workload::{SerialTime, SpmdWorkload};
pub use world::{Gathered, World};
