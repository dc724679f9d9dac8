//! The counts around every method of a communicator.

use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Counted;
use super::request::receiving;
use crate::comm::collectives::values;
use crate::comm::{
    Blocks, Board, CommError, Communicator, Datum, Link, Message, Neighbourhood, Rank, Reduction, Request,
    SendMode, Source, Status, Tag, TagSelector, Watch,
};

// No call of the communicator below is inside a closure: so a caller's location passes through.

impl<C: Communicator> Counted<C> {
    #[inline]
    fn sent(&self, to: Rank, bytes: usize) {
        self.tally.add_sent(self.members[to], bytes);
    }

    #[inline]
    fn received(&self, status: Status) {
        self.tally.add_received(self.members[status.source], status.bytes);
    }

    /// Counts a message that was taken although its receive has failed.
    #[inline]
    fn taken<R>(&self, outcome: Result<R, CommError>) -> Result<R, CommError> {
        outcome.inspect_err(|error| self.tally.add_taken(&self.members, error))
    }

    /// What the root alone gives.
    fn of_root(&self, root: Rank, bytes: usize) -> usize {
        if self.inner.rank() == root { bytes } else { 0 }
    }
}

impl<C: Communicator> Communicator for Counted<C> {
    fn rank(&self) -> Rank {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    // ---------------------------------------------------------------- point to point

    #[inline]
    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        self.inner.send_with(mode, data, to, tag)?;
        self.sent(to, size_of_val(data));
        Ok(())
    }

