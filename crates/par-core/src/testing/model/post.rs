//! The one place where all messages lie.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::comm::{Envelope, Matching, Rank};

/// A message that lies at its destination.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) bytes: Vec<u8>,
    pub(super) ticket: Ticket,
}

/// Whether the receive of a message has begun, and what a receive got.
pub(super) type Ticket = Arc<Mutex<bool>>;
/// What a posted receive gets.
pub(super) type Slot = Arc<Mutex<Option<(Envelope, Vec<u8>)>>>;

#[derive(Debug)]
pub(super) struct Post {
    state: Mutex<State>,
    changed: Condvar,
    pub(super) eager_limit: usize,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) boxes: Vec<Matching<Letter, Slot>>,
    /// Why a rank takes part no more.
    pub(super) ended: Vec<Option<String>>,
    /// What a rank has set aside for buffered sends in a communicator.
    pub(super) buffers: HashMap<(Rank, u32), Buffer>,
    /// Rows of boards, by the communicator and the number of the board in it.
    pub(super) boards: HashMap<(u32, usize), Vec<Vec<u64>>>,
}

/// Memory for buffered sends, and the messages that may lie in it.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: usize,
    messages: Vec<(Ticket, usize)>,
}

impl Buffer {
    pub(super) const fn new(bytes: usize) -> Self {
        Self { bytes, messages: Vec::new() }
    }

    /// How many bytes no message lies in.
    pub(super) fn room(&mut self) -> usize {
        self.messages.retain(|(ticket, _)| !is_taken(ticket));
        self.bytes - self.messages.iter().map(|(_, bytes)| bytes).sum::<usize>()
    }

    pub(super) fn is_in_use(&mut self) -> bool {
        self.room();
        !self.messages.is_empty()
    }

    pub(super) fn put(&mut self, ticket: &Ticket, bytes: usize) {
        self.messages.push((Arc::clone(ticket), bytes));
    }
}

impl Post {
    pub(super) fn new(ranks: usize, eager_limit: usize) -> Self {
        let state = State {
            boxes: (0..ranks).map(|_| Matching::default()).collect(),
            ended: vec![None; ranks],
            buffers: HashMap::new(),
            boards: HashMap::new(),
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), eager_limit }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let slice = Duration::from_millis(2);
        self.changed.wait_timeout(state, slice).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn changed(&self) {
        self.changed.notify_all();
    }

    pub(super) fn end(&self, rank: Rank, reason: String) {
        self.lock().ended[rank] = Some(reason);
        self.changed();
    }
}

pub(super) fn is_taken(ticket: &Ticket) -> bool {
    *ticket.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn set_taken(ticket: &Ticket) {
    *ticket.lock().unwrap_or_else(PoisonError::into_inner) = true;
}
