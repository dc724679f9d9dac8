//! How messages come to a rank.

use super::PAYLOAD_WORDS;
use super::endpoint::{Endpoint, Incoming, Lent, MESSAGE_CREDIT, Place, Unexpected};
use super::frame::{Head, Kind, from_words};
use super::keyed::Key;
use super::transport::{Parcel, Transport};
use crate::comm::{CommError, Envelope, Posted, Rank, Source};

/// So many slots of one rank, and then the next rank's turn comes.
const AT_ONCE: usize = 32;

impl Incoming {
    /// Where the message goes to; `None`: nobody wants it, or the caller's memory is not lent at the moment.
    fn target<'x>(&'x mut self, key: Key, lent: &'x mut Lent<'_>) -> Option<&'x mut [u8]> {
        match self.place {
            Place::Lent => {
                lent.receive.as_mut().filter(|(lent, _)| *lent == key).map(|(_, bytes)| &mut **bytes)
            }
            Place::Buffer => self.buffer.as_mut().map(|parcel| parcel.bytes_mut()),
            Place::Whole => self.whole.as_mut().map(|parcel| parcel.bytes_mut()),
            Place::Nowhere => None,
        }
    }

    /// All of the message is here.
    fn fill(&mut self, key: Key, bytes: &[u8], lent: &mut Lent<'_>) {
        self.got = bytes.len();
        let place = self.place;
        match self.target(key, lent) {
            Some(room) => {
                let fits = bytes.len().min(room.len());
                room[..fits].copy_from_slice(&bytes[..fits]);
            }
            None if place == Place::Lent => self.whole = Some(Box::new(bytes.to_vec())),
            None => {}
        }
    }
}

impl<T: Transport> Endpoint<T> {
    /// Takes what `from` has sent.
    #[inline]
    pub(super) fn drain(&mut self, from: Rank, lent: &mut Lent<'_>) -> bool {
        let mut moved = false;
        for _ in 0..AT_ONCE {
            let Some(word) = self.peers[from].receiver.head() else { break };
            if !self.take_slot(from, word, lent) {
                break;
            }
            if self.peers[from].receiver.pop() {
                self.transport.wake(from);
            }
            moved = true;
        }
        moved
    }

    /// Takes a slot; `false`: it must wait for memory that is lent later.
    fn take_slot(&mut self, from: Rank, word: u64, lent: &mut Lent<'_>) -> bool {
        // What no rank that keeps to the protocol would write is skipped: its receive will end with its sender.
        let Some(head) = Head::unpack(word) else { return true };
        let first = self.peers[from].receiver.payload(0);
        match head.kind {
            Kind::Short => self.short(from, head, lent),
            Kind::Eager => self.eager(from, head, lent),
            Kind::Given => {
                let parcel = self.transport.take(from);
                let envelope = envelope(from, head, first);
                let key = self.arrive(envelope, MESSAGE_CREDIT + first);
                self.whole(key, parcel, from);
            }
            Kind::Announced => {
                let envelope = envelope(from, head, first);
                let receiver = &self.peers[from].receiver;
                let (send, gives) = (receiver.payload(1), receiver.payload(2) == 1);
                self.announced(envelope, send, gives);
            }
            Kind::Wanted => self.wanted(from, Key(first)),
            Kind::Part => return self.part(from, first, lent),
            Kind::ShortPart => {
                let mut words = [0; PAYLOAD_WORDS];
                for (index, word) in words.iter_mut().enumerate() {
                    *word = self.peers[from].receiver.payload(index);
                }
                let mut bytes = [0; PAYLOAD_WORDS * 8];
                from_words(&words[1..], &mut bytes);
                if let Some(key) = self.end_stream(from, first)
                    && let Some(incoming) = self.receives.get_mut(key)
                {
                    // Its sender may push it without having been asked, because that rank is about to end.
                    incoming.announced = None;
                    incoming.make_room(key, lent);
                    incoming.fill(key, &bytes[..head.bytes], lent);
                    self.received(key);
                }
            }
            Kind::GivenPart => {
                let parcel = self.transport.take(from);
                if let Some(key) = self.end_stream(from, first) {
                    self.whole(key, parcel, from);
                }
            }
            Kind::Withdrawn => {
                if let Some(key) = self.end_stream(from, first)
                    && let Some(incoming) = self.receives.get_mut(key)
                {
                    let reason = "it withdrew its message".to_owned();
                    incoming.error = Some(CommError::RankLost { rank: from, reason });
                    self.received(key);
                }
            }
        }
        true
    }

