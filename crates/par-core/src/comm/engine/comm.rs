//! The communicator of a transport.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use serde::Serialize;

use super::Settings;
use super::board::WordBoard;
use super::channel::{Channel, Group};
use super::claimed::Claimed;
use super::endpoint::{Body, Endpoint};
use super::pending::{Receiving, Sending, unless_wrong_type};
use super::transport::Transport;
use super::wait::Shared;
use crate::comm::{
    Board, CommError, Communicator, Datum, Envelope, Link, Message, Rank, Request, SendMode, Source, Status,
    Tag, TagSelector, Watch, collectives, divide,
};

/// A communicator on a [`Transport`]: what `ThreadWorld` and `ProcessWorld` give their programs.
///
/// It belongs to its rank's thread. All communicators of a rank share its rings, so each moves the others' messages, too.
pub struct Comm<T: Transport> {
    pub(super) program: Channel<T>,
    collectives: Channel<T>,
    boards: Cell<u32>,
}

impl<T: Transport> Comm<T> {
    /// The communicator of all ranks of the world, at the rank that `transport` belongs to.
    pub fn world(transport: T, settings: Settings) -> Self {
        let (rank, ranks) = (transport.rank(), transport.ranks());
        let shared = Rc::new(Shared::new(Endpoint::new(transport, settings)));
        Self::new(&shared, Group::new((0..ranks).collect(), ranks), rank, 0)
    }

    fn new(shared: &Rc<Shared<T>>, group: Group, rank: Rank, context: u32) -> Self {
        let (group, watch) = (Rc::new(group), Rc::new(RefCell::new(None)));
        let channel = |context| Channel {
            shared: Rc::clone(shared),
            group: Rc::clone(&group),
            rank,
            context,
            watch: Rc::clone(&watch),
        };
        Self { program: channel(context), collectives: channel(context + 1), boards: Cell::new(0) }
    }

    /// Sends all that was sent and lies here still, before the rank ends well: what buffered sends left, and what
    /// requests that were leaked did.
    ///
    /// # Errors
    /// [`CommError::TimedOut`] when another rank does not take it within the world's limit.
    ///
    /// # Blocking
    /// Until the other ranks have taken it, or have ended.
    pub fn finish(&self) -> Result<(), CommError> {
        self.program.flush()
    }

    fn status_in<D: Datum>(&self, envelope: &Envelope, room: usize) -> Result<Status, CommError> {
        let status = self.program.status(envelope);
        if status.bytes > room {
            return Err(CommError::Truncated {
                from: status.source,
                tag: status.tag.0,
                got: status.bytes,
                room,
            });
        }
        unless_wrong_type::<D>(status).map(|_| status)
    }
}

impl<T: Transport> Communicator for Comm<T> {
    fn rank(&self) -> Rank {
        self.program.rank
    }

    fn size(&self) -> usize {
        self.program.group.members.len()
    }

    fn send_with<D: Datum>(&self, mode: SendMode, data: &[D], to: Rank, tag: Tag) -> Result<(), CommError> {
        self.program.send(mode, bytemuck::cast_slice(data), to, tag)
    }

    fn recv_into<D: Datum>(
        &self,
        buf: &mut [D],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        let bytes = bytemuck::cast_slice_mut(buf);
        let room = bytes.len();
        let envelope = self.program.recv(bytes, &wanted)?;
        self.status_in::<D>(&envelope, room)
    }

    fn send_recv<D: Datum, U: Datum>(
        &self,
        data: &[D],
        to: Rank,
        send_tag: Tag,
        buf: &mut [U],
        from: impl Into<Source>,
        receive_tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let wanted = self.program.wanted(from.into(), receive_tag.into())?;
        let bytes = bytemuck::cast_slice_mut(buf);
        let room = bytes.len();
        let envelope = self.program.exchange(bytemuck::cast_slice(data), to, send_tag, bytes, &wanted)?;
        self.status_in::<U>(&envelope, room)
    }

    fn isend_with<D: Datum>(
        &self,
        mode: SendMode,
        data: Vec<D>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, D>, CommError> {
        let bytes = size_of_val(data.as_slice());
        let status = Status { source: to, tag, bytes };
        let to = self.program.destination(to, tag)?;
        let key = self.program.begin(mode, Body::Owned(Box::new(data)), bytes, to, tag)?;
        Ok(Request::new(Sending::new(&self.program, key, to, status)))
    }

    fn irecv<D: Datum>(
        &self,
        buf: Vec<D>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, D>, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        let room = size_of_val(buf.as_slice());
        let key = self.program.shared.0.borrow_mut().begin_receive(wanted.posted, Some(Box::new(buf)));
        Ok(Request::new(Receiving::new(&self.program, key, wanted, room)))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        let (envelope, message) = self.program.claim(&wanted)?;
        Ok(Message::new(self.program.status(&envelope), Claimed::new(&self.program, envelope, message)))
    }

    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        let message = self.program.look(&wanted, |matching| matching.take(&wanted.posted))?;
        Ok(message.map(|(envelope, message)| {
            Message::new(self.program.status(&envelope), Claimed::new(&self.program, envelope, message))
        }))
    }

    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        self.program.probe(&wanted).map(|envelope| self.program.status(&envelope))
    }

    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError> {
        let wanted = self.program.wanted(from.into(), tag.into())?;
        let envelope = self.program.look(&wanted, |matching| matching.peek(&wanted.posted).copied())?;
        Ok(envelope.map(|envelope| self.program.status(&envelope)))
    }

    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        self.program.attach_buffer(bytes)
    }

    fn send_value<V: Serialize + ?Sized>(&self, value: &V, to: Rank, tag: Tag) -> Result<(), CommError> {
        self.isend(collectives::values::encode(value)?, to, tag)?.wait().map(drop)
    }

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let shared = &self.program.shared;
        let mut next = shared.0.borrow().next_context;
        let share = divide(self.link(), color, key, &mut next)?;
        shared.0.borrow_mut().next_context = next;
        Ok(share.map(|share| {
            let members = &self.program.group.members;
            let rank = share.members.iter().position(|member| *member == self.rank());
            let members = share.members.iter().map(|member| members[*member]).collect();
            let group = Group::new(members, self.world_size());
            Self::new(shared, group, rank.expect("a rank is a member of its own share"), share.context)
        }))
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        Ok(self.split(Some(0), 0)?.expect("a rank with a color is in a communicator"))
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        self.duplicate()
    }

    fn link(&self) -> &dyn Link {
        &self.collectives
    }

    fn context(&self) -> u64 {
        u64::from(self.program.context)
    }

    fn world_rank(&self, rank: Rank) -> Rank {
        self.program.group.members[rank]
    }

    fn world_size(&self) -> usize {
        self.program.shared.0.borrow().peers.len()
    }

    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        CommError::unless_length("a communicator for a board", self.size(), self.world_size())?;
        let number = self.boards.get();
        self.boards.set(number + 1);
        let endpoint = self.program.shared.0.borrow();
        let key = u64::from(self.program.context) << 32 | u64::from(number);
        let board = WordBoard::new(&endpoint.transport, key, width);
        drop(endpoint);
        // Also where it failed: the others must not wait for this rank.
        self.barrier()?;
        Ok(Rc::new(board?))
    }

    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        *self.program.watch.borrow_mut() = watch;
    }
}

impl<T: Transport> fmt::Debug for Comm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Comm({} of {}, context {})", self.rank(), self.size(), self.program.context)
    }
}
