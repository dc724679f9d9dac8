//! The engine that makes a [`Communicator`](super::Communicator) out of a [`Transport`].
//!
//! A transport gives one ring of 64-byte slots per ordered pair of ranks, fragments of memory for what is longer, and a
//! way to sleep; the engine gives everything else: matching, flow control, rendezvous, requests, progress, failures.
//!
//! # How a message goes
//! | message | what happens |
//! |---|---|
//! | at most 56 bytes | it lies in a slot: one cache line moves |
//! | at most the eager limit | its parts go through fragments, whether or not there is a receive; one that comes before its receive is kept in a buffer of its own |
//! | longer, synchronous, or without credit | it is announced; when its receive has begun, the receiver says so, and parts go straight to where they are received while both ranks copy |
//! | a vector of 8 KiB or more that was moved in, where ranks share an address space | the vector itself, as soon as one of the two above would send its first part |
//!
//! Eager messages are paid for with credit, which their receive gives back: so what lies at a rank without a receive is
//! bounded, per pair of ranks. What finds no room in a ring waits in a queue at the sender, in order.
//!
//! # Why it cannot deadlock by itself
//! A rank that is in any operation takes what comes for it from all others, whatever it waits for, and needs no room of
//! anybody to do so: what comes without a receive has been paid for, or is only announced. So every ring is read by
//! whoever waits, and a queue at a sender gets shorter. A rank that computes reads nothing, and others may wait for it.
//!
//! # How memory is lent
//! A blocking operation lends its buffer to each turn of its own wait and to nothing else; a request owns its buffer. So
//! a message moves into a borrowed buffer only while its borrower waits, and no other operation of the rank can touch it.

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
#[cfg(all(test, not(loom)))]
mod progress_tests;
mod ring;
mod settings;
mod transport;
mod wait;

pub use comm::Comm;
pub use ring::{PAYLOAD_WORDS, RING_WORDS, RingReceiver, RingSender};
pub use settings::Settings;
pub use transport::{Ended, Parcel, Transport, Word};
