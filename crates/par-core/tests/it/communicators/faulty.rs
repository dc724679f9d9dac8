//! Communicators with one fault each, which the suite must find.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use par_core::comm::{
    Blocks, Board, CommError, Communicator, Completed, Datum, Message, Neighbourhood, Pending, Rank,
    Reduction, Request, SendMode, Source, Spmd, Status, Tag, TagSelector, Watch, op,
};
use par_core::testing::comm::Suite;
use par_core::testing::{ModelComm, ModelWorld};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    AnyTagTakesTheGreatest,
    TagsAreIgnored,
    SourceIsTheNextRank,
    TruncatesInSilence,
    ReceivesTwice,
    LosesEmptyMessages,
    SynchronousReturnsAtOnce,
    BufferIsEndless,
    CancelOnlySaysSo,
    DroppedReceiveStays,
    OneContextForAll,
    KeysAreIgnored,
    BarrierOfNobody,
    RootIsAlways0,
    GathersOverGaps,
    FoldsInReverse,
    FoldsFromLeftToRight,
    ScanLeavesItselfOut,
    RootsFoldIsWrongInPlace,
    ExchangesOnTheSameSide,
    EdgesAreOneBlock,
    MismatchIsPassedOver,
}

struct Faulty {
    inner: Rc<ModelComm>,
    link: tolerant::Tolerant,
    fault: Fault,
    again: Cell<Option<(Rank, Tag)>>,
}

impl Faulty {
    fn new(inner: ModelComm, fault: Fault) -> Self {
        Self::sharing(&Rc::new(inner), fault)
    }

    fn sharing(inner: &Rc<ModelComm>, fault: Fault) -> Self {
        Self {
            inner: Rc::clone(inner),
            link: tolerant::Tolerant(Rc::clone(inner)),
            fault,
            again: Cell::new(None),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn wanted(&self, tag: TagSelector) -> TagSelector {
        if self.is(Fault::TagsAreIgnored) { TagSelector::Any } else { tag }
    }

    fn told(&self, status: Status) -> Status {
        if self.is(Fault::SourceIsTheNextRank) {
            return Status { source: (status.source + 1) % self.size(), ..status };
        }
        status
    }

    fn mode(&self, mode: SendMode) -> SendMode {
        match mode {
            SendMode::Synchronous if self.is(Fault::SynchronousReturnsAtOnce) => SendMode::Ready,
            SendMode::Buffered if self.is(Fault::BufferIsEndless) => SendMode::Ready,
            mode => mode,
        }
    }
}

impl Communicator for Faulty {
    fn rank(&self) -> Rank {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn send_with<T: Datum>(&self, mode: SendMode, data: &[T], to: Rank, tag: Tag) -> Result<(), CommError> {
        if self.is(Fault::LosesEmptyMessages) && data.is_empty() {
            return Ok(());
        }
        self.inner.send_with(self.mode(mode), data, to, tag)
    }

    fn recv_into<T: Datum>(
        &self,
        buf: &mut [T],
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Status, CommError> {
        let status = match self.inner.recv_into(buf, from, self.wanted(tag.into())) {
            Err(CommError::Truncated { from, tag, room, .. }) if self.is(Fault::TruncatesInSilence) => {
                Status { source: from, tag: Tag(tag), bytes: room }
            }
            outcome => outcome?,
        };
        if self.is(Fault::ReceivesTwice) && self.again.take() != Some((status.source, status.tag)) {
            self.again.set(Some((status.source, status.tag)));
            let again = buf[..status.count::<T>().unwrap_or(0)].to_vec();
            drop(self.inner.isend(again, self.rank(), status.tag)?);
        }
        Ok(self.told(status))
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
        self.inner.send_recv(data, to, send_tag, buf, from, receive_tag)
    }

    fn isend_with<T: Datum>(
        &self,
        mode: SendMode,
        data: Vec<T>,
        to: Rank,
        tag: Tag,
    ) -> Result<Request<'_, T>, CommError> {
        self.inner.isend_with(self.mode(mode), data, to, tag)
    }

    fn irecv<T: Datum>(
        &self,
        buf: Vec<T>,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Request<'_, T>, CommError> {
        let request = self.inner.irecv(buf, from, self.wanted(tag.into()))?;
        let keeps = match self.fault {
            Fault::CancelOnlySaysSo => Keeps::WhatIsCancelled,
            Fault::DroppedReceiveStays => Keeps::WhatIsDropped,
            _ => return Ok(request),
        };
        Ok(Request::new(Kept { pending: Some(request.into_pending()), keeps }))
    }

    fn matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Message<'_>, CommError> {
        let (from, tag) = (from.into(), self.wanted(tag.into()));
        if self.is(Fault::AnyTagTakesTheGreatest) && tag == TagSelector::Any {
            self.inner.probe(from, tag)?;
            for tag in (0..9).rev() {
                if let Some(message) = self.inner.try_matched_probe(from, Tag(tag))? {
                    return Ok(message);
                }
            }
        }
        self.inner.matched_probe(from, tag)
    }

    fn try_matched_probe(
        &self,
        from: impl Into<Source>,
        tag: impl Into<TagSelector>,
    ) -> Result<Option<Message<'_>>, CommError> {
        self.inner.try_matched_probe(from, tag)
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

    fn barrier(&self) -> Result<(), CommError> {
        if self.is(Fault::BarrierOfNobody) { Ok(()) } else { self.inner.barrier() }
    }

    fn broadcast<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        self.inner.broadcast(buf, if self.is(Fault::RootIsAlways0) { 0 } else { root })
    }

    fn gather_v<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        if self.is(Fault::GathersOverGaps) && self.rank() == root {
            into.fill(T::zeroed());
        }
        self.inner.gather_v(data, into, blocks, root)
    }

