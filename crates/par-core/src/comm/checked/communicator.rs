//! The checks around every method of a communicator.

use std::fmt::Write;
use std::panic::Location;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Checked;
use super::agree::Fit;
use super::op::{Call, Data, How, MessageOp, Op};
use super::request::known;
use crate::comm::collectives::{check, values};
use crate::comm::{
    Blocks, Board, CommError, Communicator, Datum, Link, Message, Neighbourhood, Rank, Reduction, Request,
    SendMode, Source, Status, Tag, TagSelector, Watch,
};

impl<C: Communicator> Checked<C> {
    fn mode(&self, mode: SendMode) -> SendMode {
        if mode == SendMode::Standard && self.world.checks.is_strict() { SendMode::Synchronous } else { mode }
    }

    /// Runs one operation on one message.
    #[inline]
    fn message<R>(
        &self,
        op: MessageOp,
        run: impl FnOnce(&C) -> Result<R, CommError>,
    ) -> Result<R, CommError> {
        let _within = self.world.enter(Op::Message(op))?;
        run(&self.inner).map_err(|error| self.failed(&op, error))
    }

    /// Runs a send, which is counted before it begins: while it waits, its message is under way.
    #[inline]
    fn sending<R>(
        &self,
        to: Rank,
        tag: Tag,
        run: impl FnOnce() -> Result<R, CommError>,
    ) -> Result<R, CommError> {
        self.world.add_sent(&self.members, to, tag);
        run().inspect_err(|error| {
            // A receive at the same time that fails for what came does not undo the send.
            if !matches!(error, CommError::Truncated { .. } | CommError::WrongType { .. }) {
                self.world.take_back_sent(&self.members, to, tag);
            }
        })
    }

    #[inline]
    fn received(&self, status: Status) -> Status {
        self.world.add_received(&self.members, status.source, status.tag);
        status
    }

    /// What a wait that has failed answers.
    #[cold]
    fn failed(&self, op: &MessageOp, error: CommError) -> CommError {
        if let CommError::Truncated { from, tag, .. } | CommError::WrongType { from, tag, .. } = error {
            // It was taken all the same.
            self.world.add_received(&self.members, from, Tag(tag));
        }
        let error = self.world.explain(error, &self.members);
        match (error, op) {
            // Not one that another watch has spoken of.
            (CommError::Deadlock(lines), MessageOp { receives: true, peer: Some(from), .. })
                if self.world.is_over() =>
            {
                self.what_lies_there(lines, *from)
            }
            (error, _) => error,
        }
    }

    /// Adds to this rank's line which message there is, but does not fit.
    fn what_lies_there(&self, mut lines: Vec<String>, from: Rank) -> CommError {
        if let Ok(Some(status)) = self.inner.try_probe(from, TagSelector::Any) {
            let own = format!("rank {} waits", self.rank_in_world());
            if let Some(line) = lines.iter_mut().find(|line| line.starts_with(&own)) {
                let _ = write!(line, "; there is one with tag {}, of {} bytes", status.tag, status.bytes);
            }
        }
        self.world.end_with(CommError::Deadlock(lines))
    }

    fn derived(&self, inner: C) -> Self {
        Self::of(inner, &self.world)
    }
}

impl<C: Communicator> Communicator for Checked<C> {
    fn rank(&self) -> Rank {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    // ---------------------------------------------------------------- point to point

    #[inline]
    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        let op = MessageOp::send("send", Data::of(data), to, tag, Location::caller());
        self.message(op, |inner| self.sending(to, tag, || inner.send_with(self.mode(mode), data, to, tag)))
    }

