//! A group of MPI ranks.

mod board;
mod buffered;
mod check;
mod collectives;
mod communicator;
mod groups;
mod link;
mod nonblocking;
mod patience;
mod reductions;
mod request;

use std::cell::Cell;
use std::ffi::c_int;
use std::rc::Rc;

use par_core::comm::{CommError, Rank, Source, Tag, TagSelector};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::native::base::Comm;
use crate::native::{collectives as native, p2p};
use crate::world::{Session, is_unwinding};
use patience::Patience;

/// A group of MPI ranks that talk to one another; see [`Communicator`](par_core::comm::Communicator).
///
/// It stays on the thread that made the world. Messages are bytes to MPI, so every rank must have the same byte order.
///
/// # Collectives
/// They are MPI's own, in place where the method is. Reductions are MPI's where no bit of the answer depends on the
/// order (integers), and otherwise par-core's, whose order is the same in every world; see
/// [`native_reductions`](crate::Builder::native_reductions). While a watch is set or the world has a
/// [limit](crate::Builder::wait_limit), all are made of messages, which can be given up; so the ranks of a
/// communicator have a watch all at once, or none.
///
/// # Failure
/// A rank that ends early cannot be noticed by MPI itself, so [`RankLost`](par_core::comm::CommError::RankLost) never
/// comes: [`MpiWorld::run`](crate::MpiWorld::run) ends the job instead.
pub struct MpiComm {
    native: Comm,
    rank: Rank,
    size: usize,
    /// The greatest count that is given to MPI as it is.
    limit: usize,
    patience: Rc<Patience>,
    /// The members' ranks in the world.
    members: Rc<[Rank]>,
    context: u64,
    /// The same ranks again, for what no receive of the program may match; the hidden one has none of its own.
    hidden: Option<Box<MpiComm>>,
    /// Bytes set aside for buffered sends, and how many of them are in use.
    room: Rc<buffered::Room>,
    /// Makes the tag of the next group.
    groups: Cell<u16>,
    is_world: bool,
    session: Rc<Session>,
}

impl std::fmt::Debug for MpiComm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MpiComm({} of {}, context {})", self.rank, self.size, self.context)
    }
}

impl Drop for MpiComm {
    fn drop(&mut self) {
        if !self.is_world && !is_unwinding() {
            self.native.free();
        }
    }
}

impl MpiComm {
    pub(crate) fn world(session: &Rc<Session>) -> Result<Self, CommError> {
        Self::with_hidden(session, Comm::world(), true)
    }

    /// A communicator that a call has made.
    fn made(&self, native: Comm) -> Result<Self, CommError> {
        Self::with_hidden(&self.session, native, false)
    }

    fn with_hidden(session: &Rc<Session>, native: Comm, is_world: bool) -> Result<Self, CommError> {
        let patience = Rc::new(Patience::new(session.settings.wait_limit));
        let mut comm = Self {
            native,
            rank: native.rank()?,
            size: native.size()?,
            limit: session.settings.count_limit,
            patience: Rc::clone(&patience),
            members: native.members()?.into(),
            context: 0,
            hidden: None,
            room: Rc::default(),
            groups: Cell::new(0),
            is_world,
            session: Rc::clone(session),
        };
        comm.context = comm.agree_on_context()?;
        comm.hidden = Some(Box::new(Self {
            native: native.duplicate()?,
            rank: comm.rank,
            size: comm.size,
            limit: comm.limit,
            patience,
            members: Rc::clone(&comm.members),
            context: comm.context,
            hidden: None,
            room: Rc::default(),
            groups: Cell::new(0),
            is_world: false,
            session: Rc::clone(session),
        }));
        Ok(comm)
    }

    /// A number that is greater than those of all communicators that its ranks have, with the first rank in it, so that
    /// others which are made at the same time have another.
    fn agree_on_context(&self) -> Result<u64, CommError> {
        let mut next = vec![0; self.size];
        next[self.rank] = self.session.next_context.get();
        native::all_gather(self.native, None, &mut next, 1, self.limit)?;
        let number = next.into_iter().max().unwrap_or(0);
        self.session.next_context.set(number + 1);
        Ok((number << 32) | self.members[0] as u64)
    }

    #[inline]
    fn address(&self, rank: Rank, tag: Tag) -> Result<(c_int, c_int), CommError> {
        CommError::unless_rank(rank, self.size)?;
        CommError::unless_tag(tag)?;
        Ok((rank as c_int, c_int::from(tag.0)))
    }

    #[inline]
    fn wanted(&self, from: Source, tag: TagSelector) -> Result<(c_int, c_int), CommError> {
        if let Source::Rank(rank) = from {
            CommError::unless_rank(rank, self.size)?;
        }
        if let TagSelector::Tag(tag) = tag {
            CommError::unless_tag(tag)?;
        }
        Ok((p2p::source(from), p2p::tag(tag)))
    }

    fn root(&self, root: Rank) -> Result<c_int, CommError> {
        CommError::unless_rank(root, self.size)?;
        Ok(root as c_int)
    }

    /// The hidden twin's handle.
    pub(crate) fn hidden(&self) -> Comm {
        self.hidden.as_ref().map_or(self.native, |hidden| hidden.native)
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Every rank's value, by MPI's own collectives on the hidden twin, whatever has become of the messages.
    pub(crate) fn tell_all<V: Serialize + DeserializeOwned>(&self, value: &V) -> Result<Vec<V>, CommError> {
        let codec = |error: postcard::Error| CommError::Codec(error.to_string());
        let own = postcard::to_stdvec(value).map_err(codec)?;
        let mut lengths = vec![0_u64; self.size];
        lengths[self.rank] = own.len() as u64;
        native::all_gather(self.hidden(), None, &mut lengths, 1, self.limit)?;
        let longest = lengths.iter().max().map_or(0, |longest| *longest as usize);
        let mut all = vec![0_u8; longest * self.size];
        all[self.rank * longest..][..own.len()].copy_from_slice(&own);
        native::all_gather(self.hidden(), None, &mut all, longest, self.limit)?;
        let block = |rank: usize| &all[rank * longest..][..lengths[rank] as usize];
        (0..self.size).map(|rank| postcard::from_bytes(block(rank)).map_err(codec)).collect()
    }
}
