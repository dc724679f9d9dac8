//! How messages leave a rank.

use super::PAYLOAD_WORDS;
use super::endpoint::{
    Body, Endpoint, Incoming, Lent, MESSAGE_CREDIT, Out, Outgoing, Place, Stage, Unexpected,
};
use super::frame::{Head, Kind, to_words};
use super::keyed::Key;
use super::transport::{Parcel, Transport};
use crate::comm::{Envelope, Rank, SendMode, Tag};

/// What a slot carries besides its head, in bytes.
const SHORT: usize = PAYLOAD_WORDS * 8;
/// The same, where the first word says which message it belongs to.
const SHORT_PART: usize = SHORT - 8;
/// Shorter vectors are copied: that costs less than to free memory that another thread has allocated.
const GIVE_FROM: usize = 8 << 10;
/// Parts are no shorter than that, even if then too few are under way for both ranks to copy at once.
const LEAST_PART: usize = 8 << 10;

/// What became of the front of the queue.
enum Step {
    Blocked,
    Done,
    /// Something else takes its place.
    Next(Out),
}

fn bytes_of<'b>(body: &'b Body, key: Key, lent: &Lent<'b>) -> Option<&'b [u8]> {
    match body {
        Body::Owned(parcel) => Some(parcel.bytes()),
        Body::Lent => lent.send.filter(|(lent, _)| *lent == key).map(|(_, bytes)| bytes),
        Body::Gone => None,
    }
}

impl<T: Transport> Endpoint<T> {
    /// Sends a short message at once, if nothing is before it: the way that has to be fast.
    #[inline]
    pub(super) fn send_short(&mut self, bytes: &[u8], to: Rank, context: u32, tag: Tag) -> bool {
        let limit = self.credit_limit();
        if bytes.len() > SHORT.min(self.settings.eager_limit) || to == self.rank {
            return false;
        }
        let peer = &mut self.peers[to];
        if !peer.out.is_empty() || !peer.sender.has_room() || !peer.sender.take_credit(MESSAGE_CREDIT, limit)
        {
            return false;
        }
        let head = Head { kind: Kind::Short, bytes: bytes.len(), tag, context };
        let mut words = [0; PAYLOAD_WORDS];
        to_words(bytes, &mut words);
        peer.sender.push(head.pack(), &words[..bytes.len().div_ceil(8)]);
        self.transport.wake(to);
        true
    }

    /// Begins a send, behind those that wait for room.
    pub(super) fn begin_send(&mut self, send: Outgoing) -> Key {
        let to = send.to;
        let key = self.sends.insert(send);
        if to != self.rank {
            self.peers[to].out.push_back(Out::Begin(key));
        }
        key
    }

    /// Sends a slot, behind what waits for room.
    pub(super) fn push_slot(&mut self, to: Rank, head: Head, word: u64) {
        let peer = &mut self.peers[to];
        if !peer.out.is_empty() || !peer.sender.push(head.pack(), &[word]) {
            peer.out.push_back(Out::Slot(head, word));
        }
        self.transport.wake(to);
    }

    /// Sends to `to` what there is room for.
    pub(super) fn pump(&mut self, to: Rank, lent: &Lent<'_>) -> bool {
        let mut moved = false;
        while let Some(front) = self.peers[to].out.front().copied() {
            let step = match front {
                Out::Slot(head, word) => {
                    let sent = self.peers[to].sender.push(head.pack(), &[word]);
                    if sent { Step::Done } else { Step::Blocked }
                }
                Out::Begin(key) => self.begin(to, key, lent),
                Out::Parts(key) => self.parts(to, key, lent, &mut moved),
            };
            match step {
                Step::Blocked => break,
                Step::Done => drop(self.peers[to].out.pop_front()),
                Step::Next(out) => self.peers[to].out[0] = out,
            }
            moved = true;
        }
        if moved {
            self.transport.wake(to);
        }
        moved
    }

