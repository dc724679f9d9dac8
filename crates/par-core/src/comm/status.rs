//! What is known about a message.

use super::{Datum, Rank, Tag};

/// Who sent a message, with which tag, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The sender.
    pub source: Rank,
    /// Its tag.
    pub tag: Tag,
    /// Its length in bytes.
    pub bytes: usize,
}

impl Status {
    /// How many `T` the message holds; `None` when its length is no multiple of one's.
    pub fn count<T: Datum>(&self) -> Option<usize> {
        match size_of::<T>() {
            0 => Some(0),
            size => self.bytes.is_multiple_of(size).then_some(self.bytes / size),
        }
    }
}
