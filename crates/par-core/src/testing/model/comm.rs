//! The communicator of the model.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use super::post::{Buffer, Letter, Post, Slot, Ticket, is_taken, set_taken};
use crate::comm::{
    Arrived, Board, CommError, Communicator, Completed, Datum, Envelope, Link, Message, Pending, Posted,
    Rank, Request, SendMode, Source, Status, Tag, TagSelector, Watch, divide,
};

/// The communicator of a [`ModelWorld`](super::ModelWorld).
pub struct ModelComm {
    post: Arc<Post>,
    /// The members' ranks in the world.
    members: Rc<Vec<Rank>>,
    rank: Rank,
    context: u32,
    /// The first context that this rank has not seen in use; shared by all its communicators.
    next_context: Rc<Cell<u32>>,
    boards: Cell<usize>,
    watch: Rc<RefCell<Option<Rc<dyn Watch>>>>,
    link: Option<Box<ModelComm>>,
}

impl std::fmt::Debug for ModelComm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModelComm({} of {}, context {})", self.rank, self.members.len(), self.context)
    }
}

impl ModelComm {
    pub(super) fn world(post: &Arc<Post>, rank: Rank) -> Self {
        let members = (0..post.lock().boxes.len()).collect();
        Self::new(post, members, rank, 0, &Rc::new(Cell::new(2)))
    }

    fn new(
        post: &Arc<Post>,
        members: Vec<Rank>,
        rank: Rank,
        context: u32,
        next_context: &Rc<Cell<u32>>,
    ) -> Self {
        let members = Rc::new(members);
        let watch: Rc<RefCell<Option<Rc<dyn Watch>>>> = Rc::default();
        let make = |context, link| Self {
            post: Arc::clone(post),
            members: Rc::clone(&members),
            rank,
            context,
            next_context: Rc::clone(next_context),
            boards: Cell::new(0),
            watch: Rc::clone(&watch),
            link,
        };
        make(context, Some(Box::new(make(context + 1, None))))
    }

    pub(super) fn post(&self) -> &Post {
        &self.post
    }

    pub(super) fn members(&self) -> &[Rank] {
        &self.members
    }

    pub(super) fn rank_here(&self) -> Rank {
        self.rank
    }

    pub(super) fn watch(&self) -> Option<Rc<dyn Watch>> {
        self.watch.borrow().clone()
    }

    fn check(&self, rank: Rank, tag: Tag) -> Result<Rank, CommError> {
        CommError::unless_rank(rank, self.members.len())?;
        CommError::unless_tag(tag)?;
        Ok(self.members[rank])
    }

    fn posted(&self, from: Source, tag: TagSelector) -> Result<(Posted, Vec<Rank>), CommError> {
        if let TagSelector::Tag(tag) = tag {
            CommError::unless_tag(tag)?;
        }
        let sources = match from {
            Source::Any => self.members.to_vec(),
            Source::Rank(rank) => vec![self.check(rank, Tag(0))?],
        };
        Ok((Posted { context: self.context, source: from, tag }, sources))
    }

