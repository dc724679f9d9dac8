//! The messages between a pool and a worker.
//!
//! An ipc-channel message is a frame of one or more of these; each begins with a byte that says which it is, numbers
//! are little endian. What a call and a reply contain is par-core's business.
//! The decoder is given bytes by another process, so it trusts none of them: whatever they are, it answers a message or
//! a [`WireError`].

use bytes::Bytes;
use par_core::TaskError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Spoken by both sides; they are the same program, but a custom one may be older.
pub(crate) const VERSION: u32 = 1;

/// What a worker is told before anything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) version: u32,
    pub(crate) index: u32,
    pub(crate) workers: u32,
    /// The pool's process, whose segments and board are opened through `/proc`.
    pub(crate) pid: u32,
    pub(crate) board: i32,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) nice: Option<i32>,
    pub(crate) heartbeat_ms: Option<u64>,
    pub(crate) idle_segment_bytes: u64,
    pub(crate) queue_bound: u64,
    pub(crate) at_least_once: bool,
    /// The call that each worker runs first.
    pub(crate) initializer: Option<Vec<u8>>,
}

/// Where the bytes of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentRef {
    pub(crate) id: u32,
    pub(crate) fd: i32,
    pub(crate) capacity: u64,
    pub(crate) length: u64,
}

/// A call's or a reply's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Inline(Bytes),
    Segment(SegmentRef),
}

/// A task that a task submits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NestedCall {
    pub(crate) nested: u64,
    pub(crate) priority: u8,
    pub(crate) retries: Option<u32>,
    pub(crate) remaining_ns: Option<u64>,
    pub(crate) payload: Payload,
}

/// A message, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    // To the worker.
    Setup(Setup),
    Call {
        slot: u16,
        id: u64,
        payload: Payload,
    },
    Cancel {
        id: u64,
    },
    NestedReply {
        nested: u64,
        payload: Payload,
    },
    Quit,
    // In both directions.
    Release {
        segment: u32,
    },
    Forget {
        segment: u32,
    },
    // To the pool.
    Ring,
    Reply {
        slot: u16,
        id: u64,
        payload: Payload,
    },
    Nested(NestedCall),
    CancelNested {
        nested: u64,
    },
    Ready,
    Unfit(TaskError),
    /// The pool to itself: the worker is dead, and this is behind everything that it has sent.
    Obituary,
}

const SETUP: u8 = 1;
const CALL: u8 = 2;
const CANCEL: u8 = 3;
const NESTED_REPLY: u8 = 4;
const QUIT: u8 = 5;
const RELEASE: u8 = 6;
const FORGET: u8 = 7;
const RING: u8 = 8;
const REPLY: u8 = 9;
const NESTED: u8 = 10;
const CANCEL_NESTED: u8 = 11;
const READY: u8 = 12;
const UNFIT: u8 = 13;
const OBITUARY: u8 = 14;

const INLINE: u8 = 0;
const SEGMENT: u8 = 1;

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message at byte {at}: {what}")]
pub(crate) struct WireError {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// A frame that is being written.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
}

