//! A communicator whose rank can be ended from outside, in the middle of whatever it does.

use std::rc::Rc;

use par_core::comm::{
    Arrived, Board, CommError, Communicator, Datum, Link, Message, Rank, Request, SendMode, Source, Status,
    Tag, TagSelector, Watch,
};
use par_core::testing::ModelComm;

use crate::gate;

/// Panics at the next look for a message once `death` and its rank have been counted.
pub(crate) struct Mortal<'w> {
    comm: Inner<'w>,
    /// The death of all ranks, and that of this one.
    name: String,
    death: String,
}

/// A message whose sender dies while it is received.
struct Cut {
    rank: Rank,
    death: String,
}

impl Arrived for Cut {
    fn take(self: Box<Self>, _: &mut [u8]) -> Result<(), CommError> {
        gate::count(&self.death);
        Err(CommError::RankLost { rank: self.rank, reason: "in the middle of a message".to_owned() })
    }
}

enum Inner<'w> {
    World(&'w ModelComm),
    Own(ModelComm),
}

/// What is to be counted for that rank to die.
pub(crate) fn death_of(rank: Rank, death: &str) -> String {
    format!("{death} of rank {rank}")
}

/// What is to be counted for that rank to die while its next message is received.
pub(crate) fn cut_of(rank: Rank, death: &str) -> String {
    format!("{death} of rank {rank} in the middle of a message")
}

impl<'w> Mortal<'w> {
    pub(crate) fn new(world: &'w ModelComm, death: &str) -> Self {
        let (name, death) = (death.to_owned(), death_of(Communicator::rank(world), death));
        Self { name, death, comm: Inner::World(world) }
    }

    fn comm(&self) -> &ModelComm {
        match &self.comm {
            Inner::World(comm) => comm,
            Inner::Own(comm) => comm,
        }
    }

    fn live(&self) -> &ModelComm {
        assert!(gate::counted(&self.death) == 0, "as it should: {}", self.death);
        self.comm()
    }

    fn like(&self, comm: ModelComm) -> Self {
        Self { comm: Inner::Own(comm), name: self.name.clone(), death: self.death.clone() }
    }
}

impl Communicator for Mortal<'_> {
    fn rank(&self) -> Rank {
        Communicator::rank(self.comm())
    }
    fn size(&self) -> usize {
        Communicator::size(self.comm())
    }
    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        self.live().send_with(mode, data, to, tag)
    }
    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        self.live().recv_into(buf, from, tag)
    }
    fn send_recv<T: Datum, U: Datum>(
        &self,
        data: &[T],
        to: Rank,
        send_tag: Tag,
        buf: &mut [U],
        from: impl Into<Source>,
        receive_tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        Communicator::send_recv(self.live(), data, to, send_tag, buf, from, receive_tag)
    }
    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        self.live().isend_with(mode, data, to, tag)
    }
    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        self.live().irecv(buf, from, tag)
    }
    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        self.live().matched_probe(from, tag)
    }
    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        let Some(message) = self.live().try_matched_probe(from, tag)? else { return Ok(None) };
        let (status, rank) = (message.status(), message.status().source);
        if gate::counted(&cut_of(rank, &self.name)) == 0 {
            return Ok(Some(message));
        }
        Ok(Some(Message::new(status, Cut { rank, death: death_of(rank, &self.name) })))
    }
    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError> {
        self.live().probe(from, tag)
    }
    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError> {
        self.live().try_probe(from, tag)
    }
    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        self.comm().attach_buffer(bytes)
    }
    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        Ok(self.comm().split(color, key)?.map(|comm| self.like(comm)))
    }
    fn duplicate(&self) -> Result<Self, CommError> {
        self.comm().duplicate().map(|comm| self.like(comm))
    }
    fn split_shared(&self) -> Result<Self, CommError> {
        self.comm().split_shared().map(|comm| self.like(comm))
    }
    fn link(&self) -> &dyn Link {
        Communicator::link(self.comm())
    }
    fn context(&self) -> u64 {
        self.comm().context()
    }
    fn world_rank(&self, rank: Rank) -> Rank {
        self.comm().world_rank(rank)
    }
    fn world_size(&self) -> usize {
        self.comm().world_size()
    }
    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        self.comm().board(width)
    }
    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        self.comm().set_watch(watch);
    }
}
