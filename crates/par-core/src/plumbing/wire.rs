//! Calls and replies as bytes.
//!
//! ```text
//! call:  version u8 | flags u8 | attempt u32 | schema u64 | remaining u64 | name length u16 | name | task
//! reply: version u8 | status u8 | 8 × phase u64 | output, or the error
//! ```
//! Numbers are little endian; `remaining` is nanoseconds to the deadline, `u64::MAX` for none; task, output and error
//! are [postcard](https://postcard.jamesmunns.com). The headers have a fixed size, so the size of a message is known
//! before it is written, and a transport can give the very memory that it will send.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::job::Ran;
use super::panics::run_caught;
use crate::blob;
use crate::registry::Entry;
use crate::task::{Control, Controlled, Frame};
use crate::{Phases, TaskError};

const VERSION: u8 = 1;
const BATCH: u8 = 1;
const NO_DEADLINE: u64 = u64::MAX;
const CALL_HEADER: usize = 1 + 1 + 4 + 8 + 8 + 2;
const REPLY_HEADER: usize = 1 + 1 + 8 * 8;

/// What stands before a task on the wire.
pub(crate) struct WireHeader<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: u64,
    pub(crate) batch: bool,
    pub(crate) attempt: u32,
    pub(crate) deadline: Option<Instant>,
}

impl<'a> WireHeader<'a> {
    pub(crate) fn size(name: &str) -> usize {
        CALL_HEADER + name.len()
    }

    /// Writes the header and yields the rest of the buffer.
    pub(crate) fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8], TaskError> {
        let length = u16::try_from(self.name.len())
            .map_err(|_| codec_error(self.name, "its name is longer than 65,535 bytes"))?;
        let Some((header, rest)) = buffer.split_at_mut_checked(Self::size(self.name)) else {
            return Err(codec_error(self.name, "the buffer is too small for the header"));
        };
        header[0] = VERSION;
        header[1] = if self.batch { BATCH } else { 0 };
        header[2..6].copy_from_slice(&self.attempt.to_le_bytes());
        header[6..14].copy_from_slice(&self.schema.to_le_bytes());
        header[14..22].copy_from_slice(&remaining(self.deadline).to_le_bytes());
        header[22..24].copy_from_slice(&length.to_le_bytes());
        header[24..].copy_from_slice(self.name.as_bytes());
        Ok(rest)
    }

    /// Reads a header; yields it and the number of bytes that it takes.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, usize), TaskError> {
        let malformed = |reason: &str| codec_error("?", reason);
        let header = bytes.get(..CALL_HEADER).ok_or_else(|| malformed("the call is truncated"))?;
        check_version(header[0])?;
        let length = usize::from(u16::from_le_bytes(array(&header[22..24])));
        let name = bytes
            .get(CALL_HEADER..CALL_HEADER + length)
            .and_then(|name| std::str::from_utf8(name).ok())
            .ok_or_else(|| malformed("the name of the task is truncated or not UTF-8"))?;
        let remaining = u64::from_le_bytes(array(&header[14..22]));
        let deadline = (remaining != NO_DEADLINE)
            .then(|| Instant::now().checked_add(Duration::from_nanos(remaining)))
            .flatten();
        let header = Self {
            name,
            schema: u64::from_le_bytes(array(&header[6..14])),
            batch: header[1] & BATCH != 0,
            attempt: u32::from_le_bytes(array(&header[2..6])),
            deadline,
        };
        Ok((header, CALL_HEADER + length))
    }
}

/// The name of the task that an encoded call is for.
///
/// # Errors
/// [`TaskError::Codec`] when the bytes are no call.
pub fn call_name(call: &[u8]) -> Result<&str, TaskError> {
    WireHeader::read(call).map(|(header, _)| header.name)
}