impl Frame {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Takes back what was written after it had that length.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Puts all messages of another frame behind these.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.bytes.append(&mut other.bytes);
    }

    /// A message that has no large payload, or one that is bytes already.
    pub(crate) fn push(&mut self, message: &Message) {
        match message {
            Message::Setup(setup) => self.value(SETUP, setup),
            Message::Unfit(error) => self.value(UNFIT, error),
            Message::Call { slot, id, payload } => {
                self.call_head(*slot, *id);
                self.payload(payload);
            }
            Message::Reply { slot, id, payload } => {
                self.reply_head(*slot, *id);
                self.payload(payload);
            }
            Message::NestedReply { nested, payload } => {
                self.tag(NESTED_REPLY).put(&nested.to_le_bytes());
                self.payload(payload);
            }
            Message::Nested(call) => {
                self.tag(NESTED).put(&call.nested.to_le_bytes()).put(&[call.priority]);
                self.optional(call.retries.map(u64::from)).optional(call.remaining_ns);
                self.payload(&call.payload);
            }
            Message::Cancel { id } => {
                self.tag(CANCEL).put(&id.to_le_bytes());
            }
            Message::CancelNested { nested } => {
                self.tag(CANCEL_NESTED).put(&nested.to_le_bytes());
            }
            Message::Release { segment } => {
                self.tag(RELEASE).put(&segment.to_le_bytes());
            }
            Message::Forget { segment } => {
                self.tag(FORGET).put(&segment.to_le_bytes());
            }
            Message::Quit => {
                self.tag(QUIT);
            }
            Message::Ring => {
                self.tag(RING);
            }
            Message::Ready => {
                self.tag(READY);
            }
            Message::Obituary => {
                self.tag(OBITUARY);
            }
        }
    }

    /// A call whose bytes `fill` writes in place, into `size` bytes at most.
    pub(crate) fn push_call(
        &mut self,
        slot: u16,
        id: u64,
        size: usize,
        fill: Fill<'_>,
    ) -> Result<usize, TaskError> {
        let mark = self.bytes.len();
        self.call_head(slot, id);
        self.fill(mark, size, fill)
    }

    /// A reply whose bytes `fill` writes in place, into `size` bytes at most.
    pub(crate) fn push_reply(
        &mut self,
        slot: u16,
        id: u64,
        size: usize,
        fill: Fill<'_>,
    ) -> Result<usize, TaskError> {
        let mark = self.bytes.len();
        self.reply_head(slot, id);
        self.fill(mark, size, fill)
    }

    fn call_head(&mut self, slot: u16, id: u64) {
        self.tag(CALL).put(&slot.to_le_bytes()).put(&id.to_le_bytes());
    }

    fn reply_head(&mut self, slot: u16, id: u64) {
        self.tag(REPLY).put(&slot.to_le_bytes()).put(&id.to_le_bytes());
    }

    fn fill(&mut self, mark: usize, size: usize, fill: Fill<'_>) -> Result<usize, TaskError> {
        self.tag(INLINE);
        let length_at = self.bytes.len();
        let start = length_at + 4;
        self.bytes.resize(start + size, 0);
        match fill(&mut self.bytes[start..]) {
            Ok(written) => {
                self.bytes.truncate(start + written);
                self.bytes[length_at..start].copy_from_slice(&(written as u32).to_le_bytes());
                Ok(written)
            }
            Err(error) => {
                self.bytes.truncate(mark);
                Err(error)
            }
        }
    }

    fn payload(&mut self, payload: &Payload) {
        match payload {
            Payload::Inline(bytes) => {
                self.tag(INLINE).put(&(bytes.len() as u32).to_le_bytes()).put(bytes);
            }
            Payload::Segment(reference) => {
                self.tag(SEGMENT).put(&reference.id.to_le_bytes()).put(&reference.fd.to_le_bytes());
                self.put(&reference.capacity.to_le_bytes()).put(&reference.length.to_le_bytes());
            }
        }
    }

    fn value(&mut self, tag: u8, value: &impl Serialize) {
        // Both values that travel so consist of numbers and strings, which postcard can always write.
        let bytes = postcard::to_stdvec(value).unwrap_or_default();
        self.tag(tag).put(&(bytes.len() as u32).to_le_bytes()).put(&bytes);
    }

    fn optional(&mut self, number: Option<u64>) -> &mut Self {
        self.put(&[u8::from(number.is_some())]).put(&number.unwrap_or(0).to_le_bytes())
    }

    fn tag(&mut self, tag: u8) -> &mut Self {
        self.put(&[tag])
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }
}

/// Writes a call or a reply into a buffer and says how long it is.
pub(crate) type Fill<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<usize, TaskError>;

/// The messages of a frame that has arrived; the first error is the last item.
pub(crate) struct Messages {
    frame: Bytes,
    at: usize,
}

impl Messages {
    pub(crate) fn of(frame: Vec<u8>) -> Self {
        Self { frame: frame.into(), at: 0 }
    }

    fn error(&self, what: &'static str) -> WireError {
        WireError { at: self.at, what }
    }