    #[inline]
    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("recv", Data::of(buf), from, tag, Location::caller());
        self.message(op, |inner| inner.recv_into(buf, from, tag)).map(|status| self.received(status))
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
        let (from, receive_tag) = (from.into(), receive_tag.into());
        let op = MessageOp::receive("send_recv", Data::of(buf), from, receive_tag, Location::caller());
        let op = MessageOp { how: How::SendRecv, ..op };
        let done = self.message(op, |inner| {
            self.sending(to, send_tag, || inner.send_recv(data, to, send_tag, buf, from, receive_tag))
        });
        done.map(|status| self.received(status))
    }

    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        let op = MessageOp::send("isend", Data::of(&data), to, tag, Location::caller());
        let _within = self.world.enter(Op::Message(op))?;
        let request = self.sending(to, tag, || self.inner.isend_with(self.mode(mode), data, to, tag));
        let request = request.map_err(|error| self.failed(&op, error))?;
        Ok(known(request, op, &self.world, &self.members))
    }

    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("irecv", Data::of(&buf), from, tag, Location::caller());
        let request = self.inner.irecv(buf, from, tag)?;
        Ok(known(request, op, &self.world, &self.members))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("matched_probe", Data::NONE, from, tag, Location::caller());
        let _within = self.world.enter(Op::Message(op))?;
        let message = self.inner.matched_probe(from, tag).map_err(|error| self.failed(&op, error))?;
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
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("probe", Data::NONE, from, tag, Location::caller());
        self.message(op, |inner| inner.probe(from, tag))
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
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("recv", Data::each::<T>(), from, tag, Location::caller());
        let (data, status) = self.message(op, |inner| inner.recv(from, tag))?;
        Ok((data, self.received(status)))
    }

    fn send_value<V: Serialize + ?Sized>(&self, value: &V, to: Rank, tag: Tag) -> Result<(), CommError> {
        let what = Data { element: std::any::type_name::<V>(), ..Data::NONE };
        let op = MessageOp::send("send_value", what, to, tag, Location::caller());
        self.message(op, |inner| {
            self.sending(to, tag, || match self.mode(SendMode::Standard) {
                SendMode::Standard => inner.send_value(value, to, tag),
                mode => inner.send_with(mode, &values::encode(value)?, to, tag),
            })
        })
    }

    fn recv_value<V: DeserializeOwned>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(V, Status), CommError> {
        let (from, tag) = (from.into(), tag.into());
        let op = MessageOp::receive("recv_value", Data::each::<V>(), from, tag, Location::caller());
        let (bytes, status) = self.message(op, |inner| inner.recv::<u8>(from, tag))?;
        self.received(status);
        Ok((values::decode(&bytes)?, status))
    }

    // ---------------------------------------------------------------- collectives

    fn barrier(&self) -> Result<(), CommError> {
        self.collective(Call::new("barrier", Location::caller()), &Fit::Nothing, C::barrier)
    }

    fn broadcast<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        let call = Call::new("broadcast", Location::caller()).root(root).data(Data::of(buf));
        self.collective(call, &Fit::Nothing, |inner| inner.broadcast(buf, root))
    }

    fn scatter<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() == root {
            CommError::unless_length("the root's buffer", data.len(), into.len() * self.size())?;
        }
        let call = Call::new("scatter", Location::caller()).root(root).data(Data::of(into));
        self.collective(call, &Fit::Nothing, |inner| inner.scatter(data, into, root))
    }

    fn scatter_v<T: Datum>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        check::scatter(self, data.len(), blocks, into.len(), root)?;
        let call = Call::new("scatter_v", Location::caller()).root(root).data(Data::each::<T>());
        let fit = Fit::Scatter { root, blocks, expected: into.len() };
        self.collective(call, &fit, |inner| inner.scatter_v(data, blocks, into, root))
    }

    fn gather<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() == root {
            CommError::unless_length("the root's buffer", into.len(), data.len() * self.size())?;
        }
        let call = Call::new("gather", Location::caller()).root(root).data(Data::of(data));
        self.collective(call, &Fit::Nothing, |inner| inner.gather(data, into, root))
    }

    fn gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        check::gather(self, data.len(), into.len(), blocks, root)?;
        let call = Call::new("gather_v", Location::caller()).root(root).data(Data::each::<T>());
        let fit = Fit::Gather { root, blocks, given: data.len() };
        self.collective(call, &fit, |inner| inner.gather_v(data, into, blocks, root))
    }

    fn all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        CommError::unless_length("the receive buffer", into.len(), data.len() * self.size())?;
        let call = Call::new("all_gather", Location::caller()).data(Data::of(data));
        self.collective(call, &Fit::Nothing, |inner| inner.all_gather(data, into))
    }

    fn all_gather_v<T: Datum>(&self, data: &[T], into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        check::blocks(self, "received", blocks, into.len())?;
        CommError::unless_length("what this rank gives", data.len(), blocks.counts()[self.rank()])?;
        let call = Call::new("all_gather_v", Location::caller()).data(Data::each::<T>());
        let call = call.more(blocks.counts().iter().copied());
        self.collective(call, &Fit::Nothing, |inner| inner.all_gather_v(data, into, blocks))
    }

    fn all_gather_in_place<T: Datum>(&self, buf: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        check::blocks(self, "received", blocks, buf.len())?;
        let call = Call::new("all_gather_in_place", Location::caller()).data(Data::each::<T>());
        let call = call.more(blocks.counts().iter().copied());
        self.collective(call, &Fit::Nothing, |inner| inner.all_gather_in_place(buf, blocks))
    }

    fn all_to_all<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let count = data.len() / self.size();
        CommError::unless_length("what is sent to all", data.len(), count * self.size())?;
        CommError::unless_length("what is received from all", into.len(), data.len())?;
        let call = Call::new("all_to_all", Location::caller()).data(Data::of(data));
        self.collective(call, &Fit::Nothing, |inner| inner.all_to_all(data, into))
    }

    fn all_to_all_v<T: Datum>(
        &self,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        check::all_to_all(self, data.len(), send_blocks, into.len(), receive_blocks)?;
        let call = Call::new("all_to_all_v", Location::caller()).data(Data::each::<T>());
        let fit = Fit::All { given: send_blocks, expected: receive_blocks };
        self.collective(call, &fit, |inner| inner.all_to_all_v(data, send_blocks, into, receive_blocks))
    }

    fn all_to_all_in_place<T: Datum>(&self, buf: &mut [T]) -> Result<(), CommError> {
        let count = buf.len() / self.size();
        CommError::unless_length("what is sent to all", buf.len(), count * self.size())?;
        let call = Call::new("all_to_all_in_place", Location::caller()).data(Data::of(buf));
        self.collective(call, &Fit::Nothing, |inner| inner.all_to_all_in_place(buf))
    }

    fn reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() == root {
            CommError::unless_length("the root's receive buffer", into.len(), data.len())?;
        }
        let call = Call::new("reduce", Location::caller()).root(root).data(Data::of(data));
        let call = call.operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.reduce(data, into, op, root))
    }

    fn reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        let call = Call::new("reduce_in_place", Location::caller()).root(root).data(Data::of(buf));
        let call = call.operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.reduce_in_place(buf, op, root))
    }

    fn all_reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        CommError::unless_length("the receive buffer", into.len(), data.len())?;
        let call = Call::new("all_reduce", Location::caller()).data(Data::of(data)).operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.all_reduce(data, into, op))
    }

    fn all_reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        let call = Call::new("all_reduce_in_place", Location::caller()).data(Data::of(buf));
        let call = call.operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.all_reduce_in_place(buf, op))
    }

    fn reduce_scatter<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        check::blocks(self, "reduced", blocks, data.len())?;
        CommError::unless_length("the receive buffer", into.len(), blocks.counts()[self.rank()])?;
        let call = Call::new("reduce_scatter", Location::caller()).data(Data::of(data));
        let call = call.operation(op.name()).more(blocks.counts().iter().copied());
        self.collective(call, &Fit::Nothing, |inner| inner.reduce_scatter(data, blocks, into, op))
    }

    fn scan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        let call = Call::new("scan", Location::caller()).data(Data::of(buf)).operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.scan(buf, op))
    }

    fn exscan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        let call = Call::new("exscan", Location::caller()).data(Data::of(buf)).operation(op.name());
        self.collective(call, &Fit::Nothing, |inner| inner.exscan(buf, op))
    }

    fn broadcast_value<V: Serialize + DeserializeOwned>(
        &self,
        value: Option<V>,
        root: Rank,
    ) -> Result<V, CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() == root && value.is_none() {
            return Err(CommError::Invalid("the root has no value to broadcast".to_owned()));
        }
        let call = Call::new("broadcast_value", Location::caller()).root(root).data(Data::each::<V>());
        self.collective(call, &Fit::Nothing, |inner| inner.broadcast_value(value, root))
    }

    fn scatter_values<V: Serialize + DeserializeOwned>(
        &self,
        values: Option<Vec<V>>,
        root: Rank,
    ) -> Result<V, CommError> {
        CommError::unless_rank(root, self.size())?;
        if self.rank() == root {
            let none = || CommError::Invalid("the root has no values to scatter".to_owned());
            let given = values.as_ref().ok_or_else(none)?.len();
            CommError::unless_length("the list of values", given, self.size())?;
        }
        let call = Call::new("scatter_values", Location::caller()).root(root).data(Data::each::<V>());
        self.collective(call, &Fit::Nothing, |inner| inner.scatter_values(values, root))
    }

    fn gather_values<V: Serialize + DeserializeOwned>(
        &self,
        value: &V,
        root: Rank,
    ) -> Result<Option<Vec<V>>, CommError> {
        CommError::unless_rank(root, self.size())?;
        let call = Call::new("gather_values", Location::caller()).root(root).data(Data::each::<V>());
        self.collective(call, &Fit::Nothing, |inner| inner.gather_values(value, root))
    }

    fn all_gather_values<V: Serialize + DeserializeOwned>(&self, value: &V) -> Result<Vec<V>, CommError> {
        let call = Call::new("all_gather_values", Location::caller()).data(Data::each::<V>());
        self.collective(call, &Fit::Nothing, |inner| inner.all_gather_values(value))
    }

    fn all_to_all_values<V: Serialize + DeserializeOwned>(&self, values: &[V]) -> Result<Vec<V>, CommError> {
        CommError::unless_length("the list of values", values.len(), self.size())?;
        let call = Call::new("all_to_all_values", Location::caller()).data(Data::each::<V>());
        self.collective(call, &Fit::Nothing, |inner| inner.all_to_all_values(values))
    }

    fn neighbor_exchange<T: Datum>(
        &self,
        around: &Neighbourhood,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        let call = Call::new("neighbor_exchange", Location::caller()).data(Data::each::<T>());
        let fit = Fit::Neighbours { around, given: send_blocks, expected: receive_blocks };
        self.collective(call, &fit, |inner| {
            inner.neighbor_exchange(around, data, send_blocks, into, receive_blocks)
        })
    }

    // ---------------------------------------------------------------- other communicators

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let call = Call::new("split", Location::caller());
        let part = self.collective(call, &Fit::Nothing, |inner| inner.split(color, key))?;
        Ok(part.map(|inner| self.derived(inner)))
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        let call = Call::new("duplicate", Location::caller());
        self.collective(call, &Fit::Nothing, C::duplicate).map(|inner| self.derived(inner))
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        let call = Call::new("split_shared", Location::caller());
        self.collective(call, &Fit::Nothing, C::split_shared).map(|inner| self.derived(inner))
    }

    // ---------------------------------------------------------------- for those who write and wrap communicators

    fn begin_collective(&self, name: &'static str, root: Option<Rank>) -> Result<(), CommError> {
        let call = Call { root, ..Call::new(name, Location::caller()) };
        self.collective(call, &Fit::Nothing, |inner| inner.begin_collective(name, root))
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
        self.world.ranks()
    }

    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        let call = Call::new("board", Location::caller()).more([width]);
        self.collective(call, &Fit::Nothing, |inner| inner.board(width))
    }

    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        *self.eye.other.borrow_mut() = watch;
    }
}
