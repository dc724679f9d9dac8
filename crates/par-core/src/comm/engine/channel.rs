//! One context of a communicator: bytes between its ranks, in words of the endpoint.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::endpoint::{Body, Endpoint, Lent, Outgoing, Stage, Unexpected};
use super::keyed::Key;
use super::transport::{Parcel, Transport};
use super::wait::{Shared, Wait};
use crate::comm::{
    CommError, Envelope, Link, Matching, Posted, Rank, SendMode, Source, Status, Tag, TagSelector, Watch,
};

/// One in so many receives takes the long way, which looks at all other ranks: one of them may need this rank to go on,
/// though another sends without a pause.
const LOOK_AROUND: u32 = 64;

/// The members of a communicator.
#[derive(Debug)]
pub(super) struct Group {
    /// Their ranks in the world, by their ranks here.
    pub(super) members: Vec<Rank>,
    /// Their ranks here, by those in the world; only members have one.
    places: Vec<Rank>,
}

impl Group {
    pub(super) fn new(members: Vec<Rank>, world: usize) -> Self {
        let mut places = vec![Rank::MAX; world];
        for (rank, member) in members.iter().enumerate() {
            places[*member] = rank;
        }
        Self { members, places }
    }
}

/// What the program's messages of a communicator go through, and another one what those of its collectives do.
pub(super) struct Channel<T: Transport> {
    pub(super) shared: Rc<Shared<T>>,
    pub(super) group: Rc<Group>,
    pub(super) rank: Rank,
    pub(super) context: u32,
    pub(super) watch: Rc<RefCell<Option<Rc<dyn Watch>>>>,
}

/// A receive's selection, in ranks of the world.
pub(super) struct Wanted {
    pub(super) posted: Posted,
    /// The only rank that it can come from.
    one: [Rank; 1],
}

impl Wanted {
    /// Exactly this message.
    pub(super) fn this(envelope: &Envelope) -> Self {
        let source = Source::Rank(envelope.source);
        let posted = Posted { context: envelope.context, source, tag: envelope.tag.into() };
        Self { posted, one: [envelope.source] }
    }

    pub(super) fn from<'w>(&'w self, group: &'w Group) -> &'w [Rank] {
        if self.posted.source == Source::Any { &group.members } else { &self.one }
    }

    fn told(&self) -> String {
        let Posted { context, source, tag } = self.posted;
        format!("a receive from {source} of the world with {tag} in communicator {context}")
    }
}

impl<T: Transport> Channel<T> {
    /// Where a message goes to, and whether it may.
    pub(super) fn destination(&self, to: Rank, tag: Tag) -> Result<Rank, CommError> {
        CommError::unless_rank(to, self.group.members.len())?;
        CommError::unless_tag(tag)?;
        let to = self.group.members[to];
        match self.shared.0.borrow().transport.ended(to) {
            Some(ended) => Err(CommError::RankLost { rank: to, reason: ended.reason }),
            None => Ok(to),
        }
    }

    pub(super) fn wanted(&self, source: Source, tag: TagSelector) -> Result<Wanted, CommError> {
        if let TagSelector::Tag(tag) = tag {
            CommError::unless_tag(tag)?;
        }
        let (source, one) = match source {
            Source::Any => (source, [0]),
            Source::Rank(rank) => {
                CommError::unless_rank(rank, self.group.members.len())?;
                let rank = self.group.members[rank];
                (Source::Rank(rank), [rank])
            }
        };
        Ok(Wanted { posted: Posted { context: self.context, source, tag }, one })
    }

    /// What the program is told of a message.
    pub(super) fn status(&self, envelope: &Envelope) -> Status {
        Status { source: self.group.places[envelope.source], tag: envelope.tag, bytes: envelope.bytes }
    }

    /// Whether of these ranks none is another.
    pub(super) fn is_alone(&self, from: &[Rank]) -> bool {
        let this = self.group.members[self.rank];
        from.iter().all(|rank| *rank == this)
    }

    pub(super) fn wait_for<R>(
        &self,
        what: &dyn Fn() -> String,
        from: &[Rank],
        lent: &mut Lent<'_>,
        done: impl FnMut(&mut Endpoint<T>) -> Option<R>,
    ) -> Result<R, CommError> {
        self.shared.wait(&Wait { what, from, watch: &self.watch }, lent, done)
    }

