//! A group of ranks that talk to one another.

use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    Blocks, Board, Cartesian, CommError, Datum, Link, Message, Neighbourhood, Rank, Reduction, Request,
    SendMode, Source, Status, Tag, TagSelector, Value, Watch, collectives,
};

/// A group of ranks that talk to one another, and to nobody else.
///
/// Point-to-point messages do not overtake one another: two messages from one rank to another that fit the same
/// receive are received in the order in which they were sent. Collectives are called by every rank of the
/// communicator, in the same order; messages of one communicator are never received in another.
///
/// # Blocking
/// A receive or a probe waits until a message has come that fits, a send as its [`SendMode`] says, a collective until
/// every rank has called it. What begins with `try_` or `i` does not wait.
///
/// # What an implementation gives
/// The methods without a body; collectives then follow from [`link`](Self::link). One that has its own collectives
/// overrides them, each for all ranks. Arguments are checked by `collectives::check` before anything is sent.
pub trait Communicator: Sized {
    /// This rank.
    fn rank(&self) -> Rank;

    /// How many ranks there are.
    fn size(&self) -> usize;

    // ---------------------------------------------------------------- point to point

    /// Sends `data` to `to`, as `mode` says.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::TagTooGreat`], [`CommError::BufferFull`], [`CommError::RankLost`].
    #[track_caller]
    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError>;

    /// Receives into `buf`, which may be longer than the message.
    ///
    /// # Errors
    /// [`CommError::Truncated`] when the message is longer than `buf`: it was taken, and the head of it is in `buf`.
    #[track_caller]
    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError>;

    /// Sends and receives at once, so that ranks which exchange with one another cannot block one another.
    ///
    /// # Errors
    /// As [`send_with`](Self::send_with) and [`recv_into`](Self::recv_into).
    #[track_caller]
    fn send_recv<T: Datum, U: Datum>(
        &self,
        data: &[T],
        to: Rank,
        send_tag: Tag,
        buf: &mut [U],
        from: impl Into<Source>,
        receive_tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError>;

    /// Begins to send `data`, which moves in and comes back.
    ///
    /// # Errors
    /// As [`send_with`](Self::send_with).
    #[track_caller]
    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError>;

    /// Begins to receive at most `buf.len()` elements into `buf`, which moves in and comes back.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::TagTooGreat`].
    #[track_caller]
    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError>;

    /// Waits for a message and takes it out of the sight of everybody else (`Mprobe`).
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError>;

    /// As [`matched_probe`](Self::matched_probe), without waiting (`Improbe`).
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError>;

    /// Waits for a message and leaves it there (`Probe`).
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError>;

    /// As [`probe`](Self::probe), without waiting (`Iprobe`).
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError>;

    /// Sets aside `bytes` of memory for buffered sends of this rank in this communicator (`Buffer_attach`).
    ///
    /// # Errors
    /// [`CommError::Invalid`] while messages lie in the memory that was set aside before.
    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError>;

    /// Sends `data` to `to`.
    ///
    /// # Errors
    /// As [`send_with`](Self::send_with).
    #[track_caller]
    fn send<T: Datum>(&self, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        self.send_with(SendMode::Standard, data, to, tag)
    }

    /// Begins to send `data`, which moves in and comes back.
    ///
    /// # Errors
    /// As [`send_with`](Self::send_with).
    #[track_caller]
    fn isend<T: Datum>(&self, data: Vec<T>, to: Rank, tag: Tag) -> Result<Request<'_, T>, CommError> {
        self.isend_with(SendMode::Standard, data, to, tag)
    }

    /// Receives a message of whatever length.
    ///
    /// # Errors
    /// [`CommError::WrongType`] when it is no whole number of `T`.
    #[track_caller]
    fn recv<T: Datum>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(Vec<T>, Status), CommError> {
        self.matched_probe(from, tag)?.recv()
    }

