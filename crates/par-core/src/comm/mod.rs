//! Message passing: one program, many ranks (SPMD).
//!
//! A [`Communicator`] is a group of ranks that talk to one another, and to nobody else.
//! An [`Spmd`] program is written once, for any communicator, and runs on threads, on processes and on MPI ranks
//! unchanged.

mod blocks;
mod board;
mod cartesian;
mod checked;
pub mod collectives;
mod communicator;
mod communicator_ext;
mod counted;
mod datum;
pub mod engine;
mod error;
mod graph;
mod group;
mod intercommunicator;
mod link;
mod located;
mod matching;
mod message;
mod neighbourhood;
pub mod op;
mod parcel;
mod rank;
mod request;
mod send_mode;
mod split;
mod spmd;
mod status;
mod value;

pub use blocks::Blocks;
pub use board::{Board, Watch};
pub use cartesian::{Cartesian, compute_dims};
pub use checked::{Checked, Checks};
pub use communicator::Communicator;
pub use communicator_ext::CommunicatorExt;
pub use counted::{Calls, Counted, Flow, RankTraffic, Traffic};
pub use datum::{Datum, Kind};
pub use error::CommError;
pub use graph::Graph;
pub use group::{Group, Likeness};
pub use intercommunicator::Intercommunicator;
pub use link::Link;
pub use located::Located;
pub use matching::{Envelope, Matching, Posted};
pub use message::{Arrived, Message};
pub use neighbourhood::{Neighbourhood, Topology};
pub use op::Reduction;
pub use parcel::Parcel;
pub use rank::{Rank, Source, Tag, TagSelector};
pub use request::{Completed, Pending, Request, wait_all, wait_any};
pub use send_mode::SendMode;
pub use split::{Share, divide};
pub use spmd::{RankFailure, Spmd, SpmdError};
pub use status::Status;
pub use value::Value;