    /// The first slot of a message.
    fn begin(&mut self, to: Rank, key: Key, lent: &Lent<'_>) -> Step {
        let limit = self.credit_limit();
        let part = self.part_of(key);
        let Some(send) = self.sends.get_mut(key) else { return Step::Done };
        let peer = &mut self.peers[to];
        let Some(bytes) = bytes_of(&send.body, key, lent) else { return Step::Blocked };
        if !peer.sender.has_room() {
            return Step::Blocked;
        }
        let mut head = Head { kind: Kind::Announced, bytes: 0, tag: send.tag, context: send.context };
        let gives = matches!(send.body, Body::Owned(_)) && self.transport.gives() && send.bytes >= GIVE_FROM;
        let eager = send.mode != SendMode::Synchronous && send.bytes <= self.settings.eager_limit;
        if eager && send.bytes > SHORT && !gives && peer.sender.free_fragment(self.fragment_count).is_none() {
            return Step::Blocked;
        }
        // As much as its receive gives back: a message in a slot needs no memory but that of its place.
        let beside = if send.bytes <= SHORT { 0 } else { send.bytes as u64 };
        if !eager || !peer.sender.take_credit(MESSAGE_CREDIT + beside, limit) {
            send.stage = Stage::Announced;
            peer.sender.push(head.pack(), &[send.bytes as u64, key.0, u64::from(gives)]);
            return Step::Done;
        }
        if send.bytes <= SHORT {
            (head.kind, head.bytes) = (Kind::Short, bytes.len());
            let mut words = [0; PAYLOAD_WORDS];
            to_words(bytes, &mut words);
            peer.sender.push(head.pack(), &words[..bytes.len().div_ceil(8)]);
        } else if gives {
            head.kind = Kind::Given;
            self.give(to, key);
            let total = self.sends.get(key).map_or(0, |send| send.bytes);
            self.peers[to].sender.push(head.pack(), &[total as u64]);
        } else {
            head.kind = Kind::Eager;
            let first = part.min(send.bytes);
            if let Some(index) = peer.sender.free_fragment(self.fragment_count) {
                self.transport.write_fragment(to, index, &bytes[..first]);
                peer.sender.use_fragment();
            }
            peer.sender.push(head.pack(), &[send.bytes as u64, key.0, first as u64]);
            send.sent = first;
            if first < send.bytes {
                send.stage = Stage::Parts;
                return Step::Next(Out::Parts(key));
            }
        }
        self.sent(key);
        Step::Done
    }

    /// How long the parts of a message are: eight of them, so that both ranks copy at the same time, but not too short.
    fn part_of(&self, key: Key) -> usize {
        let bytes = self.sends.get(key).map_or(0, |send| send.bytes);
        (bytes / 8).next_multiple_of(64).clamp(LEAST_PART.min(self.fragment_bytes), self.fragment_bytes)
    }

    /// As many parts of a message as there is room for.
    fn parts(&mut self, to: Rank, key: Key, lent: &Lent<'_>, moved: &mut bool) -> Step {
        let part = self.part_of(key);
        loop {
            let Some(send) = self.sends.get_mut(key) else { return Step::Done };
            let peer = &mut self.peers[to];
            let Some(bytes) = bytes_of(&send.body, key, lent) else { return Step::Blocked };
            if !peer.sender.has_room() {
                return Step::Blocked;
            }
            let gives = matches!(send.body, Body::Owned(_)) && self.transport.gives();
            if send.sent == 0 && gives && send.bytes >= GIVE_FROM {
                self.give(to, key);
                self.peers[to].sender.push(Head::plain(Kind::GivenPart).pack(), &[key.0]);
                self.sent(key);
                return Step::Done;
            }
            if send.sent == 0 && send.bytes <= SHORT_PART {
                let head = Head { bytes: send.bytes, ..Head::plain(Kind::ShortPart) };
                let mut words = [key.0; PAYLOAD_WORDS];
                to_words(bytes, &mut words[1..]);
                peer.sender.push(head.pack(), &words[..=send.bytes.div_ceil(8)]);
                self.sent(key);
                return Step::Done;
            }
            let Some(index) = peer.sender.free_fragment(self.fragment_count) else { return Step::Blocked };
            let end = (send.sent + part).min(send.bytes);
            self.transport.write_fragment(to, index, &bytes[send.sent..end]);
            peer.sender.use_fragment();
            peer.sender.push(Head::plain(Kind::Part).pack(), &[key.0, (end - send.sent) as u64]);
            self.transport.wake(to);
            *moved = true;
            send.sent = end;
            if end == send.bytes {
                self.sent(key);
                return Step::Done;
            }
        }
    }

    fn give(&mut self, to: Rank, key: Key) {
        let Some(send) = self.sends.get_mut(key) else { return };
        send.given = true;
        if let Body::Owned(parcel) = std::mem::replace(&mut send.body, Body::Gone) {
            self.transport.give(to, parcel);
        }
    }

    /// The receive of an announced message has begun.
    pub(super) fn wanted(&mut self, from: Rank, key: Key) {
        match self.sends.get_mut(key) {
            Some(send) if send.to == from && send.stage == Stage::Announced => {
                if send.bytes == 0 {
                    self.sent(key);
                } else {
                    send.stage = Stage::Parts;
                    self.peers[from].out.push_back(Out::Parts(key));
                }
            }
            // It is on its way already, because this rank is about to end.
            Some(_) => {}
            None => self.push_slot(from, Head::plain(Kind::Withdrawn), key.0),
        }
    }