    fn reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        let own = buf.to_vec();
        self.inner.reduce_in_place(buf, op, root)?;
        if self.is(Fault::RootsFoldIsWrongInPlace) && root > 0 {
            buf.copy_from_slice(&own);
        }
        Ok(())
    }

    fn all_reduce_in_place<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        match self.fault {
            Fault::FoldsInReverse => self.inner.all_reduce_in_place(buf, &Reversed(op)),
            Fault::FoldsFromLeftToRight => {
                let own = buf.to_vec();
                let mut all = vec![T::zeroed(); buf.len() * self.size()];
                self.inner.all_gather(&own, &mut all)?;
                buf.copy_from_slice(&all[..own.len()]);
                (1..self.size()).for_each(|rank| {
                    op.combine_into_left(buf, &all[rank * own.len()..(rank + 1) * own.len()]);
                });
                Ok(())
            }
            _ => self.inner.all_reduce_in_place(buf, op),
        }
    }

    fn scan<T: Datum, O: Reduction<T> + ?Sized>(&self, buf: &mut [T], op: &O) -> Result<(), CommError> {
        if self.is(Fault::ScanLeavesItselfOut) {
            self.inner.exscan(buf, op)
        } else {
            self.inner.scan(buf, op)
        }
    }

    fn split(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let key = if self.is(Fault::KeysAreIgnored) { 0 } else { key };
        Ok(self.inner.split(color, key)?.map(|inner| Self::new(inner, self.fault)))
    }

    fn duplicate(&self) -> Result<Self, CommError> {
        if self.is(Fault::OneContextForAll) {
            return Ok(Self::sharing(&self.inner, self.fault));
        }
        Ok(Self::new(self.inner.duplicate()?, self.fault))
    }

    fn split_shared(&self) -> Result<Self, CommError> {
        self.duplicate()
    }

    fn neighbor_exchange<T: Datum>(
        &self,
        around: &Neighbourhood,
        data: &[T],
        send_blocks: &Blocks,
        into: &mut [T],
        receive_blocks: &Blocks,
    ) -> Result<(), CommError> {
        let turned = |blocks: &Blocks| {
            let (counts, starts) = (blocks.counts(), blocks.displacements());
            let places: Vec<usize> = (0..blocks.len()).map(|place| place ^ 1).collect();
            let counts: Vec<usize> = places.iter().map(|place| counts[*place]).collect();
            let starts: Vec<usize> = places.iter().map(|place| starts[*place]).collect();
            Blocks::placed(&counts, &starts)
        };
        match self.fault {
            Fault::ExchangesOnTheSameSide if send_blocks.len().is_multiple_of(2) => {
                self.inner.neighbor_exchange(around, data, &turned(send_blocks)?, into, receive_blocks)
            }
            Fault::EdgesAreOneBlock if send_blocks.len() == 4 => {
                let starts = vec![send_blocks.displacements()[0]; send_blocks.len()];
                let send_blocks = Blocks::placed(send_blocks.counts(), &starts)?;
                self.inner.neighbor_exchange(around, data, &send_blocks, into, receive_blocks)
            }
            _ => self.inner.neighbor_exchange(around, data, send_blocks, into, receive_blocks),
        }
    }

    fn link(&self) -> &dyn par_core::comm::Link {
        if self.is(Fault::MismatchIsPassedOver) { &self.link } else { self.inner.link() }
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

/// Folds greater ranks first.
struct Reversed<'o, O: ?Sized>(&'o O);

impl<T: Datum, O: Reduction<T> + ?Sized> Reduction<T> for Reversed<'_, O> {
    fn combine(&self, left: &[T], right: &mut [T]) {
        self.0.combine_into_left(right, left);
    }

    fn combine_into_left(&self, left: &mut [T], right: &[T]) {
        self.0.combine(right, left);
    }

    fn commutes(&self) -> bool {
        self.0.commutes()
    }

    fn is_exact(&self) -> bool {
        self.0.is_exact()
    }

    fn name(&self) -> &'static str {
        "Reversed"
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    WhatIsCancelled,
    WhatIsDropped,
}

/// A receive that stays where it is.
struct Kept<'c, T: Datum> {
    pending: Option<Box<dyn Pending<T> + 'c>>,
    keeps: Keeps,
}

