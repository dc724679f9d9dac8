//! What a server, its handles and its connections know of one another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::task::Task;

/// Where a server is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Nobody is accepted; the connections have until then.
    Closing(Instant),
    Ended,
}

/// What a server, its handles and its connections share.
#[derive(Debug)]
pub(super) struct Shared {
    phase: watch::Sender<Phase>,
    connections: Mutex<Slab<Entry>>,
    pub(super) counts: Counts,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) aborted: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    gate: Arc<Gate>,
    /// Known when it is spawned, which is a moment later.
    task: Option<Task>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Open),
            connections: Mutex::new(Slab::new()),
            counts: Counts::default(),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Ends the accepting; an earlier deadline replaces a later one.
    pub(super) fn close(&self, deadline: Instant) {
        self.phase.send_if_modified(|phase| {
            let sooner = match *phase {
                Phase::Open => true,
                Phase::Closing(set) => deadline < set,
                Phase::Ended => false,
            };
            if sooner {
                *phase = Phase::Closing(deadline);
            }
            sooner
        });
    }

    pub(super) fn end(&self) {
        self.phase.send_replace(Phase::Ended);
    }

    pub(super) fn len(&self) -> usize {
        self.connections.lock().len()
    }

    /// A seat for a connection; it is given back by dropping it.
    pub(super) fn enter(self: &Arc<Self>, gate: &Arc<Gate>) -> Seat {
        let entry = Entry { gate: Arc::clone(gate), task: None };
        Seat { key: self.connections.lock().insert(entry), shared: Arc::clone(self) }
    }

    /// Says which task the connection is, unless that is over.
    pub(super) fn started(&self, key: usize, gate: &Arc<Gate>, task: &Task) {
        let aborted = {
            let mut connections = self.connections.lock();
            // The seat may be somebody else's by now.
            if let Some(entry) = connections.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.gate, gate)) {
                entry.task = Some(task.clone());
            }
            gate.aborted()
        };
        if aborted {
            task.cancel(ABORTED);
        }
    }

    /// Ends the reading of all connections.
    pub(super) fn close_clients(&self) {
        let gates: Vec<_> =
            self.connections.lock().iter().map(|(_, entry)| Arc::clone(&entry.gate)).collect();
        for gate in gates {
            gate.close();
        }
    }

    /// Ends all connections; returns how many.
    pub(super) fn abort_clients(&self) -> usize {
        // Marked behind the lock, so that a task which is told to it later is cancelled then; woken in front of it.
        let first =
            |entry: &Entry| entry.gate.mark_aborted().then(|| (Arc::clone(&entry.gate), entry.task.clone()));
        let aborted: Vec<_> = self.connections.lock().iter().filter_map(|(_, entry)| first(entry)).collect();
        self.counts.aborted.fetch_add(aborted.len() as u64, Ordering::Relaxed);
        for (gate, task) in &aborted {
            gate.close();
            if let Some(task) = task {
                task.cancel(ABORTED);
            }
        }
        aborted.len()
    }
}

const ABORTED: &str = "its connection was aborted";

/// A place in the list of connections.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) key: usize,
    shared: Arc<Shared>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let entry = self.shared.connections.lock().try_remove(self.key);
        drop(entry);
    }
}

/// Through which a server ends a connection from outside.
#[derive(Debug, Default)]
pub(super) struct Gate {
    closed: AtomicBool,
    aborted: AtomicBool,
    /// Who waits for something to read.
    reader: AtomicWaker,
}

impl Gate {
    pub(super) fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    /// Whether the gate is closed, now or before `waker` is woken.
    pub(super) fn closed_or_wake(&self, waker: &std::task::Waker) -> bool {
        self.reader.register(waker);
        self.closed()
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.reader.wake();
    }

    /// True for the first one who does it.
    fn mark_aborted(&self) -> bool {
        !self.aborted.swap(true, Ordering::AcqRel)
    }
}