    /// Puts a message at its destination; the ticket tells when its receive has begun.
    fn deliver(&self, mode: SendMode, bytes: Vec<u8>, to: Rank, tag: Tag) -> Result<Ticket, CommError> {
        let world_rank = self.check(to, tag)?;
        let mut state = self.post.lock();
        if let Some(reason) = &state.ended[world_rank] {
            return Err(CommError::RankLost { rank: world_rank, reason: reason.clone() });
        }
        let envelope = Envelope { context: self.context, source: self.rank, tag, bytes: bytes.len() };
        let waits = match mode {
            SendMode::Synchronous => true,
            SendMode::Standard => bytes.len() > self.post.eager_limit,
            SendMode::Buffered | SendMode::Ready => false,
        };
        let ticket = Ticket::default();
        if mode == SendMode::Buffered {
            let buffer = state.buffers.entry((self.members[self.rank], self.context)).or_default();
            let room = buffer.room();
            if bytes.len() > room {
                return Err(CommError::BufferFull { bytes: bytes.len(), room });
            }
            buffer.put(&ticket, bytes.len());
        }
        if let Some(slot) = state.boxes[world_rank].arrived(&envelope) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((envelope, bytes));
            set_taken(&ticket);
        } else {
            let letter = Letter { bytes, ticket: Arc::clone(&ticket) };
            state.boxes[world_rank].keep(envelope, letter);
        }
        self.post.changed();
        if !waits {
            return Ok(Arc::new(std::sync::Mutex::new(true)));
        }
        Ok(ticket)
    }

    fn wait_taken(&self, ticket: &Ticket, to: Rank) -> Result<(), CommError> {
        self.wait_for(&[self.members[to]], |_| is_taken(ticket).then_some(()))
    }

    /// Begins a receive: the slot that the message comes to, or has come to.
    fn begin(&self, posted: Posted) -> Slot {
        let slot = Slot::default();
        let mut state = self.post.lock();
        let here = self.members[self.rank];
        match state.boxes[here].take(&posted) {
            Some((envelope, letter)) => {
                set_taken(&letter.ticket);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((envelope, letter.bytes));
                self.post.changed();
            }
            None => state.boxes[here].post(posted, Arc::clone(&slot)),
        }
        slot
    }

    fn finish(&self, slot: &Slot, sources: &[Rank]) -> Result<(Envelope, Vec<u8>), CommError> {
        let done = self.wait_for(sources, |_| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        if done.is_err() {
            self.retract(slot);
        }
        done
    }

    fn retract(&self, slot: &Slot) -> bool {
        let here = self.members[self.rank];
        self.post.lock().boxes[here].retract(|other| Arc::ptr_eq(other, slot))
    }

    /// Takes a message out, if it is here.
    fn take(&self, posted: &Posted) -> Option<(Envelope, Vec<u8>)> {
        let here = self.members[self.rank];
        let (envelope, letter) = self.post.lock().boxes[here].take(posted)?;
        set_taken(&letter.ticket);
        self.post.changed();
        Some((envelope, letter.bytes))
    }
}

fn status(envelope: &Envelope) -> Status {
    Status { source: envelope.source, tag: envelope.tag, bytes: envelope.bytes }
}

/// Copies a message out, as far as it fits.
fn copy_out<T: Datum>(envelope: &Envelope, bytes: &[u8], buf: &mut [T]) -> Result<Status, CommError> {
    let room = bytemuck::cast_slice_mut::<T, u8>(buf);
    let fits = bytes.len().min(room.len());
    room[..fits].copy_from_slice(&bytes[..fits]);
    if fits < bytes.len() {
        return Err(CommError::Truncated {
            from: envelope.source,
            tag: envelope.tag.0,
            got: bytes.len(),
            room: room.len(),
        });
    }
    let status = status(envelope);
    if status.count::<T>().is_none() {
        return Err(CommError::WrongType {
            from: status.source,
            tag: status.tag.0,
            bytes: status.bytes,
            element: size_of::<T>(),
        });
    }
    Ok(status)
}