    /// Receives a short message at once, if it is the next one and nothing is before it: the way that has to be fast.
    /// `Err`: something else is there, or has to be done.
    #[inline]
    pub(super) fn receive_short(
        &mut self,
        posted: &Posted,
        bytes: &mut [u8],
    ) -> Result<Option<Envelope>, ()> {
        let Source::Rank(from) = posted.source else { return Err(()) };
        let limit = self.credit_limit();
        let peer = &mut self.peers[from];
        if from == self.rank || !self.matching.is_empty() || !peer.out.is_empty() {
            return Err(());
        }
        let Some(word) = peer.receiver.head() else { return Ok(None) };
        let head = Head::unpack(word).filter(|head| head.kind == Kind::Short).ok_or(())?;
        let envelope = envelope(from, head, head.bytes as u64);
        if !posted.wants(&envelope) {
            return Err(());
        }
        let mut words = [0; PAYLOAD_WORDS];
        for (index, word) in words[..head.bytes.div_ceil(8)].iter_mut().enumerate() {
            *word = peer.receiver.payload(index);
        }
        let fits = head.bytes.min(bytes.len());
        from_words(&words, &mut bytes[..fits]);
        peer.receiver.give_credit(MESSAGE_CREDIT, limit);
        if peer.receiver.pop() {
            self.transport.wake(from);
        }
        Ok(Some(envelope))
    }

    fn short(&mut self, from: Rank, head: Head, lent: &mut Lent<'_>) {
        let mut words = [0; PAYLOAD_WORDS];
        let receiver = &self.peers[from].receiver;
        for (index, word) in words[..head.bytes.div_ceil(8)].iter_mut().enumerate() {
            *word = receiver.payload(index);
        }
        let envelope = envelope(from, head, head.bytes as u64);
        let Some(key) = self.matching.arrived(&envelope) else {
            self.matching.keep(envelope, Unexpected::Short(words));
            return;
        };
        self.give_credit(from, MESSAGE_CREDIT);
        self.fill_short(key, envelope, &words, lent);
    }

    fn fill_short(
        &mut self,
        key: Key,
        envelope: Envelope,
        words: &[u64; PAYLOAD_WORDS],
        lent: &mut Lent<'_>,
    ) {
        let Some(incoming) = self.receives.get_mut(key) else { return };
        let mut bytes = [0; PAYLOAD_WORDS * 8];
        from_words(words, &mut bytes[..envelope.bytes]);
        incoming.envelope = Some(envelope);
        incoming.fill(key, &bytes[..envelope.bytes], lent);
        self.received(key);
    }

    pub(super) fn give_credit(&mut self, to: Rank, amount: u64) {
        let limit = self.credit_limit();
        self.peers[to].receiver.give_credit(amount, limit);
    }

    /// The receive that a message goes to, or a place for it to be kept in.
    fn arrive(&mut self, envelope: Envelope, credit: u64) -> Key {
        if let Some(key) = self.matching.arrived(&envelope) {
            if credit > 0 {
                self.give_credit(envelope.source, credit);
            }
            if let Some(incoming) = self.receives.get_mut(key) {
                incoming.envelope = Some(envelope);
            }
            return key;
        }
        let mut kept = Incoming::new(Place::Nowhere, None);
        (kept.envelope, kept.credit, kept.kept) = (Some(envelope), credit, true);
        let key = self.receives.insert(kept);
        self.matching.keep(envelope, Unexpected::Kept(key));
        key
    }

    fn eager(&mut self, from: Rank, head: Head, lent: &mut Lent<'_>) {
        let receiver = &self.peers[from].receiver;
        let (total, send, first) = (receiver.payload(0), receiver.payload(1), receiver.payload(2));
        let envelope = envelope(from, head, total);
        let key = self.arrive(envelope, MESSAGE_CREDIT + total);
        if let Some(incoming) = self.receives.get_mut(key) {
            incoming.make_room(key, lent);
        }
        self.peers[from].streams.push((send, key));
        self.copy_part(from, send, first as usize, lent);
    }

    /// A message that waits for its receive.
    fn announced(&mut self, envelope: Envelope, send: u64, gives: bool) {
        let key = self.arrive(envelope, 0);
        let Some(incoming) = self.receives.get_mut(key) else { return };
        (incoming.announced, incoming.gives) = (Some(send), gives);
        if envelope.bytes > 0 {
            self.peers[envelope.source].streams.push((send, key));
        }
        if !incoming.kept {
            self.want(key);
        }
    }

    /// Tells the sender of an announced message that its receive has begun.
    pub(super) fn want(&mut self, key: Key) {
        let Some(incoming) = self.receives.get_mut(key) else { return };
        let (Some(send), Some(envelope)) = (incoming.announced.take(), incoming.envelope) else { return };
        self.push_slot(envelope.source, Head::plain(Kind::Wanted), send);
        if envelope.bytes == 0 {
            self.received(key);
        }
    }

    fn part(&mut self, from: Rank, send: u64, lent: &mut Lent<'_>) -> bool {
        let len = self.peers[from].receiver.payload(1) as usize;
        self.copy_part(from, send, len, lent)
    }