    /// Sends `buf` and receives what takes its place (`Sendrecv_replace`).
    ///
    /// # Errors
    /// As [`send_recv`](Self::send_recv).
    #[track_caller]
    fn send_recv_replace<T: Datum>(
        &self,
        buf: &mut [T],
        to: Rank,
        send_tag: Tag,
        from: impl Into<Source>,
        receive_tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let given = buf.to_vec();
        self.send_recv(&given, to, send_tag, buf, from, receive_tag)
    }

    /// Sends a value of any type that serde knows, of any size.
    ///
    /// # Errors
    /// [`CommError::Codec`] when it cannot be encoded, and as [`send_with`](Self::send_with).
    #[track_caller]
    fn send_value<V: Serialize + ?Sized>(&self, value: &V, to: Rank, tag: Tag) -> Result<(), CommError> {
        self.send(&collectives::values::encode(value)?, to, tag)
    }

    /// Receives a value.
    ///
    /// # Errors
    /// [`CommError::Codec`] when the message is no `V`.
    #[track_caller]
    fn recv_value<V: DeserializeOwned>(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<(V, Status), CommError> {
        let (bytes, status) = self.recv::<u8>(from, tag)?;
        Ok((collectives::values::decode(&bytes)?, status))
    }

    // ---------------------------------------------------------------- collectives

    /// Returns when every rank has called it.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn barrier(&self) -> Result<(), CommError> {
        collectives::barrier(self.link())
    }