impl Communicator for ModelComm {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.members.len()
    }

    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        let ticket = self.deliver(mode, bytemuck::cast_slice(data).to_vec(), to, tag)?;
        self.wait_taken(&ticket, to)
    }

    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let (posted, sources) = self.posted(from.into(), tag.into())?;
        let slot = self.begin(posted);
        let (envelope, bytes) = self.finish(&slot, &sources)?;
        copy_out(&envelope, &bytes, buf)
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
        let (posted, sources) = self.posted(from.into(), receive_tag.into())?;
        self.check(to, send_tag)?;
        let slot = self.begin(posted);
        let sent = self.deliver(SendMode::Standard, bytemuck::cast_slice(data).to_vec(), to, send_tag);
        let ticket = sent.inspect_err(|_| {
            self.retract(&slot);
        })?;
        let (envelope, bytes) = self.finish(&slot, &sources)?;
        self.wait_taken(&ticket, to)?;
        copy_out(&envelope, &bytes, buf)
    }

    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        let ticket = self.deliver(mode, bytemuck::cast_slice(&data).to_vec(), to, tag)?;
        Ok(Request::new(Sending { comm: self, ticket, data, to, tag }))
    }

    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        let (posted, sources) = self.posted(from.into(), tag.into())?;
        Ok(Request::new(Receiving { comm: self, slot: self.begin(posted), sources, buf }))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let (posted, sources) = self.posted(from.into(), tag.into())?;
        let here = self.members[self.rank];
        let (envelope, letter) = self.wait_for(&sources, |state| state.boxes[here].take(&posted))?;
        set_taken(&letter.ticket);
        self.post.changed();
        Ok(Message::new(status(&envelope), Taken(letter.bytes)))
    }

    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        let (posted, _) = self.posted(from.into(), tag.into())?;
        Ok(self.take(&posted).map(|(envelope, bytes)| Message::new(status(&envelope), Taken(bytes))))
    }

    fn probe(&self, from: impl Into<Source>, tag: impl Into<TagSelector>) -> Result<Status, CommError> {
        let (posted, sources) = self.posted(from.into(), tag.into())?;
        let here = self.members[self.rank];
        self.wait_for(&sources, |state| state.boxes[here].peek(&posted).map(status))
    }

    fn try_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Status>, CommError> {
        let (posted, _) = self.posted(from.into(), tag.into())?;
        let here = self.members[self.rank];
        Ok(self.post.lock().boxes[here].peek(&posted).map(status))
    }

    fn attach_buffer(&self, bytes: usize) -> Result<(), CommError> {
        let mut state = self.post.lock();
        let buffer = state.buffers.entry((self.members[self.rank], self.context)).or_default();
        if buffer.is_in_use() {
            return Err(CommError::Invalid(
                "messages lie in the memory that is set aside for buffered sends: receive them first"
                    .to_owned(),
            ));
        }
        *buffer = Buffer::new(bytes);
        Ok(())
    }

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let mut next = self.next_context.get();
        let share = divide(self.link(), color, key, &mut next)?;
        self.next_context.set(next);
        Ok(share.map(|share| {
            let rank = share.members.iter().position(|member| *member == self.rank);
            let members = share.members.iter().map(|member| self.members[*member]).collect();
            Self::new(
                &self.post,
                members,
                rank.expect("a rank is a member of its own share"),
                share.context,
                &self.next_context,
            )
        }))
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        Ok(self.split(Some(0), 0)?.expect("a rank with a color is in a communicator"))
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        self.duplicate()
    }

    fn link(&self) -> &dyn Link {
        self.link.as_deref().unwrap_or(self)
    }

    fn context(&self) -> u64 {
        u64::from(self.context)
    }

    fn world_rank(&self, rank: Rank) -> Rank {
        self.members[rank]
    }

    fn world_size(&self) -> usize {
        self.post.lock().boxes.len()
    }

    fn board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        let key = (self.context, self.boards.get());
        self.boards.set(key.1 + 1);
        let ranks = self.world_size();
        self.post.lock().boards.entry(key).or_insert_with(|| vec![vec![0; width]; ranks]);
        let board = ModelBoard { post: Arc::clone(&self.post), key, rank: self.members[self.rank], width };
        self.barrier()?;
        Ok(Rc::new(board))
    }

    fn set_watch(&self, watch: Option<Rc<dyn Watch>>) {
        *self.watch.borrow_mut() = watch;
    }
}

impl Link for ModelComm {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.members.len()
    }

    fn send(&self, bytes: &[u8], to: Rank) -> Result<(), CommError> {
        // It waits for long ones, so that a collective which counts on the transport's memory hangs here first.
        self.send_with(SendMode::Standard, bytes, to, Tag(0))
    }

    fn recv(&self, bytes: &mut [u8], from: Rank) -> Result<(), CommError> {
        let expected = bytes.len();
        self.exactly(expected, from, self.recv_into(bytes, from, Tag(0)))
    }

    fn send_recv(&self, bytes: &[u8], to: Rank, into: &mut [u8], from: Rank) -> Result<(), CommError> {
        let expected = into.len();
        self.exactly(expected, from, Communicator::send_recv(self, bytes, to, Tag(0), into, from, Tag(0)))
    }
}

