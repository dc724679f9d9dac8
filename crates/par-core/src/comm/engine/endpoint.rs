//! What one rank knows of its messages.

use std::collections::{HashMap, VecDeque};

use super::frame::Head;
use super::keyed::{Key, Keyed};
use super::ring::{RingReceiver, RingSender};
use super::transport::{Parcel, Transport};
use super::{PAYLOAD_WORDS, Settings};
use crate::comm::{CommError, Envelope, Matching, Rank, SendMode, Tag};

/// What every eager message costs besides its bytes, so that their number is bounded, too.
pub(super) const MESSAGE_CREDIT: u64 = 256;

/// So many looks at the rings before the first yield, where every rank has a processor of its own.
const SPINS: u32 = 4_000;

/// The state of a rank that all its communicators share. Ranks are those of the world, also in envelopes.
pub(super) struct Endpoint<T: Transport> {
    pub(super) transport: T,
    pub(super) settings: Settings,
    pub(super) rank: Rank,
    pub(super) peers: Vec<Peer<T::Words>>,
    pub(super) matching: Matching<Unexpected, Key>,
    pub(super) sends: Keyed<Outgoing>,
    pub(super) receives: Keyed<Incoming>,
    pub(super) next_context: u32,
    /// What was set aside for buffered sends, by context: how much, and how much of it is in use.
    pub(super) buffers: HashMap<u32, (usize, usize)>,
    pub(super) fragment_count: usize,
    pub(super) fragment_bytes: usize,
    /// How often a wait looks before it yields.
    pub(super) spins: u32,
    /// How many receives have looked for a short message first.
    pub(super) short_receives: u32,
    /// How many waits yield no more before they sleep, because others want the processors.
    pub(super) sleepy_waits: u32,
}

/// Another rank. This rank itself is one, whose rings are used by nobody.
pub(super) struct Peer<W> {
    pub(super) sender: RingSender<W>,
    pub(super) receiver: RingReceiver<W>,
    /// What found no room yet, and must go in this order.
    pub(super) out: VecDeque<Out>,
    /// Messages that come in parts: the peer's number of each, and the receive that its parts go to.
    pub(super) streams: Vec<(u64, Key)>,
}

/// Something to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Out {
    /// A slot as it is.
    Slot(Head, u64),
    /// A message begins.
    Begin(Key),
    /// A message goes on, part by part.
    Parts(Key),
}

/// A message that no receive has taken.
#[derive(Debug)]
pub(super) enum Unexpected {
    Short([u64; PAYLOAD_WORDS]),
    /// It has a place among the receives already, into which its parts come, if they come.
    Kept(Key),
    /// A send of this rank to itself, that waits for its receive.
    Own(Key),
}

/// Where a message is sent from.
pub(super) enum Body {
    /// The caller's memory, which is lent to the engine while the caller waits.
    Lent,
    Owned(Box<dyn Parcel>),
    Gone,
}

/// Where a message is received into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The caller's memory, which is lent to the engine while the caller waits.
    Lent,
    /// The request's buffer.
    Buffer,
    /// A buffer of the message's own.
    Whole,
    /// There is none yet, or nobody wants it.
    Nowhere,
}

/// A send under way.
pub(super) struct Outgoing {
    pub(super) to: Rank,
    pub(super) context: u32,
    pub(super) tag: Tag,
    pub(super) mode: SendMode,
    pub(super) bytes: usize,
    pub(super) sent: usize,
    pub(super) stage: Stage,
    pub(super) body: Body,
    /// The vector moved to the receiver.
    pub(super) given: bool,
    /// Nobody waits for the end of it.
    pub(super) detached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Queued,
    Announced,
    Parts,
    Done,
}

/// A receive under way, or a message that waits for one.
pub(super) struct Incoming {
    pub(super) place: Place,
    /// The request's buffer.
    pub(super) buffer: Option<Box<dyn Parcel>>,
    /// The message itself, where it was given as it is, or came before its receive.
    pub(super) whole: Option<Box<dyn Parcel>>,
    /// The message, once it is known.
    pub(super) envelope: Option<Envelope>,
    pub(super) got: usize,
    /// The sender waits until it is told that this message, by its number, is wanted.
    pub(super) announced: Option<u64>,
    /// The sender will give the message as it is.
    pub(super) gives: bool,
    /// No receive has taken it.
    pub(super) kept: bool,
    /// Nobody wants it any more.
    pub(super) detached: bool,
    /// The credit that goes back to the sender when a receive takes it.
    pub(super) credit: u64,
    pub(super) error: Option<CommError>,
}

/// Memory that the caller lends while it waits.
#[derive(Default)]
pub(super) struct Lent<'b> {
    pub(super) send: Option<(Key, &'b [u8])>,
    pub(super) receive: Option<(Key, &'b mut [u8])>,
}

impl Incoming {
    pub(super) fn new(place: Place, buffer: Option<Box<dyn Parcel>>) -> Self {
        Self {
            place,
            buffer,
            whole: None,
            envelope: None,
            got: 0,
            announced: None,
            gives: false,
            kept: false,
            detached: false,
            credit: 0,
            error: None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.error.is_some()
            || (self.announced.is_none() && self.envelope.is_some_and(|envelope| self.got == envelope.bytes))
    }
}

impl<T: Transport> Endpoint<T> {
    pub(super) fn new(transport: T, settings: Settings) -> Self {
        let (rank, ranks) = (transport.rank(), transport.ranks());
        let peer = |other| Peer {
            sender: RingSender::new(transport.ring(rank, other)),
            receiver: RingReceiver::new(transport.ring(other, rank)),
            out: VecDeque::new(),
            streams: Vec::new(),
        };
        let peers = (0..ranks).map(peer).collect();
        let (fragment_count, fragment_bytes) = transport.fragments();
        let spins = if transport.processors() >= ranks { SPINS } else { 0 };
        Self {
            transport,
            settings,
            rank,
            peers,
            matching: Matching::default(),
            sends: Keyed::default(),
            receives: Keyed::default(),
            next_context: 2,
            buffers: HashMap::new(),
            fragment_count,
            fragment_bytes,
            spins,
            short_receives: 0,
            sleepy_waits: 0,
        }
    }

    /// How much of eager messages one rank may have at another without a receive.
    pub(super) fn credit_limit(&self) -> u64 {
        self.settings.unexpected_limit as u64
    }

    /// Makes what progress can be made; whether there was any.
    #[inline]
    pub(super) fn progress(&mut self, lent: &mut Lent<'_>) -> bool {
        let mut moved = false;
        for other in 0..self.peers.len() {
            if other != self.rank {
                moved |= self.drain(other, lent);
                if !self.peers[other].out.is_empty() {
                    moved |= self.pump(other, lent);
                }
            }
        }
        moved
    }

    /// Whether [`progress`](Self::progress) would find something to do.
    pub(super) fn news(peers: &mut [Peer<T::Words>], fragments: usize, this: Rank) -> bool {
        peers.iter_mut().enumerate().any(|(other, peer)| {
            other != this
                && (peer.receiver.head().is_some()
                    || (!peer.out.is_empty()
                        && peer.sender.has_room()
                        && peer.sender.free_fragment(fragments).is_some()))
        })
    }
}