    /// A message is out of this rank's hands.
    pub(super) fn sent(&mut self, key: Key) {
        let Some(send) = self.sends.get_mut(key) else { return };
        send.stage = Stage::Done;
        let (mode, context, bytes, detached) = (send.mode, send.context, send.bytes, send.detached);
        self.free_buffer(mode, context, bytes);
        if detached {
            self.sends.remove(key);
        }
    }

    /// A message lies no more in the memory that was set aside for it, if it did.
    fn free_buffer(&mut self, mode: SendMode, context: u32, bytes: usize) {
        if mode == SendMode::Buffered
            && let Some((_, used)) = self.buffers.get_mut(&context)
        {
            *used = used.saturating_sub(bytes);
        }
    }

    /// Nobody waits any more for a send whose end nobody has seen; its memory is needed no more.
    pub(super) fn withdraw(&mut self, key: Key) {
        let Some(send) = self.sends.remove(key) else { return };
        if send.stage != Stage::Done {
            self.free_buffer(send.mode, send.context, send.bytes);
        }
        if send.to == self.rank {
            // Nobody is to find it any more; another rank is told when it asks.
            self.matching.discard(|message| matches!(message, Unexpected::Own(own) if *own == key));
        }
    }

    /// A message of this rank to itself: to the receive that waits, or to where the next one finds it.
    pub(super) fn send_to_self(&mut self, key: Key, lent: &mut Lent<'_>) {
        let Some(send) = self.sends.get(key) else { return };
        let Outgoing { context, tag, bytes, mode, .. } = *send;
        let envelope = Envelope { context, source: self.rank, tag, bytes };
        if let Some(receive) = self.matching.arrived(&envelope) {
            self.hand_over(key, receive, envelope, lent);
            return;
        }
        let eager = mode == SendMode::Buffered
            || (mode != SendMode::Synchronous
                && bytes <= self.settings.eager_limit
                && self.peers[self.rank]
                    .sender
                    .take_credit(MESSAGE_CREDIT + bytes as u64, self.settings.unexpected_limit as u64));
        if !eager {
            if let Some(send) = self.sends.get_mut(key) {
                send.stage = Stage::Announced;
            }
            self.matching.keep(envelope, Unexpected::Own(key));
            return;
        }
        let copy = bytes_of(&send.body, key, lent).map_or_else(Vec::new, <[u8]>::to_vec);
        let mut kept = Incoming::new(Place::Whole, None);
        (kept.envelope, kept.got, kept.kept) = (Some(envelope), bytes, true);
        kept.whole = Some(Box::new(copy));
        kept.credit = if mode == SendMode::Buffered { 0 } else { MESSAGE_CREDIT + bytes as u64 };
        let kept = self.receives.insert(kept);
        self.matching.keep(envelope, Unexpected::Kept(kept));
        self.sent(key);
    }

    /// Gives a message of this rank to a receive of this rank.
    pub(super) fn hand_over(&mut self, key: Key, receive: Key, envelope: Envelope, lent: &mut Lent<'_>) {
        let Some(send) = self.sends.get_mut(key) else { return };
        if let Some(incoming) = self.receives.get_mut(receive) {
            if matches!(send.body, Body::Owned(_)) {
                let Body::Owned(parcel) = std::mem::replace(&mut send.body, Body::Gone) else { return };
                send.given = true;
                incoming.whole = Some(parcel);
            } else if let Some(bytes) = bytes_of(&send.body, key, lent) {
                incoming.whole = Some(Box::new(bytes.to_vec()));
            }
            (incoming.envelope, incoming.got) = (Some(envelope), envelope.bytes);
        }
        self.sent(key);
    }

    /// The memory of a message of this rank to itself, which is received now.
    pub(super) fn take_own(&mut self, key: Key) -> Option<Box<dyn Parcel>> {
        let send = self.sends.get_mut(key)?;
        send.given = true;
        let body = std::mem::replace(&mut send.body, Body::Gone);
        self.sent(key);
        match body {
            Body::Owned(parcel) => Some(parcel),
            Body::Lent | Body::Gone => None,
        }
    }

    /// Sends announced messages without waiting for their receives, because this rank is about to end.
    pub(super) fn push_all(&mut self) {
        for key in self.sends.keys() {
            let Some(send) = self.sends.get_mut(key) else { continue };
            if send.stage == Stage::Announced && send.to != self.rank && send.bytes > 0 {
                send.stage = Stage::Parts;
                self.peers[send.to].out.push_back(Out::Parts(key));
            }
        }
    }

    /// Throws away what was to be sent to ranks that have ended.
    pub(super) fn forget_ended(&mut self) {
        for (rank, peer) in self.peers.iter_mut().enumerate() {
            if !peer.out.is_empty() && self.transport.ended(rank).is_some() {
                peer.out.clear();
            }
        }
    }
}
