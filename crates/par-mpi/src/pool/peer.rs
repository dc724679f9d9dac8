//! The driver's view of one worker.
//!
//! ```text
//! Starting ──Ready──▶ Up ──the program is done──▶ Leaving ──Bye──▶ Gone
//!     └──────────────────────lost───────────────────────────────────▲
//! ```

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use par_core::comm::{Rank, Request};

use super::call::Call;
use super::wire::Outbox;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Starting,
    Up,
    Leaving,
    Gone,
}

/// A call that a worker holds.
pub(super) struct Flight {
    pub(super) id: u64,
    /// `None`: its handle is done already, and only the worker does not know yet.
    pub(super) call: Option<Call>,
    pub(super) deadline: Option<Instant>,
    /// Nanoseconds that it is expected to run.
    expected: f64,
    /// It was asked back.
    pub(super) recalled: bool,
}

/// One worker, as the driver sees it.
pub(super) struct Peer<'c> {
    /// Its place among the workers.
    pub(super) index: usize,
    pub(super) rank: Rank,
    pub(super) standing: Standing,
    /// What it holds, in order of sending.
    pub(super) flights: VecDeque<Flight>,
    /// How many of its tasks wait for others.
    pub(super) blocked: usize,
    /// Since when it can have been running the one at the front.
    since: Instant,
    /// Expected nanoseconds of all that it holds.
    worth: f64,
    pub(super) outbox: Outbox,
    pub(super) sends: Vec<Request<'c, u8>>,
    /// The calls that its tasks have submitted: their numbers there, and here.
    pub(super) nested: HashMap<u64, u64>,
}

impl Peer<'_> {
    pub(super) fn new(index: usize, rank: Rank) -> Self {
        Self {
            index,
            rank,
            standing: Standing::Starting,
            flights: VecDeque::new(),
            blocked: 0,
            since: Instant::now(),
            worth: 0.0,
            outbox: Outbox::default(),
            sends: Vec::new(),
            nested: HashMap::new(),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.standing == Standing::Gone
    }

    /// How many of its calls run or wait for their turn.
    pub(super) fn active(&self) -> usize {
        self.flights.len().saturating_sub(self.blocked)
    }

    /// How long it will be busy with what it holds, in nanoseconds; `None`: it can be given no more.
    ///
    /// A call whose time is not known counts as `ahead`, so nothing is put behind it; one that runs for longer than
    /// was expected counts with the time that it has run.
    pub(super) fn load(&self, ahead: Duration, most: usize) -> Option<f64> {
        if self.standing != Standing::Up {
            return None;
        }
        let Some(front) = self.flights.front().filter(|_| self.active() > 0) else { return Some(0.0) };
        if self.blocked > 0 {
            // What waits is not worth its time; one runs, and one may be on its way.
            return (self.active() < 2).then_some(self.worth);
        }
        let ran = self.since.elapsed().as_nanos() as f64;
        let load = self.worth + (ran - front.expected).max(0.0);
        (load < ahead.as_nanos() as f64 && self.flights.len() < most).then_some(load)
    }

    pub(super) fn launch(&mut self, call: Call, expected: f64) {
        if self.flights.is_empty() {
            self.since = Instant::now();
        }
        self.worth += expected;
        let (id, deadline) = (call.id, call.deadline);
        self.flights.push_back(Flight { id, call: Some(call), deadline, expected, recalled: false });
    }

    /// The worker has done with a call; `None`: it does not hold it.
    pub(super) fn land(&mut self, id: u64) -> Option<Flight> {
        let place = self.flights.iter().position(|flight| flight.id == id)?;
        let flight = self.flights.remove(place)?;
        self.since = Instant::now();
        self.worth -= flight.expected;
        if self.flights.is_empty() {
            self.worth = 0.0;
        }
        Some(flight)
    }

    /// The calls that another worker could begin sooner: those behind one that has run for `stale`, the later half.
    pub(super) fn surplus(&mut self, stale: Duration) -> Vec<u64> {
        let waiting = self.active().saturating_sub(1);
        if self.standing != Standing::Up || waiting == 0 || self.since.elapsed() < stale {
            return Vec::new();
        }
        self.recall(waiting.div_ceil(2))
    }

    /// The calls that have hardly begun: all but those that wait and the one that runs.
    pub(super) fn unbegun(&mut self) -> Vec<u64> {
        self.recall(self.active().saturating_sub(1))
    }

    fn recall(&mut self, last: usize) -> Vec<u64> {
        let first = self.flights.len() - last.min(self.flights.len());
        let wanted = self.flights.iter_mut().skip(first).filter(|flight| !flight.recalled);
        wanted
            .map(|flight| {
                flight.recalled = true;
                flight.id
            })
            .collect()
    }
}
