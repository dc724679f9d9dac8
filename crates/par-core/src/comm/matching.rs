//! Which message goes to which receive.

use std::collections::VecDeque;

use super::{Rank, Source, Tag, TagSelector};

/// What a message says on its outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The communicator that it belongs to.
    pub context: u32,
    /// The sender's rank in that communicator.
    pub source: Rank,
    /// Its tag.
    pub tag: Tag,
    /// Its length in bytes.
    pub bytes: usize,
}

/// What a receive wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The communicator that it belongs to.
    pub context: u32,
    /// From whom.
    pub source: Source,
    /// With which tag.
    pub tag: TagSelector,
}

impl Posted {
    /// Whether it takes such a message.
    pub(crate) fn wants(&self, envelope: &Envelope) -> bool {
        self.context == envelope.context
            && self.source.matches(envelope.source)
            && self.tag.matches(envelope.tag)
    }
}

/// The messages that no receive has taken, and the receives that no message has come for: MPI's matching rules as a
/// plain data structure.
///
/// A message goes to the oldest receive that wants it, a receive takes the oldest message that it wants; so messages of
/// one sender in one communicator do not overtake one another (MPI 4.1, §3.5). At no time does one of the messages fit
/// one of the receives.
///
/// `M` is what a transport keeps of a message, `R` what it keeps of a receive.
#[derive(Debug)]
pub struct Matching<M, R> {
    unexpected: VecDeque<(Envelope, M)>,
    posted: VecDeque<(Posted, R)>,
}

impl<M, R> Default for Matching<M, R> {
    fn default() -> Self {
        Self { unexpected: VecDeque::new(), posted: VecDeque::new() }
    }
}

impl<M, R> Matching<M, R> {
    /// A message has come: the receive that it goes to, which is taken out.
    pub fn arrived(&mut self, envelope: &Envelope) -> Option<R> {
        let index = self.posted.iter().position(|(posted, _)| posted.wants(envelope))?;
        self.posted.remove(index).map(|(_, receive)| receive)
    }

    /// Keeps a message that [`arrived`](Self::arrived) found no receive for.
    pub fn keep(&mut self, envelope: Envelope, message: M) {
        self.unexpected.push_back((envelope, message));
    }

    /// A receive begins: the message that it takes, if it is here.
    pub fn take(&mut self, posted: &Posted) -> Option<(Envelope, M)> {
        let index = self.unexpected.iter().position(|(envelope, _)| posted.wants(envelope))?;
        self.unexpected.remove(index)
    }

    /// What [`take`](Self::take) would yield, left where it is.
    pub fn peek(&self, posted: &Posted) -> Option<&Envelope> {
        self.unexpected.iter().map(|(envelope, _)| envelope).find(|envelope| posted.wants(envelope))
    }

    /// Keeps a receive that [`take`](Self::take) found no message for.
    pub fn post(&mut self, posted: Posted, receive: R) {
        self.posted.push_back((posted, receive));
    }

    /// Takes receives back that nobody waits for any more.
    pub fn retract(&mut self, mut which: impl FnMut(&R) -> bool) -> bool {
        let before = self.posted.len();
        self.posted.retain(|(_, receive)| !which(receive));
        self.posted.len() < before
    }

    /// Throws messages away whose sender has taken them back.
    pub(crate) fn discard(&mut self, mut which: impl FnMut(&M) -> bool) {
        self.unexpected.retain(|(_, message)| !which(message));
    }

    /// How many messages no receive has taken.
    pub fn unexpected(&self) -> usize {
        self.unexpected.len()
    }

    /// Whether there is neither a message nor a receive.
    pub(crate) fn is_empty(&self) -> bool {
        self.unexpected.is_empty() && self.posted.is_empty()
    }
}
