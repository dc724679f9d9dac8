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

#[cfg(test)]
mod tests {
    use par_core::Priority;

    use super::super::call::{Forwarded, Work};
    use super::*;

    const AHEAD: Duration = Duration::from_secs(1000);
    const AHEAD_NS: f64 = 1000e9;

    fn call(id: u64) -> Call {
        let work = Work::Forwarded(Forwarded {
            name: "a task".to_owned(),
            origin: 0,
            nested: id,
            bytes: bytes::Bytes::new(),
        });
        Call::new(id, work, 0, None, Priority::Normal)
    }

    fn peer(expected: &[f64]) -> Peer<'static> {
        let mut peer = Peer::new(0, 1);
        peer.standing = Standing::Up;
        for (id, expected) in (0..).zip(expected) {
            peer.launch(call(id), *expected);
        }
        peer
    }

    #[test]
    fn a_worker_is_given_calls_until_they_are_worth_enough() {
        assert_eq!(peer(&[]).load(AHEAD, 4), Some(0.0));
        assert!(peer(&[1.0, 2.0, 3.0]).load(AHEAD, 4).is_some());
        assert_eq!(peer(&[1.0, 2.0, 3.0, 4.0]).load(AHEAD, 4), None, "it holds as many as it may");
        assert_eq!(peer(&[AHEAD_NS]).load(AHEAD, 4), None, "it holds as much as it may");
        let ran = peer(&[1.0]);
        assert_eq!(ran.load(Duration::ZERO, 4), None, "one at a time");
        let mut starting = peer(&[]);
        starting.standing = Standing::Starting;
        assert_eq!(starting.load(AHEAD, 4), None);
    }

    #[test]
    fn a_worker_whose_tasks_wait_is_given_one_to_run_and_one_ahead() {
        let mut peer = peer(&[AHEAD_NS, AHEAD_NS]);
        assert_eq!(peer.load(AHEAD, 2), None);
        peer.blocked = 2;
        assert!(peer.load(AHEAD, 2).is_some());
        peer.launch(call(2), AHEAD_NS);
        assert!(peer.load(AHEAD, 2).is_some());
        peer.launch(call(3), AHEAD_NS);
        assert_eq!(peer.load(AHEAD, 2), None);
    }

    #[test]
    fn the_later_half_of_what_waits_is_asked_back_once() {
        let mut peer = peer(&[1.0; 6]);
        assert_eq!(peer.surplus(AHEAD), [0; 0], "it has not run for long");
        assert_eq!(peer.surplus(Duration::ZERO), [3, 4, 5]);
        assert_eq!(peer.surplus(Duration::ZERO), [0; 0]);
        assert_eq!(peer.unbegun(), [1, 2]);
    }

    #[test]
    fn what_has_landed_is_worth_nothing() {
        let mut peer = peer(&[1.0, 10.0]);
        assert!(peer.land(7).is_none());
        assert!(peer.land(0).is_some_and(|flight| flight.call.is_some()));
        assert!((peer.worth - 10.0).abs() < 1e-9);
        assert!(peer.land(1).is_some() && peer.worth == 0.0);
    }
}
