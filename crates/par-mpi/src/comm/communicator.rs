//! `MpiComm` as a communicator.

use std::rc::Rc;

use par_core::bytemuck;
use par_core::comm::{
    Arrived, Blocks, Board, Cartesian, CommError, Communicator, Datum, Link, Message, Rank, Reduction,
    Request, SendMode, Source, Status, Tag, TagSelector, Watch,
};

use super::MpiComm;
use super::request::{Receiving, Sending, finish, whole};
use crate::native::operation;
use crate::native::p2p::{self, Matched, Place};

impl Communicator for MpiComm {
    #[inline]
    fn rank(&self) -> Rank {
        self.rank
    }

    #[inline]
    fn size(&self) -> usize {
        self.size
    }

    #[inline]
    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        let (to, tag) = self.address(to, tag)?;
        if mode == SendMode::Buffered {
            return self.send_buffered(data, to, tag);
        }
        if self.polls() {
            return self.send_polling(mode, data, to, tag);
        }
        p2p::send(self.native, mode, bytemuck::cast_slice(data), self.limit, to, tag)
    }

    #[inline]
    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        let bytes = bytemuck::cast_slice_mut(buf);
        let status = if self.polls() {
            self.match_polling(from, tag)?.recv(bytes, self.limit)?
        } else {
            p2p::recv(self.native, bytes, self.limit, from, tag)?
        };
        whole::<T>(status)?;
        Ok(status)
    }

    #[inline]
    fn send_recv<T: Datum, U: Datum>(
        &self,
        data: &[T],
        to: Rank,
        send_tag: Tag,
        buf: &mut [U],
        from: impl Into<Source>,
        receive_tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let (from, from_tag) = self.wanted(from.into(), receive_tag.into())?;
        let (to, to_tag) = self.address(to, send_tag)?;
        let bytes = bytemuck::cast_slice_mut(buf);
        let status = if self.polls() {
            let sent = self.isend_with(SendMode::Standard, data.to_vec(), to as Rank, send_tag)?;
            let status = self.match_polling(from, from_tag)?.recv(bytes, self.limit);
            sent.wait()?;
            status?
        } else {
            let (to, from) = (Place { rank: to, tag: to_tag }, Place { rank: from, tag: from_tag });
            p2p::send_recv(self.native, bytemuck::cast_slice(data), to, bytes, from, self.limit)?
        };
        whole::<U>(status)?;
        Ok(status)
    }

    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        let status = Status { source: to, tag, bytes: size_of_val(data.as_slice()) };
        let (to, tag) = self.address(to, tag)?;
        if mode == SendMode::Buffered {
            self.send_buffered(&data, to, tag)?;
            return Ok(Request::new(super::nonblocking::Done { comm: self, data, status }));
        }
        let operation = operation::send(self.native, mode, data, self.limit, to, tag)?;
        Ok(Request::new(Sending { comm: self, operation: Some(operation), status }))
    }

    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        let operation = operation::recv(self.native, buf, self.limit, from, tag)?;
        Ok(Request::new(Receiving { comm: self, operation: Some(operation) }))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        let matched = if self.polls() {
            self.match_polling(from, tag)?
        } else {
            p2p::matched_probe(self.native, from, tag)?
        };
        Ok(self.message(matched))
    }

    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        Ok(p2p::try_matched_probe(self.native, from, tag)?.map(|matched| self.message(matched)))
    }

    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        if self.polls() {
            return self.until("a probe", || p2p::try_probe(self.native, from, tag));
        }
        p2p::probe(self.native, from, tag)
    }

    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError> {
        let (from, tag) = self.wanted(from.into(), tag.into())?;
        p2p::try_probe(self.native, from, tag)
    }

    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        self.set_room(bytes)
    }

    fn barrier(&self) -> Result<(), CommError> {
        self.meet()
    }

    fn broadcast<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        self.broadcast_from(buf, root)
    }

    fn scatter<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        self.scatter_from(data, into, root)
    }

    fn scatter_v<T: Datum>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        self.scatter_blocks(data, blocks, into, root)
    }

    fn gather<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        self.gather_to(data, into, root)
    }

    fn gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        self.gather_blocks(data, into, blocks, root)
    }

    fn all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        self.all_gather_even(data, into)
    }

    fn all_gather_in_place<T: Datum>(&self, buf: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        self.all_gather_blocks(buf, blocks)
    }

    fn all_to_all<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        self.all_to_all_even(data, into)
    }

    fn all_to_all_v<T: Datum>(
        &self,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        self.all_to_all_blocks(data, send_blocks, into, receive_blocks)
    }

    fn all_to_all_in_place<T: Datum>(&self, buf: &mut [T]) -> Result<(), CommError> {
        self.transpose(buf)
    }

    fn reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        if self.rank != root {
            return self.contribute(data, op, root);
        }
        CommError::unless_length("the root's receive buffer", into.len(), data.len())?;
        into.copy_from_slice(data);
        self.fold_to(into, op, root)
    }

    fn reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        self.fold_to(buf, op, root)
    }

    fn all_reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        self.fold_all(buf, op)
    }

    fn reduce_scatter<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        self.fold_blocks(data, blocks, into, op)
    }

    fn scan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        self.fold_up_to(buf, op)
    }

    fn exscan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        self.fold_below(buf, op)
    }

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        self.split_by(color, key)
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        self.made(self.native.duplicate()?)
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        self.split_by_memory()
    }

    fn cartesian(
        &self,
        dims: &[usize],
        periods: &[bool],
        reorder: bool,
    ) -> Result<Option<Cartesian<Self>>, CommError> {
        CommError::unless_length("the list of periods", periods.len(), dims.len())?;
        let points =
            dims.iter().try_fold(1_usize, |points, dim| points.checked_mul(*dim)).unwrap_or(usize::MAX);
        if points == 0 || points > self.size {
            return Err(CommError::Invalid(format!(
                "a grid of {dims:?} has {points} points, for {} ranks",
                self.size
            )));
        }
        self.grid(dims, periods, reorder)?.map(|comm| Cartesian::new(comm, dims, periods)).transpose()
    }

    fn link(&self) -> &dyn Link {
        self.hidden.as_deref().unwrap_or(self)
    }

    fn context(&self) -> u64 {
        self.context
    }

    fn world_rank(&self, rank: Rank) -> Rank {
        self.members[rank]
    }

    fn world_size(&self) -> usize {
        self.session.world_size()
    }

    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        self.make_board(width)
    }

    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        self.set_patience(watch);
    }
}

