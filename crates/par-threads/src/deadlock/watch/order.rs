//! In which orders locks are taken, and whether two of the orders contradict each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::Location;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use super::announce::announce;
use super::resource::{Resource, conflict, words};
use super::thread::{self, Held, ThreadRecord};
use crate::deadlock::{Claim, Kind, Mode, Participant, Report, ReportKind};

/// How many pairs of locks are remembered, and how many circles of source lines are told.
const EDGES: usize = 1 << 16;
const TOLD: usize = 1024;
/// Of how many locks that a thread holds, the latest, the order to a further one is noted.
const NEAR: usize = 16;

static ORDER: Mutex<Graph> =
    Mutex::new(Graph { from: BTreeMap::new(), into: BTreeMap::new(), edges: 0, told: BTreeSet::new() });

/// "While a thread held this lock it took that one."
struct Graph {
    from: BTreeMap<u64, BTreeMap<Key, Edge>>,
    /// Where edges to a lock begin.
    into: BTreeMap<u64, BTreeSet<u64>>,
    edges: usize,
    /// The circles that were reported, as the lines of which they consist.
    told: BTreeSet<Vec<Location<'static>>>,
}

/// The lock that was taken, how the first one was held, and how this one was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    to: u64,
    held: Mode,
    taken: Mode,
}

#[derive(Clone)]
struct Edge {
    from: Lock,
    to: Lock,
    thread: String,
    /// The locks that nobody else could have had at the same time, every time that this order was taken; in order.
    gates: Vec<u64>,
}

#[derive(Clone, Copy)]
struct Lock {
    kind: Kind,
    id: u64,
    mode: Mode,
    at: &'static Location<'static>,
}

/// Notes that a thread takes a lock, in a way that might have blocked for ever, while it holds others.
pub(super) fn note(thread: &ThreadRecord, taken: &Resource, mode: Mode, at: &'static Location<'static>) {
    let holds = thread.holds.lock();
    // Whoever has the lock already does not wait for it; except for an upgrade, for which the others count.
    if !taken.locks()
        || holds.is_empty()
        || holds.iter().any(|held| held.resource.id == taken.id) && mode != Mode::Upgrade
    {
        return;
    }
    let to = Lock { kind: taken.kind, id: taken.id, mode, at };
    let gates = gates(&holds);
    let print = thread::print(&gates);
    let mut reports = Vec::new();
    for held in
        holds.iter().rev().filter(|held| held.resource.id != taken.id && held.resource.locks()).take(NEAR)
    {
        if thread::is_new_order(&(held.resource.id, held.mode, taken.id, mode, print)) {
            held.resource.ordered.store(true, Ordering::Relaxed);
            taken.ordered.store(true, Ordering::Relaxed);
            let from = Lock { kind: held.resource.kind, id: held.resource.id, mode: held.mode, at: held.at };
            let edge = Edge { from, to, thread: thread.name.clone(), gates: gates.clone() };
            reports.extend(ORDER.lock().add(edge));
        }
    }
    drop(holds);
    if !thread::is_unwatched() {
        reports.iter().for_each(announce);
    }
}

/// A lock is gone, and with it every order that it was part of.
pub(super) fn forget(id: u64) {
    ORDER.lock().forget(id);
}

/// The locks that nobody else can have meanwhile, the first one of an order among them: two orders that have one in common
/// are never under way at the same time.
fn gates(holds: &[Held]) -> Vec<u64> {
    let alone =
        |held: &&Held| matches!(held.mode, Mode::Exclusive | Mode::Reentrant) && held.resource.locks();
    let mut gates: Vec<u64> = holds.iter().filter(alone).map(|held| held.resource.id).collect();
    gates.sort_unstable();
    gates
}

impl Graph {
    /// Adds what a thread did; a report, if that contradicts what is known, for the first time at these lines.
    fn add(&mut self, edge: Edge) -> Option<Report> {
        let key = Key { to: edge.to.id, held: edge.from.mode, taken: edge.to.mode };
        let known = self.from.get_mut(&edge.from.id).and_then(|out| out.get_mut(&key));
        let edge = if let Some(known) = known {
            let gates = known.gates.iter().copied().filter(|gate| edge.is_behind(*gate)).collect::<Vec<_>>();
            if gates.len() == known.gates.len() {
                return None;
            }
            // These lines show the order without what kept it apart.
            *known = Edge { gates, ..edge };
            known.clone()
        } else {
            if self.edges == EDGES {
                return None;
            }
            self.edges += 1;
            self.into.entry(edge.to.id).or_default().insert(edge.from.id);
            self.from.entry(edge.from.id).or_default().insert(key, edge.clone());
            edge
        };
        let circle = self.circle(&edge)?;
        let mut lines: Vec<_> = circle.iter().flat_map(|edge| [*edge.from.at, *edge.to.at]).collect();
        lines.sort_unstable();
        let participants = circle.iter().map(Edge::participant).collect();
        let first = self.told.len() < TOLD && self.told.insert(lines);
        first.then_some(Report { kind: ReportKind::LockOrder, participants })
    }