impl<T: Datum> Pending<T> for Kept<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        self.pending.as_mut().expect("it is there until the end").test()
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        self.pending.take().expect("it is there until the end").wait()
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        let pending = self.pending.take().expect("it is there until the end");
        if self.keeps == Keeps::WhatIsCancelled {
            std::mem::forget(pending);
            return Ok(true);
        }
        pending.cancel()
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.pending.as_ref().map_or(Ok(()), |pending| pending.pause(waited))
    }
}

impl<T: Datum> Drop for Kept<'_, T> {
    fn drop(&mut self) {
        if self.keeps == Keeps::WhatIsDropped {
            std::mem::forget(self.pending.take());
        }
    }
}

/// What the suite finds broken, of the behaviours that have `part` in what they say.
fn broken(fault: Fault, part: &str) -> Vec<String> {
    let suite = Suite::only(part).limit(Duration::from_millis(700));
    let findings = ModelWorld::new(4)
        .run_fn(|world| suite.run(&Faulty::new(world.duplicate()?, fault)))
        .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    assert!(findings.iter().all(|other| *other == findings[0]), "ranks are told the same");
    assert!(!findings[0].behaviours.is_empty(), "no behaviour says `{part}`");
    findings[0].broken().map(str::to_owned).collect()
}

#[test]
fn the_suite_finds_every_fault() {
    let faults = [
        (Fault::AnyTagTakesTheGreatest, "do they where any source and any tag"),
        (Fault::TagsAreIgnored, "a tag picks its message"),
        (Fault::SourceIsTheNextRank, "do not overtake"),
        (Fault::TruncatesInSilence, "too long a message"),
        (Fault::ReceivesTwice, "every message arrives once"),
        (Fault::LosesEmptyMessages, "of any length arrives whole"),
        (Fault::SynchronousReturnsAtOnce, "a synchronous send waits"),
        (Fault::BufferIsEndless, "a buffered send"),
        (Fault::CancelOnlySaysSo, "a cancelled receive"),
        (Fault::DroppedReceiveStays, "a dropped receive"),
        (Fault::OneContextForAll, "a duplicate has"),
        (Fault::KeysAreIgnored, "in the order of the keys"),
        (Fault::BarrierOfNobody, "nobody leaves a barrier"),
        (Fault::RootIsAlways0, "what the root broadcasts"),
        (Fault::GathersOverGaps, "with gaps between them"),
        (Fault::FoldsInReverse, "do not commute"),
        (Fault::FoldsFromLeftToRight, "grouped as is promised"),
        (Fault::ScanLeavesItselfOut, "a scan yields"),
        (Fault::RootsFoldIsWrongInPlace, "at every root"),
        (Fault::ExchangesOnTheSameSide, "gets each side's block"),
        (Fault::EdgesAreOneBlock, "neighbours in any graph"),
        (Fault::MismatchIsPassedOver, "lengths that differ"),
    ];
    for (fault, part) in faults {
        let broken = broken(fault, part);
        assert!(!broken.is_empty(), "{fault:?} does not break `{part}`");
    }
}

/// What is found is due to the fault: without one, nothing is broken behind the same wrapper.
#[test]
fn the_suite_finds_no_fault_where_there_is_none() {
    assert_eq!(broken(Fault::None, ""), Vec::<String>::new());
    let sum = ModelWorld::new(2).run_fn(|world| {
        let mut sum = [1];
        Faulty::new(world.duplicate()?, Fault::None).all_reduce_in_place(&mut sum, &op::Sum)?;
        Ok(sum[0])
    });
    assert_eq!(sum.expect("nothing fails"), [2, 2]);
}

/// Apart, because a [`ModelComm`] is its own kind of link, too, whose methods have the same names.
mod tolerant {
    use std::rc::Rc;

    use par_core::comm::{CommError, Communicator, Link, Rank};
    use par_core::testing::ModelComm;

    /// A link that takes what comes for what is wanted.
    pub(super) struct Tolerant(pub(super) Rc<ModelComm>);

    impl Link for Tolerant {
        fn rank(&self) -> Rank {
            under(&self.0).rank()
        }

        fn size(&self) -> usize {
            under(&self.0).size()
        }

        fn send(&self, bytes: &[u8], to: Rank) -> Result<(), CommError> {
            under(&self.0).send(bytes, to)
        }

        fn recv(&self, bytes: &mut [u8], from: Rank) -> Result<(), CommError> {
            match under(&self.0).recv(bytes, from) {
                Err(CommError::CollectiveMismatch(_)) => Ok(()),
                outcome => outcome,
            }
        }

        fn send_recv(&self, bytes: &[u8], to: Rank, into: &mut [u8], from: Rank) -> Result<(), CommError> {
            under(&self.0).send_recv(bytes, to, into, from)
        }
    }

    fn under(comm: &ModelComm) -> &dyn Link {
        Communicator::link(comm)
    }
}
