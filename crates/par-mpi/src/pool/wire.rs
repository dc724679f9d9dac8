//! What ranks of a pool tell one another.
//!
//! A message is a sequence of records, so that tiny calls and replies travel together:
//! ```text
//! kind u8 | id u64 | first u64 | second u64 | length u64 | body
//! ```
//! Numbers are little endian; the body is a call or a reply of par-core, or text. A body that is large has a message of
//! its own, into which it is encoded at once, and out of which it is decoded without a copy.

use std::collections::VecDeque;

use bytes::Bytes;
use par_core::TaskError;
use par_core::comm::Tag;

/// The tag of all messages of a pool, which has its communicator for itself.
pub(super) const TAG: Tag = Tag(1);
/// A message of this size gets no further record.
const FULL: usize = 32 * 1024;
const HEADER: usize = 1 + 4 * 8;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    // To a worker.
    /// Run this.
    Call,
    /// Ask the task to stop, or give it back if it has not begun.
    Cancel,
    /// Give the call back if it has not begun.
    Recall,
    /// The outcome of a task that a task of this worker has submitted.
    NestedReply,
    /// It is over.
    Quit,
    // To the pool.
    /// The worker can be given calls.
    Ready,
    /// The initializer failed; the body says how.
    Unfit,
    /// The outcome of a call.
    Reply,
    /// The call has not begun, and will not.
    Recalled,
    /// How far a task says it is: `first` holds the bits.
    Progress,
    /// So many tasks (`first`) wait for others.
    Blocked,
    /// A task submits a task: `first` is priority and retries, `second` the nanoseconds to the deadline.
    Nested,
    /// The task that was submitted so is not wanted any more.
    CancelNested,
    /// The worker leaves; nothing comes after this.
    Bye,
}

const KINDS: [Kind; 14] = [
    Kind::Call,
    Kind::Cancel,
    Kind::Recall,
    Kind::NestedReply,
    Kind::Quit,
    Kind::Ready,
    Kind::Unfit,
    Kind::Reply,
    Kind::Recalled,
    Kind::Progress,
    Kind::Blocked,
    Kind::Nested,
    Kind::CancelNested,
    Kind::Bye,
];

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) id: u64,
    pub(super) first: u64,
    pub(super) second: u64,
    pub(super) body: Bytes,
}

impl Record {
    /// A record without a body.
    pub(super) fn new(kind: Kind, id: u64) -> Self {
        Self { kind, id, first: 0, second: 0, body: Bytes::new() }
    }
}