    #[inline]
    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let status = self.taken(self.inner.recv_into(buf, from, tag))?;
        self.received(status);
        Ok(status)
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
        let outcome = self.inner.send_recv(data, to, send_tag, buf, from, receive_tag);
        if let Ok(_) | Err(CommError::Truncated { .. } | CommError::WrongType { .. }) = &outcome {
            self.sent(to, size_of_val(data));
        }
        let status = self.taken(outcome)?;
        self.received(status);
        Ok(status)
    }

    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        let bytes = size_of_val(data.as_slice());
        let request = self.inner.isend_with(mode, data, to, tag)?;
        self.sent(to, bytes);
        Ok(request)
    }

    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        let request = self.inner.irecv(buf, from, tag)?;
        Ok(receiving(request, &self.tally, &self.members))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let message = self.inner.matched_probe(from, tag)?;
        self.received(message.status());
        Ok(message)
    }

    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        let message = self.inner.try_matched_probe(from, tag)?;
        if let Some(message) = &message {
            self.received(message.status());
        }
        Ok(message)
    }

    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError> {
        self.inner.probe(from, tag)
    }

    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError> {
        self.inner.try_probe(from, tag)
    }

    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        self.inner.attach_buffer(bytes)
    }

    #[inline]
    fn recv<T: Datum>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(Vec<T>, Status), CommError> {
        let (data, status) = self.taken(self.inner.recv(from, tag))?;
        self.received(status);
        Ok((data, status))
    }

    fn send_value<V: Serialize + ?Sized>(&self, value: &V, to: Rank, tag: Tag) -> Result<(), CommError> {
        let bytes = values::length(value)?;
        self.inner.send_value(value, to, tag)?;
        self.sent(to, bytes);
        Ok(())
    }

    fn recv_value<V: DeserializeOwned>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(V, Status), CommError> {
        let (value, status) = self.inner.recv_value(from, tag)?;
        self.received(status);
        Ok((value, status))
    }

    // ---------------------------------------------------------------- collectives

    fn barrier(&self) -> Result<(), CommError> {
        self.inner.barrier()?;
        self.tally.add_call("barrier", 0);
        Ok(())
    }

    fn broadcast<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        let bytes = self.of_root(root, size_of_val(buf));
        self.inner.broadcast(buf, root)?;
        self.tally.add_call("broadcast", bytes);
        Ok(())
    }

    fn scatter<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        let bytes = self.of_root(root, size_of_val(data));
        self.inner.scatter(data, into, root)?;
        self.tally.add_call("scatter", bytes);
        Ok(())
    }

    fn scatter_v<T: Datum>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        let bytes = self.of_root(root, blocks.counts().iter().sum::<usize>() * size_of::<T>());
        self.inner.scatter_v(data, blocks, into, root)?;
        self.tally.add_call("scatter_v", bytes);
        Ok(())
    }

    fn gather<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.gather(data, into, root)?;
        self.tally.add_call("gather", bytes);
        Ok(())
    }

    fn gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.gather_v(data, into, blocks, root)?;
        self.tally.add_call("gather_v", bytes);
        Ok(())
    }

    fn all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.all_gather(data, into)?;
        self.tally.add_call("all_gather", bytes);
        Ok(())
    }

    fn all_gather_v<T: Datum>(&self, data: &[T], into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.all_gather_v(data, into, blocks)?;
        self.tally.add_call("all_gather_v", bytes);
        Ok(())
    }

    fn all_gather_in_place<T: Datum>(&self, buf: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        let bytes = blocks.counts().get(self.rank()).map_or(0, |count| count * size_of::<T>());
        self.inner.all_gather_in_place(buf, blocks)?;
        self.tally.add_call("all_gather_in_place", bytes);
        Ok(())
    }

    fn all_to_all<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.all_to_all(data, into)?;
        self.tally.add_call("all_to_all", bytes);
        Ok(())
    }

    fn all_to_all_v<T: Datum>(
        &self,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        let bytes = send_blocks.counts().iter().sum::<usize>() * size_of::<T>();
        self.inner.all_to_all_v(data, send_blocks, into, receive_blocks)?;
        self.tally.add_call("all_to_all_v", bytes);
        Ok(())
    }

    fn all_to_all_in_place<T: Datum>(&self, buf: &mut [T]) -> Result<(), CommError> {
        let bytes = size_of_val(buf);
        self.inner.all_to_all_in_place(buf)?;
        self.tally.add_call("all_to_all_in_place", bytes);
        Ok(())
    }

    fn reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.reduce(data, into, op, root)?;
        self.tally.add_call("reduce", bytes);
        Ok(())
    }

    fn reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(buf);
        self.inner.reduce_in_place(buf, op, root)?;
        self.tally.add_call("reduce_in_place", bytes);
        Ok(())
    }

    fn all_reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.all_reduce(data, into, op)?;
        self.tally.add_call("all_reduce", bytes);
        Ok(())
    }

    fn all_reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(buf);
        self.inner.all_reduce_in_place(buf, op)?;
        self.tally.add_call("all_reduce_in_place", bytes);
        Ok(())
    }

    fn reduce_scatter<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        self.inner.reduce_scatter(data, blocks, into, op)?;
        self.tally.add_call("reduce_scatter", bytes);
        Ok(())
    }

    fn scan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        let bytes = size_of_val(buf);
        self.inner.scan(buf, op)?;
        self.tally.add_call("scan", bytes);
        Ok(())
    }

    fn exscan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        let bytes = size_of_val(buf);
        self.inner.exscan(buf, op)?;
        self.tally.add_call("exscan", bytes);
        Ok(())
    }

    fn broadcast_value<V: Serialize + DeserializeOwned>(
        &self,
        value: Option<V>,
        root: Rank,
    ) -> Result<V, CommError> {
        let bytes = match &value {
            Some(value) => self.of_root(root, values::length(value)?),
            None => 0,
        };
        let done = self.inner.broadcast_value(value, root)?;
        self.tally.add_call("broadcast_value", bytes);
        Ok(done)
    }

    fn scatter_values<V: Serialize + DeserializeOwned>(
        &self,
        values: Option<Vec<V>>,
        root: Rank,
    ) -> Result<V, CommError> {
        let bytes = match &values {
            Some(all) => self.of_root(root, values::lengths(all)?),
            None => 0,
        };
        let done = self.inner.scatter_values(values, root)?;
        self.tally.add_call("scatter_values", bytes);
        Ok(done)
    }

    fn gather_values<V: Serialize + DeserializeOwned>(
        &self,
        value: &V,
        root: Rank,
    ) -> Result<Option<Vec<V>>, CommError> {
        let bytes = values::length(value)?;
        let done = self.inner.gather_values(value, root)?;
        self.tally.add_call("gather_values", bytes);
        Ok(done)
    }

    fn all_gather_values<V: Serialize + DeserializeOwned>(&self, value: &V) -> Result<Vec<V>, CommError> {
        let bytes = values::length(value)?;
        let done = self.inner.all_gather_values(value)?;
        self.tally.add_call("all_gather_values", bytes);
        Ok(done)
    }

    fn all_to_all_values<V: Serialize + DeserializeOwned>(&self, values: &[V]) -> Result<Vec<V>, CommError> {
        let bytes = values::lengths(values)?;
        let done = self.inner.all_to_all_values(values)?;
        self.tally.add_call("all_to_all_values", bytes);
        Ok(done)
    }

    fn neighbor_exchange<T: Datum>(
        &self,
        around: &Neighbourhood,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        let given: usize = around.sends().map(|(place, _)| send_blocks.counts()[place]).sum();
        self.inner.neighbor_exchange(around, data, send_blocks, into, receive_blocks)?;
        self.tally.add_call("neighbor_exchange", given * size_of::<T>());
        Ok(())
    }

    // ---------------------------------------------------------------- other communicators

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let part = self.inner.split(color, key)?;
        self.tally.add_call("split", 0);
        Ok(part.map(|inner| Self::of(inner, &self.tally)))
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        let inner = self.inner.duplicate()?;
        self.tally.add_call("duplicate", 0);
        Ok(Self::of(inner, &self.tally))
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        let inner = self.inner.split_shared()?;
        self.tally.add_call("split_shared", 0);
        Ok(Self::of(inner, &self.tally))
    }

    // ---------------------------------------------------------------- for those who write and wrap communicators

    fn begin_collective(&self, name: &'static str, root: Option<Rank>) -> Result<(), CommError> {
        self.inner.begin_collective(name, root)?;
        self.tally.add_call(name, 0);
        Ok(())
    }

    fn link(&self) -> &dyn Link {
        self.inner.link()
    }

    fn context(&self) -> u64 {
        self.inner.context()
    }

    fn world_rank(&self, rank: Rank) -> Rank {
        self.inner.world_rank(rank)
    }

    fn world_size(&self) -> usize {
        self.inner.world_size()
    }

    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        self.inner.board(width)
    }

    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        self.inner.set_watch(watch);
    }
}