    /// Sends bytes, and waits as `mode` says.
    pub(super) fn send(&self, mode: SendMode, bytes: &[u8], to: Rank, tag: Tag) -> Result<(), CommError> {
        let to = self.destination(to, tag)?;
        if mode == SendMode::Buffered {
            let key = self.begin(mode, Body::Owned(Box::new(bytes.to_vec())), bytes.len(), to, tag)?;
            self.detach_send(key);
            return Ok(());
        }
        if mode != SendMode::Synchronous
            && self.shared.0.borrow_mut().send_short(bytes, to, self.context, tag)
        {
            return Ok(());
        }
        let key = self.begin(mode, Body::Lent, bytes.len(), to, tag)?;
        let mut lent = Lent { send: Some((key, bytes)), receive: None };
        self.finish_send(key, to, &mut lent).map(drop)
    }

    /// Puts a send in its queue.
    pub(super) fn begin(
        &self,
        mode: SendMode,
        body: Body,
        bytes: usize,
        to: Rank,
        tag: Tag,
    ) -> Result<Key, CommError> {
        let mut endpoint = self.shared.0.borrow_mut();
        if mode == SendMode::Buffered {
            let (room, used) = endpoint.buffers.entry(self.context).or_default();
            let left = *room - *used;
            if bytes > left {
                return Err(CommError::BufferFull { bytes, room: left });
            }
            *used += bytes;
        }
        let own = matches!(body, Body::Owned(_));
        let key = endpoint.begin_send(Outgoing {
            to,
            context: self.context,
            tag,
            mode,
            bytes,
            sent: 0,
            stage: Stage::Queued,
            body,
            given: false,
            detached: false,
        });
        if own {
            let mut lent = Lent::default();
            if to == endpoint.rank {
                endpoint.send_to_self(key, &mut lent);
            } else {
                endpoint.pump(to, &lent);
            }
        }
        Ok(key)
    }

    /// Waits until a send's memory is free again; its buffer comes back, unless it was given away.
    pub(super) fn finish_send(
        &self,
        key: Key,
        to: Rank,
        lent: &mut Lent<'_>,
    ) -> Result<Option<Box<dyn Parcel>>, CommError> {
        self.offer(key, to, lent);
        let what = || format!("a send to rank {to} of the world in communicator {}", self.context);
        let done = self.wait_for(&what, &[to], lent, |endpoint| {
            endpoint.sends.get(key).is_none_or(|send| send.stage == Stage::Done).then_some(())
        });
        let mut endpoint = self.shared.0.borrow_mut();
        if done.is_err() {
            endpoint.withdraw(key);
        }
        done?;
        Ok(endpoint.sends.remove(key).and_then(|send| match send.body {
            Body::Owned(parcel) => Some(parcel),
            Body::Lent | Body::Gone => None,
        }))
    }

    /// A send whose memory is lent now may go at once.
    fn offer(&self, key: Key, to: Rank, lent: &mut Lent<'_>) {
        if lent.send.is_none_or(|(lent, _)| lent != key) {
            return;
        }
        let mut endpoint = self.shared.0.borrow_mut();
        if to != endpoint.rank {
            endpoint.pump(to, lent);
        } else if endpoint.sends.get(key).is_some_and(|send| send.stage == Stage::Queued) {
            endpoint.send_to_self(key, lent);
        }
    }

    /// Nobody waits for the end of a send any more; it goes on alone.
    pub(super) fn detach_send(&self, key: Key) {
        let mut endpoint = self.shared.0.borrow_mut();
        let done = endpoint.sends.get_mut(key).is_some_and(|send| {
            send.detached = true;
            send.stage == Stage::Done
        });
        if done {
            endpoint.sends.remove(key);
        }
    }

    /// Receives into `bytes` as much as they hold.
    pub(super) fn recv(&self, bytes: &mut [u8], wanted: &Wanted) -> Result<Envelope, CommError> {
        if let Some(envelope) = self.recv_short(bytes, wanted) {
            return Ok(envelope);
        }
        let key = self.shared.0.borrow_mut().begin_receive(wanted.posted, None);
        self.finish_lent(key, wanted, &mut Lent { send: None, receive: Some((key, bytes)) })
    }