impl MpiComm {
    /// Sends from a copy, which outlives a wait that is given up.
    #[cold]
    fn send_polling<T: Datum>(&self, mode: SendMode, data: &[T], to: i32, tag: i32) -> Result<(), CommError> {
        // The receive looks for messages instead of waiting for one, so it may be ready and not have begun.
        let mode = if mode == SendMode::Ready { SendMode::Standard } else { mode };
        let copy: Vec<u8> = bytemuck::cast_slice(data).to_vec();
        let mut sent = operation::send(self.native, mode, copy, self.limit, to, tag)?;
        let done = finish(self, &mut sent, "a send");
        if done.is_err() {
            self.session.keep(sent);
            return done;
        }
        sent.outcome()
    }

    /// Takes a message out as soon as it is there; a wait that is given up leaves nothing behind.
    #[cold]
    fn match_polling(&self, from: i32, tag: i32) -> Result<Matched, CommError> {
        self.until("a receive", || p2p::try_matched_probe(self.native, from, tag))
    }

    fn message(&self, matched: Matched) -> Message<'_> {
        let status = matched.status;
        Message::new(status, Taken { matched: Some(matched), limit: self.limit })
    }
}

/// A message that was matched.
struct Taken {
    matched: Option<Matched>,
    limit: usize,
}

impl Arrived for Taken {
    fn take(mut self: Box<Self>, bytes: &mut [u8]) -> Result<(), CommError> {
        let matched = self.matched.take().expect("a message is there until it is received");
        matched.recv(bytes, self.limit).map(drop)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(matched) = self.matched.take()
            && !crate::world::is_unwinding()
        {
            // MPI has no other way to be rid of it, and nobody is left to be told of an error.
            let mut nowhere = vec![0; matched.status.bytes];
            matched.recv(&mut nowhere, self.limit).ok();
        }
    }
}