    fn take(&mut self, length: usize) -> Result<Bytes, WireError> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.frame.len());
        let end = end.ok_or_else(|| self.error("it is truncated"))?;
        let bytes = self.frame.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let end = self.at.checked_add(N).filter(|end| *end <= self.frame.len());
        let end = end.ok_or_else(|| self.error("it is truncated"))?;
        let array = self.frame[self.at..end].try_into().expect("the slice has N bytes");
        self.at = end;
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, WireError> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    fn optional(&mut self) -> Result<Option<u64>, WireError> {
        let (some, number) = (self.u8()?, self.u64()?);
        match some {
            0 => Ok(None),
            1 => Ok(Some(number)),
            _ => Err(self.error("an optional number is neither there nor absent")),
        }
    }

    fn payload(&mut self) -> Result<Payload, WireError> {
        match self.u8()? {
            INLINE => {
                let length = self.u32()? as usize;
                self.take(length).map(Payload::Inline)
            }
            SEGMENT => {
                let (id, fd) = (self.u32()?, self.u32()? as i32);
                let (capacity, length) = (self.u64()?, self.u64()?);
                if length > capacity || capacity > isize::MAX as u64 || fd < 0 {
                    return Err(self.error("the segment is impossible"));
                }
                Ok(Payload::Segment(SegmentRef { id, fd, capacity, length }))
            }
            _ => Err(self.error("the payload is of an unknown kind")),
        }
    }

    fn value<V: DeserializeOwned>(&mut self) -> Result<V, WireError> {
        let length = self.u32()? as usize;
        let bytes = self.take(length)?;
        postcard::from_bytes(&bytes).map_err(|_| self.error("the value cannot be decoded"))
    }

    fn message(&mut self) -> Result<Message, WireError> {
        Ok(match self.u8()? {
            SETUP => Message::Setup(self.value()?),
            UNFIT => Message::Unfit(self.value()?),
            CALL => Message::Call { slot: self.u16()?, id: self.u64()?, payload: self.payload()? },
            REPLY => Message::Reply { slot: self.u16()?, id: self.u64()?, payload: self.payload()? },
            NESTED_REPLY => Message::NestedReply { nested: self.u64()?, payload: self.payload()? },
            NESTED => {
                let (nested, priority) = (self.u64()?, self.u8()?);
                let retries = self.optional()?.map(|retries| u32::try_from(retries).unwrap_or(u32::MAX));
                let remaining_ns = self.optional()?;
                Message::Nested(NestedCall {
                    nested,
                    priority,
                    retries,
                    remaining_ns,
                    payload: self.payload()?,
                })
            }
            CANCEL => Message::Cancel { id: self.u64()? },
            CANCEL_NESTED => Message::CancelNested { nested: self.u64()? },
            RELEASE => Message::Release { segment: self.u32()? },
            FORGET => Message::Forget { segment: self.u32()? },
            QUIT => Message::Quit,
            RING => Message::Ring,
            READY => Message::Ready,
            OBITUARY => Message::Obituary,
            _ => return Err(self.error("its kind is unknown")),
        })
    }
}

impl Iterator for Messages {
    type Item = Result<Message, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.frame.len() {
            return None;
        }
        let message = self.message();
        if message.is_err() {
            self.at = self.frame.len();
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn payloads() -> impl Strategy<Value = Payload> {
        let inline =
            proptest::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| Payload::Inline(bytes.into()));
        let segment = (any::<u32>(), 0..i32::MAX, 0..1_u64 << 40).prop_map(|(id, fd, length)| {
            Payload::Segment(SegmentRef { id, fd, capacity: length + 1, length })
        });
        prop_oneof![inline, segment]
    }

    fn messages() -> impl Strategy<Value = Message> {
        prop_oneof![
            (any::<u16>(), any::<u64>(), payloads()).prop_map(|(slot, id, payload)| Message::Call {
                slot,
                id,
                payload
            }),
            (any::<u16>(), any::<u64>(), payloads()).prop_map(|(slot, id, payload)| Message::Reply {
                slot,
                id,
                payload
            }),
            (any::<u64>(), 0..3_u8, any::<Option<u32>>(), any::<Option<u64>>(), payloads()).prop_map(
                |(nested, priority, retries, remaining_ns, payload)| Message::Nested(NestedCall {
                    nested,
                    priority,
                    retries,
                    remaining_ns,
                    payload
                })
            ),
            (any::<u64>(), payloads()).prop_map(|(nested, payload)| Message::NestedReply { nested, payload }),
            any::<u64>().prop_map(|id| Message::Cancel { id }),
            any::<u32>().prop_map(|segment| Message::Release { segment }),
            Just(Message::Unfit(TaskError::Cancelled)),
            Just(Message::Quit),
            Just(Message::Ring),
            Just(Message::Ready),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(sent in proptest::collection::vec(messages(), 0..8)) {
            let mut frame = Frame::default();
            for message in &sent {
                frame.push(message);
            }
            let received: Result<Vec<_>, _> = Messages::of(frame.bytes).collect();
            prop_assert_eq!(received, Ok(sent));
        }

        #[test]
        fn a_truncated_frame_is_an_error_or_shorter(message in messages(), keep in 0.0..1.0_f64) {
            let mut frame = Frame::default();
            frame.push(&message);
            let keep = (frame.len() as f64 * keep) as usize;
            let cut = frame.bytes[..keep].to_vec();
            prop_assert!(Messages::of(cut).next().is_none_or(|message| message.is_err()));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Messages::of(bytes).count();
        }
    }
}