    /// Spins for a short message; `None`: it takes longer, or is something else.
    #[inline]
    fn recv_short(&self, bytes: &mut [u8], wanted: &Wanted) -> Option<Envelope> {
        let mut endpoint = self.shared.0.borrow_mut();
        endpoint.short_receives = endpoint.short_receives.wrapping_add(1);
        if endpoint.short_receives.is_multiple_of(LOOK_AROUND) {
            return None;
        }
        for _ in 0..endpoint.spins {
            match endpoint.receive_short(&wanted.posted, bytes) {
                Ok(Some(envelope)) => return Some(envelope),
                Ok(None) => std::hint::spin_loop(),
                Err(()) => return None,
            }
        }
        None
    }

    /// Waits for a receive into lent memory.
    pub(super) fn finish_lent(
        &self,
        key: Key,
        wanted: &Wanted,
        lent: &mut Lent<'_>,
    ) -> Result<Envelope, CommError> {
        self.finish_receive(key, wanted, lent)?;
        let incoming = self.shared.0.borrow_mut().receives.remove(key);
        let incoming = incoming.expect("a receive stays until its end was seen");
        let envelope = incoming.envelope.expect("a receive that is done has its message");
        if let (Some(whole), Some((_, room))) = (incoming.whole, &mut lent.receive) {
            copy_head(whole.bytes(), room);
        }
        Ok(envelope)
    }

    /// Waits until a receive is done, and leaves it in its place; if that fails, it is gone.
    pub(super) fn finish_receive(
        &self,
        key: Key,
        wanted: &Wanted,
        lent: &mut Lent<'_>,
    ) -> Result<(), CommError> {
        let from = wanted.from(&self.group);
        let done = self.wait_for(&|| wanted.told(), from, lent, |endpoint| {
            let incoming = endpoint.receives.get(key)?;
            incoming.is_done().then(|| incoming.error.clone())
        });
        let error = match done {
            Ok(None) => return Ok(()),
            Ok(Some(error)) => {
                self.shared.0.borrow_mut().receives.remove(key);
                error
            }
            Err(error) => {
                self.shared.0.borrow_mut().abandon(key);
                error
            }
        };
        Err(error)
    }

    /// Sends and receives at once.
    pub(super) fn exchange(
        &self,
        bytes: &[u8],
        to: Rank,
        tag: Tag,
        into: &mut [u8],
        wanted: &Wanted,
    ) -> Result<Envelope, CommError> {
        let to = self.destination(to, tag)?;
        let receive = self.shared.0.borrow_mut().begin_receive(wanted.posted, None);
        if self.shared.0.borrow_mut().send_short(bytes, to, self.context, tag) {
            let mut lent = Lent { send: None, receive: Some((receive, into)) };
            return self.finish_lent(receive, wanted, &mut lent);
        }
        let send = self.begin(SendMode::Standard, Body::Lent, bytes.len(), to, tag)?;
        let mut lent = Lent { send: Some((send, bytes)), receive: Some((receive, into)) };
        self.offer(send, to, &mut lent);
        let received = self.finish_lent(receive, wanted, &mut lent);
        if received.is_err() {
            self.shared.0.borrow_mut().withdraw(send);
        }
        let envelope = received?;
        self.finish_send(send, to, &mut lent)?;
        Ok(envelope)
    }

    /// Waits for a message that fits, and leaves it where it is.
    pub(super) fn probe(&self, wanted: &Wanted) -> Result<Envelope, CommError> {
        let from = wanted.from(&self.group);
        self.wait_for(&|| wanted.told(), from, &mut Lent::default(), |endpoint| {
            endpoint.matching.peek(&wanted.posted).copied()
        })
    }

    /// Waits for a message that fits, and takes it out of everybody's sight.
    pub(super) fn claim(&self, wanted: &Wanted) -> Result<(Envelope, Unexpected), CommError> {
        let from = wanted.from(&self.group);
        self.wait_for(&|| wanted.told(), from, &mut Lent::default(), |endpoint| {
            endpoint.matching.take(&wanted.posted)
        })
    }