/// Writes another attempt and the time that is left into an encoded call, for executors that pass calls on.
///
/// # Errors
/// [`TaskError::Codec`] when the bytes are no call.
pub fn readdress_call(call: &mut [u8], attempt: u32, deadline: Option<Instant>) -> Result<(), TaskError> {
    WireHeader::read(call)?;
    call[2..6].copy_from_slice(&attempt.to_le_bytes());
    call[14..22].copy_from_slice(&remaining(deadline).to_le_bytes());
    Ok(())
}

fn remaining(deadline: Option<Instant>) -> u64 {
    deadline.map_or(NO_DEADLINE, |deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        u64::try_from(left.as_nanos()).unwrap_or(NO_DEADLINE)
    })
}

fn check_version(version: u8) -> Result<(), TaskError> {
    if version == VERSION {
        return Ok(());
    }
    Err(codec_error(
        "?",
        &format!("the other side speaks version {version} of the protocol, this one {VERSION}"),
    ))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the caller slices exactly N bytes")
}

pub(crate) fn codec_error(task: &str, reason: &str) -> TaskError {
    TaskError::Codec { task: task.to_owned(), reason: reason.to_owned() }
}

/// A value from all of `bytes`; what is left over is an error.
pub(crate) fn decode<V: DeserializeOwned>(task: &str, bytes: &Bytes) -> Result<V, TaskError> {
    let (value, rest) = blob::with_source(bytes, || postcard::take_from_bytes::<V>(bytes))
        .map_err(|error| codec_error(task, &error.to_string()))?;
    if rest.is_empty() {
        return Ok(value);
    }
    Err(codec_error(task, &format!("{} bytes are left over", rest.len())))
}

/// A value that can be written as bytes, its type erased.
pub trait Answer: Send {
    /// How many bytes [`encode`](Self::encode) writes.
    ///
    /// # Errors
    /// [`TaskError::Codec`] when the value cannot be serialised.
    fn encoded_size(&self) -> Result<usize, TaskError>;

    /// Writes the value into the front of `buffer` and returns the number of bytes.
    ///
    /// # Errors
    /// [`TaskError::Codec`] when the value cannot be serialised or the buffer is too small.
    fn encode(&self, buffer: &mut [u8]) -> Result<usize, TaskError>;
}

impl<V: Serialize + Send> Answer for V {
    fn encoded_size(&self) -> Result<usize, TaskError> {
        let size = run_caught(|| postcard::experimental::serialized_size(self))?;
        size.map_err(|error| codec_error("?", &error.to_string()))
    }

    fn encode(&self, buffer: &mut [u8]) -> Result<usize, TaskError> {
        let written = run_caught(|| postcard::to_slice(self, buffer).map(|bytes| bytes.len()))?;
        written.map_err(|error| codec_error("?", &error.to_string()))
    }
}

/// A call that a worker has accepted: the task is known, of the same types, and its input has arrived.
pub struct Invocation {
    pub(crate) entry: Entry,
    pub(crate) batch: bool,
    pub(crate) payload: Bytes,
    pub(crate) task: RemoteTask,
    pub(crate) attempt: u32,
}

impl Invocation {
    /// What can cancel the task while it runs.
    pub fn remote_task(&self) -> RemoteTask {
        self.task.clone()
    }

    /// Runs the task; a panic becomes its reply.
    pub fn run(self) -> Reply {
        let Self { entry, batch, payload, task, attempt } = self;
        if task.control.expired() {
            return Reply::failed(TaskError::DeadlineExceeded);
        }
        let run = if batch { entry.run_batch } else { entry.run };
        let frame = Frame::new(task.control.clone(), attempt);
        let (outcome, span) = frame.enter(|| run_caught(|| run(&payload)));
        Reply { phases: span.phases, outcome: outcome.and_then(|inner| inner) }
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation").field("task", &self.entry.name).finish_non_exhaustive()
    }
}

/// The worker's end of a task that was submitted elsewhere.
#[derive(Clone)]
pub struct RemoteTask {
    control: Arc<RemoteControl>,
}

struct RemoteControl(Control);

impl RemoteControl {
    fn expired(&self) -> bool {
        self.0.expired()
    }
}

impl Controlled for RemoteControl {
    fn control(&self) -> &Control {
        &self.0
    }