    /// Every rank gets the `root`'s `buf`.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn broadcast<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        collectives::broadcast(self.link(), buf, root)
    }

    /// Every rank gets its block of the `root`'s `data`, whose blocks are all as long as `into`.
    ///
    /// `data` counts at the root alone; the others may give an empty one.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root's `data` is not `size` times as long as `into`.
    #[track_caller]
    fn scatter<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        collectives::check::scatter_even(self, data.len(), into.len(), root)?;
        collectives::scatter_even(self.link(), data, into, root)
    }

    /// As [`scatter`](Self::scatter), with blocks of different lengths; `data` and `blocks` count at the root alone.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `data`, `into` or the number of ranks.
    #[track_caller]
    fn scatter_v<T: Datum>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        collectives::check::scatter(self, data.len(), blocks, into.len(), root)?;
        collectives::scatter(self.link(), data, blocks, into, root)
    }

    /// The `root` gets every rank's `data`, all of one length, one after the other in `into`.
    ///
    /// `into` counts at the root alone; the others may give an empty one.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root's `into` is not `size` times as long as `data`.
    #[track_caller]
    fn gather<T: Datum>(&self, data: &[T], into: &mut [T], root: Rank) -> Result<(), CommError> {
        collectives::check::gather_even(self, data.len(), into.len(), root)?;
        collectives::gather_even(self.link(), data, into, root)
    }

    /// As [`gather`](Self::gather), with blocks of different lengths; `into` and `blocks` count at the root alone.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `data`, `into` or the number of ranks.
    #[track_caller]
    fn gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        collectives::check::gather(self, data.len(), into.len(), blocks, root)?;
        collectives::gather(self.link(), data, into, blocks, root)
    }

    /// Every rank gets every rank's `data`, all of one length, one after the other in `into`.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `into` is not `size` times as long as `data`.
    #[track_caller]
    fn all_gather<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        CommError::unless_length("the receive buffer", into.len(), data.len() * self.size())?;
        let blocks = Blocks::packed(&vec![data.len(); self.size()]);
        self.all_gather_v(data, into, &blocks)
    }

    /// As [`all_gather`](Self::all_gather), with blocks of different lengths; every rank gives the same `blocks`.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `data`, `into` or the number of ranks.
    #[track_caller]
    fn all_gather_v<T: Datum>(&self, data: &[T], into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        collectives::check::blocks(self, "received", blocks, into.len())?;
        CommError::unless_length("what this rank gives", data.len(), blocks.counts()[self.rank()])?;
        into[blocks.range(self.rank())].copy_from_slice(data);
        self.all_gather_in_place(into, blocks)
    }

    /// As [`all_gather_v`](Self::all_gather_v); what this rank gives lies in its block of `buf` already.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `buf` or the number of ranks.
    #[track_caller]
    fn all_gather_in_place<T: Datum>(&self, buf: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
        collectives::check::blocks(self, "received", blocks, buf.len())?;
        collectives::all_gather(self.link(), buf, blocks)
    }

    /// Every rank sends its *r*-th block to rank *r*: a transposition. Blocks are all of one length, `data.len() / size`.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the buffers differ, or do not divide by the number of ranks.
    #[track_caller]
    fn all_to_all<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        collectives::check::all_to_all_even(self, data.len(), into.len())?;
        collectives::all_to_all_even(self.link(), data, into)
    }

    /// As [`all_to_all`](Self::all_to_all), with blocks of different lengths.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when blocks do not fit their buffers or the number of ranks.
    #[track_caller]
    fn all_to_all_v<T: Datum>(
        &self,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        collectives::check::all_to_all(self, data.len(), send_blocks, into.len(), receive_blocks)?;
        collectives::all_to_all(self.link(), data, send_blocks, into, receive_blocks)
    }

    /// As [`all_to_all`](Self::all_to_all), with what is received in the place of what was sent.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the buffer does not divide by the number of ranks.
    #[track_caller]
    fn all_to_all_in_place<T: Datum>(&self, buf: &mut [T]) -> Result<(), CommError> {
        collectives::check::all_to_all_even(self, buf.len(), buf.len())?;
        collectives::all_to_all_in_place(self.link(), buf)
    }

    /// The `root` gets, in `into`, the fold of all ranks' `data`, element by element.
    ///
    /// `into` counts at the root alone; the others may give an empty one. Ranks are folded in rank order, grouped in a
    /// way that depends on the number of ranks alone ([`collectives::fold`]), so that the answer is the same, bit by
    /// bit, in every world.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root's `into` is not as long as `data`.
    #[track_caller]
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
            into.copy_from_slice(data);
            return collectives::reduce(self.link(), into, op, root);
        }
        // Not by `reduce_in_place`, for which every rank would need a copy.
        collectives::contribute(self.link(), data, op, root)
    }

    /// As [`reduce`](Self::reduce), in one buffer; that of the other ranks is scratch afterwards.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::RankLost`].
    #[track_caller]
    fn reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        CommError::unless_rank(root, self.size())?;
        collectives::reduce(self.link(), buf, op, root)
    }

    /// Every rank gets the fold of all ranks' `data`, element by element; see [`reduce`](Self::reduce).
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `into` is not as long as `data`.
    #[track_caller]
    fn all_reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        CommError::unless_length("the receive buffer", into.len(), data.len())?;
        into.copy_from_slice(data);
        self.all_reduce_in_place(into, op)
    }

    /// As [`all_reduce`](Self::all_reduce), in one buffer.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn all_reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        collectives::all_reduce(self.link(), buf, op)
    }

    /// Every rank gets its block of the fold of all ranks' `data`; every rank gives the same `blocks`.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the blocks do not fit `data`, `into` or the number of ranks.
    #[track_caller]
    fn reduce_scatter<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        collectives::check::blocks(self, "reduced", blocks, data.len())?;
        CommError::unless_length("the receive buffer", into.len(), blocks.counts()[self.rank()])?;
        collectives::reduce_scatter(self.link(), data, blocks, into, op)
    }

    /// Every rank's `buf` becomes the fold of those of the ranks up to it, its own included.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn scan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        collectives::scan(self.link(), buf, op)
    }

    /// Every rank's `buf` becomes the fold of those of the ranks below it; rank 0's is left as it was.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn exscan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        collectives::exscan(self.link(), buf, op)
    }

    /// Every rank gets the `root`'s value; `value` counts at the root alone.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when the root has none, [`CommError::Codec`].
    #[track_caller]
    fn broadcast_value<V: Value>(&self, value: Option<V>, root: Rank) -> Result<V, CommError> {
        collectives::values::broadcast(self, value, root)
    }

    /// Every rank gets its value of the `root`'s, of which there is one per rank; `values` counts at the root alone.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the root has not one per rank, [`CommError::Codec`].
    #[track_caller]
    fn scatter_values<V: Value>(&self, values: Option<Vec<V>>, root: Rank) -> Result<V, CommError> {
        collectives::values::scatter(self, values, root)
    }

    /// The `root` gets every rank's value, in rank order; the others `None`.
    ///
    /// # Errors
    /// [`CommError::Codec`].
    #[track_caller]
    fn gather_values<V: Value>(&self, value: &V, root: Rank) -> Result<Option<Vec<V>>, CommError> {
        collectives::values::gather(self, value, root)
    }

    /// Every rank gets every rank's value, in rank order.
    ///
    /// # Errors
    /// [`CommError::Codec`].
    #[track_caller]
    fn all_gather_values<V: Value>(&self, value: &V) -> Result<Vec<V>, CommError> {
        collectives::values::all_gather(self, value)
    }

    /// Every rank sends its *r*-th value to rank *r*.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when there is not one per rank, [`CommError::Codec`].
    #[track_caller]
    fn all_to_all_values<V: Value>(&self, values: &[V]) -> Result<Vec<V>, CommError> {
        collectives::values::all_to_all(self, values)
    }

    // ---------------------------------------------------------------- other communicators

    /// Divides the ranks: those of one `color` make a communicator, ordered by `key` and then by rank; `None` takes part
    /// and is in none. A collective.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError>;

    /// The same ranks in the same order, whose messages are apart from this one's.
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn duplicate(&self) -> Result<Self, CommError>;

    /// Divides the ranks by who shares memory with whom (`Split_type` with `COMM_TYPE_SHARED`).
    ///
    /// # Errors
    /// [`CommError::RankLost`].
    #[track_caller]
    fn split_shared(&self) -> Result<Self, CommError>;

    /// The first ranks in a grid; the ranks that it has no room for get `None`.
    ///
    /// `reorder` allows ranks to be renumbered, so that neighbours in the grid are near one another in the machine,
    /// where the world knows that.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when the grid needs more ranks than there are, or has none.
    #[track_caller]
    fn cartesian(
        &self,
        dims: &[usize],
        periods: &[bool],
        reorder: bool,
    ) -> Result<Option<Cartesian<Self>>, CommError> {
        let _ = reorder;
        Cartesian::of_first_ranks(self, dims, periods)
    }

    /// Every neighbour gets its block of `data`, and `into` those of the neighbours: what the collectives of a
    /// [`Topology`](super::Topology) come to, which has checked that blocks and buffers fit.
    ///
    /// # Errors
    /// [`CommError::CollectiveMismatch`] when a neighbour sends another length, [`CommError::RankLost`].
    #[track_caller]
    fn neighbor_exchange<T: Datum>(
        &self,
        around: &Neighbourhood,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        collectives::neighbor_exchange(self.link(), around, data, send_blocks, into, receive_blocks)
    }

    // ---------------------------------------------------------------- for those who write and wrap communicators
    /// A collective begins that is made of [`link`](Self::link) by somebody else than this communicator: one that
    /// checks or counts is told so, and may have all ranks agree on it first.
    ///
    /// # Errors
    /// [`CommError::CollectiveMismatch`], [`CommError::Deadlock`], [`CommError::RankLost`].
    #[track_caller]
    fn begin_collective(&self, name: &'static str, root: Option<Rank>) -> Result<(), CommError> {
        let _ = (name, root);
        Ok(())
    }

    /// What collectives are made of: messages that no receive of the program can match.
    fn link(&self) -> &dyn Link;

    /// A number that all ranks of this communicator know it by, and no other communicator of theirs has.
    fn context(&self) -> u64;

    /// Which rank of the whole world `rank` is.
    fn world_rank(&self, rank: Rank) -> Rank;

    /// How many ranks the whole world has.
    fn world_size(&self) -> usize;

    /// Makes a board for the ranks of the whole world, with rows of `width` words that are 0 at first.
    ///
    /// A collective of this communicator, which must have all ranks of the world.
    ///
    /// # Errors
    /// What the transport says.
    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError>;

    /// Has `watch` asked by every operation of this communicator that waits; `None` ends it.
    fn set_watch(&self, watch: Option<Rc<dyn Watch>>);
}