    /// What is there of a message that fits, after all that has come was looked at.
    pub(super) fn look<R>(
        &self,
        wanted: &Wanted,
        mut find: impl FnMut(&mut Matching<Unexpected, Key>) -> Option<R>,
    ) -> Result<Option<R>, CommError> {
        let mut endpoint = self.shared.0.borrow_mut();
        let lost = endpoint.lost(wanted.from(&self.group));
        let moved = endpoint.progress(&mut Lent::default());
        match (find(&mut endpoint.matching), lost) {
            (None, Some(lost)) if !moved => Err(lost),
            (found, _) => Ok(found),
        }
    }

    /// Makes progress, and says whether something is done, or can never be.
    pub(super) fn test(&self, from: &[Rank], done: impl Fn(&Endpoint<T>) -> bool) -> Result<bool, CommError> {
        let mut endpoint = self.shared.0.borrow_mut();
        if done(&endpoint) {
            return Ok(true);
        }
        let lost = endpoint.lost(from);
        let moved = endpoint.progress(&mut Lent::default());
        match lost {
            _ if done(&endpoint) => Ok(true),
            Some(lost) if !moved => Err(lost),
            _ => Ok(false),
        }
    }

    /// A pause of those who test several requests in turn, of which `from` can end one.
    pub(super) fn pause(&self, from: &[Rank], waited: Duration) -> Result<(), CommError> {
        if self.shared.0.borrow_mut().progress(&mut Lent::default()) {
            return Ok(());
        }
        let what = || format!("a wait for requests in communicator {}", self.context);
        let wait = Wait { what: &what, from, watch: &self.watch };
        self.shared.pause_between(&wait, waited)
    }

    /// Sets memory aside for buffered sends.
    pub(super) fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        let mut endpoint = self.shared.0.borrow_mut();
        endpoint.progress(&mut Lent::default());
        let (room, used) = endpoint.buffers.entry(self.context).or_default();
        if *used > 0 {
            return Err(CommError::Invalid(format!(
                "{used} bytes of the buffer that is attached are in use"
            )));
        }
        *room = bytes;
        Ok(())
    }

    /// Sends all that lies here, without waiting for receives.
    pub(super) fn flush(&self) -> Result<(), CommError> {
        let everybody = &self.group.members;
        let what = || "the end of a rank whose messages lie here still".to_owned();
        self.wait_for(&what, everybody, &mut Lent::default(), |endpoint| {
            // Again and again: what waited in a queue is announced meanwhile.
            endpoint.push_all();
            endpoint.forget_ended();
            endpoint.peers.iter().all(|peer| peer.out.is_empty()).then_some(())
        })
    }
}

/// Copies as much as there is room for.
pub(super) fn copy_head(bytes: &[u8], room: &mut [u8]) {
    let fits = bytes.len().min(room.len());
    room[..fits].copy_from_slice(&bytes[..fits]);
}

impl<T: Transport> Link for Channel<T> {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.group.members.len()
    }

    fn send(&self, bytes: &[u8], to: Rank) -> Result<(), CommError> {
        Channel::send(self, SendMode::Standard, bytes, to, Tag(0))
    }

    fn recv(&self, bytes: &mut [u8], from: Rank) -> Result<(), CommError> {
        let wanted = self.wanted(Source::Rank(from), Tag(0).into())?;
        let envelope = Channel::recv(self, bytes, &wanted)?;
        self.unless_mismatch(&envelope, bytes.len())
    }

    fn send_recv(&self, bytes: &[u8], to: Rank, into: &mut [u8], from: Rank) -> Result<(), CommError> {
        let wanted = self.wanted(Source::Rank(from), Tag(0).into())?;
        let expected = into.len();
        let envelope = self.exchange(bytes, to, Tag(0), into, &wanted)?;
        self.unless_mismatch(&envelope, expected)
    }
}

impl<T: Transport> Channel<T> {
    fn unless_mismatch(&self, envelope: &Envelope, expected: usize) -> Result<(), CommError> {
        if envelope.bytes == expected {
            return Ok(());
        }
        let from = self.group.places[envelope.source];
        Err(CommError::CollectiveMismatch(vec![format!(
            "rank {} waits for {expected} bytes of rank {from} in a collective, and {} came",
            self.rank, envelope.bytes
        )]))
    }
}