    /// Copies the next fragment to where it belongs.
    fn copy_part(&mut self, from: Rank, send: u64, len: usize, lent: &mut Lent<'_>) -> bool {
        let peer = &mut self.peers[from];
        let index = peer.receiver.next_fragment(self.fragment_count);
        let len = len.min(self.fragment_bytes);
        let key = peer.streams.iter().find(|(known, _)| *known == send).map(|(_, key)| *key);
        if let Some(key) = key
            && let Some(incoming) = self.receives.get_mut(key)
        {
            if incoming.got == 0 {
                incoming.make_room(key, lent);
            }
            let (start, place) = (incoming.got, incoming.place);
            match incoming.target(key, lent) {
                Some(room) => {
                    let (start, end) = (start.min(room.len()), (start + len).min(room.len()));
                    self.transport.read_fragment(from, index, &mut room[start..end]);
                }
                None if place == Place::Lent => return false,
                None => {}
            }
            incoming.got += len;
            // Its sender pushes it without having been asked, because that rank is about to end.
            incoming.announced = None;
            if incoming.is_done() {
                self.end_stream(from, send);
                self.received(key);
            }
        }
        self.peers[from].receiver.free_fragment();
        self.transport.wake(from);
        true
    }

    fn end_stream(&mut self, from: Rank, send: u64) -> Option<Key> {
        let streams = &mut self.peers[from].streams;
        let index = streams.iter().position(|(known, _)| *known == send)?;
        Some(streams.swap_remove(index).1)
    }

    /// All of a message is here as it was.
    fn whole(&mut self, key: Key, parcel: Option<Box<dyn Parcel>>, from: Rank) {
        let Some(incoming) = self.receives.get_mut(key) else { return };
        incoming.announced = None;
        if let Some(parcel) = parcel {
            incoming.got = parcel.bytes().len();
            incoming.whole = Some(parcel);
        } else {
            let reason = "it announced a buffer that never came".to_owned();
            incoming.error = Some(CommError::RankLost { rank: from, reason });
        }
        self.received(key);
    }

    /// A receive is done; one that nobody waits for goes.
    fn received(&mut self, key: Key) {
        if self.receives.get(key).is_some_and(|incoming| incoming.detached && incoming.is_done()) {
            self.receives.remove(key);
        }
    }

    /// Begins a receive; its message may be here already.
    pub(super) fn begin_receive(&mut self, posted: Posted, buffer: Option<Box<dyn Parcel>>) -> Key {
        let place = if buffer.is_some() { Place::Buffer } else { Place::Lent };
        let key = self.receives.insert(Incoming::new(place, buffer));
        match self.matching.take(&posted) {
            None => self.matching.post(posted, key),
            Some((envelope, message)) => self.take_over(key, envelope, &message),
        }
        key
    }

    /// A receive takes a message that is here.
    fn take_over(&mut self, key: Key, envelope: Envelope, message: &Unexpected) {
        let mut lent = Lent::default();
        match *message {
            Unexpected::Short(words) => {
                self.give_credit(envelope.source, MESSAGE_CREDIT);
                self.fill_short(key, envelope, &words, &mut lent);
            }
            Unexpected::Own(send) => self.hand_over(send, key, envelope, &mut lent),
            Unexpected::Kept(kept) => {
                let Some(mut kept_message) = self.receives.remove(kept) else { return };
                self.give_credit(envelope.source, kept_message.credit);
                let Some(incoming) = self.receives.get_mut(key) else { return };
                incoming.envelope = Some(envelope);
                incoming.got = kept_message.got;
                incoming.announced = kept_message.announced;
                incoming.error = kept_message.error.take();
                incoming.gives = kept_message.gives;
                incoming.whole = kept_message.whole.take();
                if incoming.whole.is_some() {
                    // What has come of it is there, and what comes yet must come there, too.
                    incoming.place = Place::Whole;
                }
                for (_, stream) in &mut self.peers[envelope.source].streams {
                    if *stream == kept {
                        *stream = key;
                    }
                }
                self.want(key);
            }
        }
    }

    /// Nobody waits any more for a receive: it is retracted (`true`), or its message is thrown away.
    pub(super) fn abandon(&mut self, key: Key) -> bool {
        if self.matching.retract(|other| *other == key) {
            self.receives.remove(key);
            return true;
        }
        self.want(key);
        if let Some(incoming) = self.receives.get_mut(key) {
            (incoming.place, incoming.whole) = (Place::Nowhere, None);
            (incoming.kept, incoming.detached) = (false, true);
            self.received(key);
        }
        false
    }
}

impl Incoming {
    /// Makes room for a message whose receive is not there, or has lent its memory to nobody at the moment.
    fn make_room(&mut self, key: Key, lent: &mut Lent<'_>) {
        let bytes = self.envelope.map_or(0, |envelope| envelope.bytes);
        if (self.kept || self.place == Place::Lent) && self.target(key, lent).is_none() {
            self.whole = Some(Box::new(vec![0_u8; bytes]));
            self.place = Place::Whole;
        }
    }
}

fn envelope(source: Rank, head: Head, bytes: u64) -> Envelope {
    Envelope { context: head.context, source, tag: head.tag, bytes: bytes as usize }
}
