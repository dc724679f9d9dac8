//! The engine that makes a [`Communicator`](super::Communicator) out of a [`Transport`].
//!
//! A transport gives one ring of 64-byte slots per ordered pair of ranks, fragments of memory for what is longer, and a
//! way to sleep; the engine gives everything else: matching, flow control, rendezvous, requests, progress, failures.

mod board;
mod channel;
mod claimed;
mod comm;
mod endpoint;
mod frame;
mod incoming;
mod keyed;
mod outgoing;
mod pending;
mod ring;
mod settings;
mod transport;
mod wait;

pub use comm::Comm;
pub use ring::{PAYLOAD_WORDS, RING_WORDS, RingReceiver, RingSender};
pub use settings::Settings;
pub use transport::{Ended, Parcel, Transport, Word};