    fn cancel(&self) -> bool {
        self.0.set_cancelled();
        false
    }
}

impl RemoteTask {
    pub(crate) fn new(name: &'static str, deadline: Option<Instant>) -> Self {
        Self { control: Arc::new(RemoteControl(Control::new(name, deadline))) }
    }

    /// Asks the task to stop.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// How far the task says it is, from 0 to 1.
    pub fn progress(&self) -> f32 {
        self.control.0.progress()
    }
}

impl std::fmt::Debug for RemoteTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteTask").field("task", &self.control.0.name()).finish()
    }
}

/// What a worker answers to a call: the output or the error, and where the time went.
pub struct Reply {
    phases: Phases,
    outcome: Result<Box<dyn Answer>, TaskError>,
}

impl Reply {
    /// An answer that is an error.
    pub fn failed(error: TaskError) -> Self {
        Self { phases: Phases::default(), outcome: Err(error) }
    }

    /// Whether the task has an output.
    pub fn is_ok(&self) -> bool {
        self.outcome.is_ok()
    }

    /// The error, if the task has no output.
    pub fn into_error(self) -> Option<TaskError> {
        self.outcome.err()
    }

    /// How many bytes [`encode`](Self::encode) writes at most; an output that cannot be serialised becomes an error.
    pub fn encoded_size(&mut self) -> usize {
        if let Ok(output) = &self.outcome {
            match output.encoded_size() {
                Ok(size) => return REPLY_HEADER + size,
                Err(error) => self.outcome = Err(error),
            }
        }
        let error = self.outcome.as_ref().err();
        REPLY_HEADER + error.and_then(|error| error.encoded_size().ok()).unwrap_or(0)
    }

    /// Writes the reply into the front of `buffer` and returns the number of bytes.
    ///
    /// # Errors
    /// [`TaskError::Codec`] when the buffer is too small; nothing that is usable was written then.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize, TaskError> {
        let Some((header, rest)) = buffer.split_at_mut_checked(REPLY_HEADER) else {
            return Err(codec_error("?", "the buffer is too small for the reply"));
        };
        header[0] = VERSION;
        header[1] = u8::from(self.outcome.is_err());
        for ((_, nanoseconds), slot) in self.phases.iter().zip(header[2..].chunks_exact_mut(8)) {
            slot.copy_from_slice(&nanoseconds.to_le_bytes());
        }
        let body = match &self.outcome {
            Ok(output) => output.encode(rest)?,
            Err(error) => error.encode(rest)?,
        };
        Ok(REPLY_HEADER + body)
    }

    /// How the job of an encoded reply ended, for executors that pass replies on; `queued` is what they measured.
    pub fn ran(bytes: &Bytes, queued: Duration) -> Ran {
        let (phases, _) = Self::read("?", bytes);
        Ran { ok: Some(bytes.get(1) == Some(&0)), queued, phases, span: None }
    }

    /// Takes a reply apart: the phases, and the output's bytes or the error.
    pub(crate) fn read(task: &str, bytes: &Bytes) -> (Phases, Result<Bytes, TaskError>) {
        let mut phases = Phases::default();
        let Some(header) = bytes.get(..REPLY_HEADER) else {
            return (phases, Err(codec_error(task, "the reply is truncated")));
        };
        if let Err(error) = check_version(header[0]) {
            return (phases, Err(error));
        }
        for (phase, slot) in crate::Phase::ALL.into_iter().zip(header[2..].chunks_exact(8)) {
            phases.add(phase, Duration::from_nanos(u64::from_le_bytes(array(slot))));
        }
        let body = bytes.slice(REPLY_HEADER..);
        match header[1] {
            0 => (phases, Ok(body)),
            1 => (phases, Err(decode::<TaskError>(task, &body).unwrap_or_else(|error| error))),
            other => (phases, Err(codec_error(task, &format!("the reply has the unknown status {other}")))),
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("error", &self.outcome.as_ref().err()).finish_non_exhaustive()
    }
}