/// Messages that are to be sent, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Vec<u8>>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn push(&mut self, record: &Record) {
        let size = record.body.len();
        let fill = |buffer: &mut [u8]| {
            buffer[..size].copy_from_slice(&record.body);
            Ok(size)
        };
        let numbers = [record.id, record.first, record.second];
        self.push_with(record.kind, numbers, size, fill).expect("copying cannot fail");
    }

    /// Writes the body, of at most `size` bytes, into the very memory that will be sent; yields its length.
    pub(super) fn push_with(
        &mut self,
        kind: Kind,
        numbers: [u64; 3],
        size: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, TaskError>,
    ) -> Result<usize, TaskError> {
        let is_full = |message: &Vec<u8>| message.len() + HEADER + size > FULL;
        if self.messages.back().is_none_or(is_full) {
            self.messages.push_back(Vec::with_capacity(HEADER + size));
        }
        let message = self.messages.back_mut().expect("there is one now");
        let mark = message.len();
        message.push(kind as u8);
        for number in numbers {
            message.extend_from_slice(&number.to_le_bytes());
        }
        let start = mark + HEADER;
        message.resize(start + size, 0);
        let written = fill(&mut message[start..]);
        match &written {
            Ok(written) => {
                message.truncate(start + written);
                message[start - 8..start].copy_from_slice(&(*written as u64).to_le_bytes());
            }
            Err(_) => message.truncate(mark),
        }
        if message.is_empty() {
            self.messages.pop_back();
        }
        written
    }

    /// Puts the messages of another behind these.
    pub(super) fn append(&mut self, other: &mut Self) {
        for message in other.messages.drain(..) {
            match self.messages.back_mut() {
                Some(last) if last.len() + message.len() <= FULL => last.extend_from_slice(&message),
                _ => self.messages.push_back(message),
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        self.messages.pop_front()
    }
}

/// A message makes no sense: the other side is another version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled;

/// The records of a message; the first error is the last item.
pub(super) struct Records {
    message: Bytes,
}

impl Records {
    pub(super) fn of(message: Vec<u8>) -> Self {
        Self { message: message.into() }
    }

    fn record(&mut self) -> Result<Record, Garbled> {
        let header = self.message.get(..HEADER).ok_or(Garbled)?;
        let kind = *KINDS.get(usize::from(header[0])).ok_or(Garbled)?;
        let number = |place: usize| {
            let at = 1 + 8 * place;
            u64::from_le_bytes(header[at..at + 8].try_into().expect("the slice has 8 bytes"))
        };
        let [id, first, second] = [number(0), number(1), number(2)];
        let length = usize::try_from(number(3)).map_err(|_| Garbled)?;
        let end = HEADER.checked_add(length).filter(|end| *end <= self.message.len()).ok_or(Garbled)?;
        let body = self.message.slice(HEADER..end);
        self.message = self.message.slice(end..);
        Ok(Record { kind, id, first, second, body })
    }
}

impl Iterator for Records {
    type Item = Result<Record, Garbled>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.message.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.message.clear();
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records() -> impl Strategy<Value = Record> {
        let body = prop_oneof![
            4 => proptest::collection::vec(any::<u8>(), 0..200),
            1 => proptest::collection::vec(any::<u8>(), FULL - 100..FULL + 100),
        ];
        let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
        (0..KINDS.len(), numbers, body).prop_map(|(kind, (id, first, second), body)| Record {
            kind: KINDS[kind],
            id,
            first,
            second,
            body: body.into(),
        })
    }

    fn read(mut outbox: Outbox) -> Result<Vec<Record>, Garbled> {
        std::iter::from_fn(|| outbox.pop()).flat_map(Records::of).collect()
    }

    #[test]
    fn kinds_are_numbered_as_they_are_listed() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
    }

    #[test]
    fn tiny_records_travel_together_and_a_large_one_has_a_message_of_its_own() {
        let mut outbox = Outbox::default();
        for id in 0..10 {
            outbox.push(&Record::new(Kind::Cancel, id));
        }
        outbox.push(&Record { body: vec![7; FULL].into(), ..Record::new(Kind::Call, 10) });
        outbox.push(&Record::new(Kind::Quit, 11));
        let lengths: Vec<usize> = outbox.messages.iter().map(Vec::len).collect();
        assert_eq!(lengths, [10 * HEADER, HEADER + FULL, HEADER]);
    }

    #[test]
    fn what_could_not_be_encoded_leaves_nothing_behind() {
        let mut outbox = Outbox::default();
        let refuse = |_: &mut [u8]| Err(TaskError::Cancelled);
        assert!(outbox.push_with(Kind::Call, [1, 2, 3], 100, refuse).is_err());
        assert!(outbox.is_empty());
        outbox.push(&Record::new(Kind::Ready, 0));
        assert!(outbox.push_with(Kind::Call, [1, 2, 3], 100, refuse).is_err());
        assert_eq!(read(outbox), Ok(vec![Record::new(Kind::Ready, 0)]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            sent in proptest::collection::vec(records(), 0..8),
            more in proptest::collection::vec(records(), 0..8),
        ) {
            let (mut outbox, mut other) = (Outbox::default(), Outbox::default());
            for record in &sent {
                outbox.push(record);
            }
            for record in &more {
                other.push(record);
            }
            outbox.append(&mut other);
            prop_assert_eq!(read(outbox), Ok([sent, more].concat()));
        }

        #[test]
        fn a_truncated_message_is_an_error_or_shorter(record in records(), keep in 0.0..1.0_f64) {
            let mut outbox = Outbox::default();
            outbox.push(&record);
            let mut message = outbox.pop().expect("there is a message");
            message.truncate((message.len() as f64 * keep) as usize);
            prop_assert!(Records::of(message).next().is_none_or(|record| record.is_err()));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Records::of(bytes).count();
        }
    }
}