impl ModelComm {
    /// What came over the link must be as long as what is wanted.
    fn exactly(&self, expected: usize, from: Rank, got: Result<Status, CommError>) -> Result<(), CommError> {
        let got = match got {
            Ok(status) => status.bytes,
            Err(CommError::Truncated { got, .. }) => got,
            Err(error) => return Err(error),
        };
        if got == expected {
            return Ok(());
        }
        Err(CommError::CollectiveMismatch(vec![format!(
            "rank {from} sent {got} bytes where rank {} wants {expected}: \
             did all ranks call the same collective with the same lengths?",
            self.rank
        )]))
    }
}

struct Sending<'c, T> {
    comm: &'c ModelComm,
    ticket: Ticket,
    data: Vec<T>,
    to: Rank,
    tag: Tag,
}

impl<T: Datum> Pending<T> for Sending<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(is_taken(&self.ticket))
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        let data = std::mem::take(&mut self.data);
        let status = Status { source: self.to, tag: self.tag, bytes: size_of_val(data.as_slice()) };
        let taken = self.comm.wait_taken(&self.ticket, self.to);
        // What failed once is not waited for again when this is dropped.
        set_taken(&self.ticket);
        taken.map(|()| Completed { data, status })
    }

    fn cancel(self: Box<Self>) -> Result<bool, CommError> {
        self.wait().map(|_| false)
    }

    fn pause(&self, waited: std::time::Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        // Nobody is left to tell that the receiver is gone.
        self.comm.wait_taken(&self.ticket, self.to).ok();
    }
}

struct Receiving<'c, T> {
    comm: &'c ModelComm,
    slot: Slot,
    sources: Vec<Rank>,
    buf: Vec<T>,
}

impl<T: Datum> Pending<T> for Receiving<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(self.slot.lock().unwrap_or_else(PoisonError::into_inner).is_some())
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        let (envelope, bytes) = self.comm.finish(&self.slot, &self.sources)?;
        let status = copy_out(&envelope, &bytes, &mut self.buf)?;
        self.buf.truncate(status.count::<T>().unwrap_or(0));
        Ok(Completed { data: std::mem::take(&mut self.buf), status })
    }

    fn cancel(self: Box<Self>) -> Result<bool, CommError> {
        Ok(self.comm.retract(&self.slot))
    }

    fn pause(&self, waited: std::time::Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

impl<T> Drop for Receiving<'_, T> {
    fn drop(&mut self) {
        self.comm.retract(&self.slot);
    }
}

impl ModelComm {
    fn pause(&self, waited: std::time::Duration) -> Result<(), CommError> {
        drop(self.post.wait(self.post.lock()));
        self.watch().map_or(Ok(()), |watch| watch.stalled(waited))
    }
}

struct Taken(Vec<u8>);

impl Arrived for Taken {
    fn take(self: Box<Self>, bytes: &mut [u8]) -> Result<(), CommError> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

struct ModelBoard {
    post: Arc<Post>,
    key: (u32, usize),
    rank: Rank,
    width: usize,
}

impl Board for ModelBoard {
    fn width(&self) -> usize {
        self.width
    }

    fn write(&self, offset: usize, words: &[u64]) -> Result<(), CommError> {
        if let Some(rows) = self.post.lock().boards.get_mut(&self.key) {
            rows[self.rank][offset..offset + words.len()].copy_from_slice(words);
        }
        Ok(())
    }

    fn read(&self, world_rank: Rank, offset: usize, words: &mut [u64]) -> Result<(), CommError> {
        if let Some(rows) = self.post.lock().boards.get(&self.key) {
            words.copy_from_slice(&rows[world_rank][offset..offset + words.len()]);
        }
        Ok(())
    }
}
