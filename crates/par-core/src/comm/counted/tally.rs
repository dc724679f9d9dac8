//! What one rank has counted.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::traffic::{Calls, Flow, RankTraffic};
use crate::comm::{CommError, Rank};
use crate::{Counter, Metrics, Snapshot};

/// Shared by all communicators of a rank; cells, since a rank is one thread.
#[derive(Debug)]
pub(super) struct Tally {
    rank: Rank,
    /// Per rank of the world.
    sent: Vec<Cell<Flow>>,
    received: Vec<Cell<Flow>>,
    collectives: RefCell<BTreeMap<&'static str, Calls>>,
}

impl Tally {
    pub(super) fn new(rank: Rank, ranks: usize) -> Self {
        let none = || vec![Cell::new(Flow::default()); ranks];
        Self { rank, sent: none(), received: none(), collectives: RefCell::default() }
    }

    #[inline]
    pub(super) fn add_sent(&self, to: Rank, bytes: usize) {
        add(&self.sent[to], bytes);
    }

    #[inline]
    pub(super) fn add_received(&self, from: Rank, bytes: usize) {
        add(&self.received[from], bytes);
    }

    /// Counts the message of a receive that has failed for what came; it was taken all the same.
    #[cold]
    pub(super) fn add_taken(&self, members: &[Rank], error: &CommError) {
        if let CommError::Truncated { from, got: bytes, .. } | CommError::WrongType { from, bytes, .. } =
            error
        {
            self.add_received(members[*from], *bytes);
        }
    }

    pub(super) fn add_call(&self, name: &'static str, bytes: usize) {
        let mut collectives = self.collectives.borrow_mut();
        let calls = collectives.entry(name).or_default();
        calls.calls += 1;
        calls.bytes += bytes as u64;
    }

    pub(super) fn traffic(&self) -> RankTraffic {
        let all = |flows: &[Cell<Flow>]| flows.iter().map(Cell::get).collect();
        let calls = self.collectives.borrow();
        RankTraffic {
            rank: self.rank,
            sent: all(&self.sent),
            received: all(&self.received),
            collectives: calls.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect(),
        }
    }

    pub(super) fn metrics(&self) -> Snapshot {
        let metrics = Metrics::new(1);
        let (sent, received) = (Flow::sum(&self.sent), Flow::sum(&self.received));
        metrics.add(0, Counter::MessagesSent, sent.messages);
        metrics.add(0, Counter::MessagesReceived, received.messages);
        metrics.add(0, Counter::BytesSent, sent.bytes);
        metrics.add(0, Counter::BytesReceived, received.bytes);
        metrics.snapshot()
    }
}

impl Flow {
    fn sum(flows: &[Cell<Self>]) -> Self {
        flows.iter().map(Cell::get).sum()
    }
}

#[inline]
fn add(flow: &Cell<Flow>, bytes: usize) {
    let before = flow.get();
    flow.set(Flow { messages: before.messages + 1, bytes: before.bytes + bytes as u64 });
}
