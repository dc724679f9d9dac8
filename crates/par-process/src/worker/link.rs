//! The worker's way to the pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use ipc_channel::ipc::IpcBytesSender;
use par_core::TaskError;
use par_core::plumbing::Reply;

use crate::board::{Board, REPLY_MAX};
use crate::segment::{INLINE_MAX, Outgoing};
use crate::wire::{Frame, Message, Payload};

/// What sends to the pool; any thread of the worker may.
pub(super) struct Link {
    sender: Mutex<IpcBytesSender>,
    pub(super) board: Board,
    pub(super) outgoing: Outgoing,
}

impl Link {
    pub(super) fn new(sender: IpcBytesSender, board: Board, idle_segment_bytes: usize) -> Arc<Self> {
        Arc::new(Self { sender: Mutex::new(sender), board, outgoing: Outgoing::new(idle_segment_bytes) })
    }

    pub(super) fn send(&self, message: &Message) {
        let mut frame = Frame::default();
        frame.push(message);
        self.send_frame(&frame);
    }

    /// A failure means that the pool is gone; the listener sees that too, and ends the process.
    fn send_frame(&self, frame: &Frame) {
        let _ = self.sender.lock().unwrap_or_else(PoisonError::into_inner).send(frame.bytes());
    }

    /// Wakes the pool if it sleeps.
    pub(super) fn ring(&self) {
        if self.board.must_ring() {
            self.send(&Message::Ring);
        }
    }

    /// Gives a reply; one that cannot be encoded becomes the error that says so.
    pub(super) fn reply(&self, slot: u16, id: u64, reply: Reply) {
        // The task's own `Serialize` runs here, and may panic as the task may.
        let attempt = catch_unwind(AssertUnwindSafe(|| self.try_reply(slot, id, reply)));
        let error = match attempt {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => TaskError::Codec {
                task: "?".to_owned(),
                reason: "the output panicked while it was encoded".to_owned(),
            },
        };
        let said = self.try_reply(slot, id, Reply::failed(error));
        said.expect("an error consists of numbers and strings, which can always be encoded");
    }

    /// On the board if it is small, in a message, or in shared memory if it is large.
    fn try_reply(&self, slot: u16, id: u64, mut reply: Reply) -> Result<(), TaskError> {
        let size = reply.encoded_size();
        if size <= REPLY_MAX {
            let mut buffer = [0; REPLY_MAX];
            let written = reply.encode(&mut buffer)?;
            self.board.finish(slot, id, &buffer[..written]);
            self.ring();
            return Ok(());
        }
        if size >= INLINE_MAX {
            let payload = self.large(size, &mut |buffer| reply.encode(buffer))?;
            self.send(&Message::Reply { slot, id, payload });
            return Ok(());
        }
        let mut frame = Frame::default();
        frame.push_reply(slot, id, size, &mut |buffer| reply.encode(buffer))?;
        self.send_frame(&frame);
        Ok(())
    }

    /// Bytes of any size as a payload.
    pub(super) fn payload(&self, bytes: Vec<u8>) -> Result<Payload, TaskError> {
        if bytes.len() < INLINE_MAX {
            return Ok(Payload::Inline(bytes.into()));
        }
        self.large(bytes.len(), &mut |buffer| {
            buffer.copy_from_slice(&bytes);
            Ok(bytes.len())
        })
    }

    fn large(
        &self,
        size: usize,
        fill: &mut dyn FnMut(&mut [u8]) -> Result<usize, TaskError>,
    ) -> Result<Payload, TaskError> {
        let no_memory = |error: std::io::Error| TaskError::Codec {
            task: "?".to_owned(),
            reason: format!("no shared memory for {size} bytes: {error}"),
        };
        let mut segment = self.outgoing.take(size).map_err(no_memory)?;
        match fill(segment.buffer(size)) {
            Ok(written) => Ok(Payload::Segment(self.outgoing.lend(segment, written))),
            Err(error) => {
                self.outgoing.put_back(segment);
                Err(error)
            }
        }
    }
}