    fn forget(&mut self, id: u64) {
        let Self { from, into, edges, .. } = self;
        let gone = from.remove(&id).unwrap_or_default();
        *edges -= gone.len();
        for key in gone.keys() {
            if let Some(sources) = into.get_mut(&key.to) {
                sources.remove(&id);
                if sources.is_empty() {
                    into.remove(&key.to);
                }
            }
        }
        for source in into.remove(&id).unwrap_or_default() {
            if let Some(out) = from.get_mut(&source) {
                let before = out.len();
                out.retain(|key, _| key.to != id);
                *edges -= before - out.len();
                if out.is_empty() {
                    from.remove(&source);
                }
            }
        }
    }

    /// The shortest way back from the lock that was taken to the one that was held, in which everybody could wait for the
    /// next one, and no two steps are kept apart by a lock that both need.
    fn circle(&self, edge: &Edge) -> Option<Vec<Edge>> {
        let mut todo = VecDeque::from([vec![edge]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = todo.pop_front() {
            let last = way.last().expect("a way begins with an edge").to;
            for next in self.from.get(&last.id).into_iter().flat_map(BTreeMap::values) {
                let waits = conflict(last.mode, next.from.mode);
                let apart = way.iter().any(|step| step.gates.iter().any(|gate| next.is_behind(*gate)));
                if !waits || apart {
                    continue;
                }
                let way: Vec<&Edge> = way.iter().copied().chain([next]).collect();
                if next.to.id == edge.from.id {
                    if conflict(next.to.mode, edge.from.mode) {
                        return Some(way.into_iter().cloned().collect());
                    }
                } else if seen.insert((next.to.id, next.to.mode)) {
                    todo.push_back(way);
                }
            }
        }
        None
    }
}

impl Edge {
    fn is_behind(&self, gate: u64) -> bool {
        self.gates.binary_search(&gate).is_ok()
    }

    fn participant(&self) -> Participant {
        Participant { thread: self.thread.clone(), wants: self.to.claim(), holds: vec![self.from.claim()] }
    }
}

impl Lock {
    fn claim(&self) -> Claim {
        Claim { resource: words(self.kind, self.id, self.mode), at: self.at }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::deadlock::{Hold, Tracked};

    fn lock(id: u64, mode: Mode) -> Lock {
        Lock { kind: Kind::Mutex, id, mode, at: Location::caller() }
    }

    fn edge(from: u64, to: u64) -> Edge {
        let (from, to) = (lock(from, Mode::Exclusive), lock(to, Mode::Exclusive));
        Edge { from, to, thread: String::new(), gates: Vec::new() }
    }

    fn empty() -> Graph {
        Graph { from: BTreeMap::new(), into: BTreeMap::new(), edges: 0, told: BTreeSet::new() }
    }

    #[test]
    fn the_graph_is_bounded() {
        let mut graph = empty();
        for to in 1..=EDGES as u64 + 10 {
            assert!(graph.add(edge(0, to)).is_none());
        }
        assert_eq!((graph.edges, graph.from[&0].len()), (EDGES, EDGES));
        assert!(graph.add(edge(1, 0)).is_none(), "full: the inversion is missed, and nothing grows");
    }

    #[test]
    fn a_lock_that_is_gone_leaves_the_graph() {
        let mut graph = empty();
        for (from, to) in [(1, 2), (1, 3), (2, 3), (4, 1)] {
            assert!(graph.add(edge(from, to)).is_none());
        }
        graph.forget(1);
        assert_eq!((graph.edges, graph.from.len(), graph.into.len()), (1, 1, 1), "2 before 3 is left");
        graph.forget(3);
        assert_eq!((graph.edges, graph.from.len(), graph.into.len()), (0, 0, 0));
        assert!(graph.add(edge(3, 2)).is_none(), "what was forgotten contradicts nothing");
    }

    #[test]
    fn ten_thousand_locks_leave_nothing() {
        fn lock(tracked: &Tracked) -> Hold<'_> {
            tracked.acquire(Mode::Exclusive, || Some(()), || ()).0
        }
        let mut last = 0;
        for _ in 0..10_000 {
            let locks = [(); 3].map(|()| Tracked::new(Kind::Mutex));
            let holds: Vec<_> = locks.iter().map(lock).collect();
            last = locks[2].resource().id;
            assert!(ORDER.lock().into.contains_key(&last), "it was taken last of three");
            drop(holds);
        }
        let graph = ORDER.lock();
        let ours = |id: &u64| (last - 29_999..=last).contains(id);
        // Other tests' locks have numbers in between, but not ten thousand.
        let left = graph.from.keys().chain(graph.into.keys()).filter(|id| ours(id)).count();
        assert!(left < 100, "{left} locks are left");
    }
}
