//! The thread that sends calls to one worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use ipc_channel::ipc::IpcBytesSender;
use par_core::plumbing::Ran;
use par_core::{Counter, Phase, TaskError};

use super::call::Call;
use super::enter_pool_thread;
use super::peer::{Flight, Peer, Standing};
use super::shared::{STALE, Shared};
use crate::segment::INLINE_MAX;
use crate::wire::{Frame, Message, Payload};

/// A frame of this size is sent before more is put in, so that the worker begins.
const FRAME_FULL: usize = 32 * 1024;

/// Feeds a worker until it is gone.
pub(super) fn run(shared: &Shared, peer: &Arc<Peer>, link: &IpcBytesSender) {
    enter_pool_thread();
    peer.set_feeder(std::thread::current());
    let mut feeder = Feeder { shared, peer, link, frame: Frame::default() };
    while feeder.step() {}
    shared.not_hungry(peer);
}

/// A call that was not sent, with its error, or without one if the worker is gone.
type Unsent = Box<(Call, Option<TaskError>)>;

struct Feeder<'a> {
    shared: &'a Shared,
    peer: &'a Arc<Peer>,
    link: &'a IpcBytesSender,
    frame: Frame,
}

impl Feeder<'_> {
    /// Sends what there is to send, else sleeps; `false` at the end.
    fn step(&mut self) -> bool {
        let room = {
            let mut state = self.peer.lock();
            if state.standing == Standing::Gone {
                return false;
            }
            self.frame.append(&mut state.outbox);
            if state.standing == Standing::Up && self.peer.is_spent(&state) && state.flights.is_empty() {
                state.standing = Standing::Quitting;
                self.frame.push(&Message::Quit);
            }
            self.peer.room(&state)
        };
        let calls = if room > 0 { self.get_calls(room) } else { Vec::new() };
        let idle = calls.is_empty() && self.frame.is_empty();
        self.send_calls(calls);
        if !self.frame.is_empty() {
            if !self.flush() {
                return self.wait_for_the_end();
            }
            if self.peer.has_backlog() {
                self.shared.wake_idle();
            }
        }
        if idle {
            let robbable = room > 0 && self.others_have_backlog();
            self.peer.sleep(robbable.then_some(STALE));
        }
        true
    }

    /// The pipe is broken: the worker is dead or dying, and its reader will say so.
    fn wait_for_the_end(&self) -> bool {
        self.peer.sleep(None);
        self.peer.lock().standing != Standing::Gone
    }

    fn get_calls(&self, room: usize) -> Vec<Call> {
        let calls = self.shared.take(self.peer, room);
        if !calls.is_empty() || !self.peer.lock().flights.is_empty() {
            return calls;
        }
        // Idle, and nothing is queued: perhaps another worker holds more than it can do.
        for other in self.shared.peers() {
            if !Arc::ptr_eq(&other, self.peer) {
                let mut robbed = other.rob(STALE);
                if !robbed.is_empty() {
                    self.shared.metrics.add(self.peer.index, Counter::Stolen, robbed.len() as u64);
                    let rest = robbed.split_off(room.min(robbed.len()));
                    self.shared.requeue(rest);
                    return robbed;
                }
            }
        }
        Vec::new()
    }

    fn others_have_backlog(&self) -> bool {
        self.shared.peers().iter().any(|other| !Arc::ptr_eq(other, self.peer) && other.has_backlog())
    }

    fn send_calls(&mut self, calls: Vec<Call>) {
        let mut dropped = 0;
        let mut calls = calls.into_iter();
        while let Some(call) = calls.next() {
            if !call.begin() {
                self.shared.metrics.add_ran(self.peer.index, &Ran::SKIPPED);
                call.fail(TaskError::Cancelled);
                dropped += 1;
                continue;
            }
            match self.send_call(call) {
                Ok(()) => {}
                Err(unsent) => match *unsent {
                    (call, Some(error)) => {
                        self.shared.metrics.add(self.peer.index, Counter::Failed, 1);
                        call.fail(error);
                        dropped += 1;
                    }
                    (call, None) => {
                        // The worker is gone meanwhile; nothing of these was begun.
                        let mut unsent = vec![call];
                        unsent.extend(calls);
                        self.shared.requeue(unsent);
                        break;
                    }
                },
            }
            if self.frame.len() >= FRAME_FULL {
                self.flush();
            }
        }
        self.shared.settled(dropped);
    }

    /// Writes a call into the frame, or into a segment; gives it back with an error, or without if the worker is gone.
    fn send_call(&mut self, mut call: Call) -> Result<(), Unsent> {
        self.hook(&mut call);
        let slot = {
            let mut state = self.peer.lock();
            match (state.standing, state.free.pop()) {
                (Standing::Gone, _) | (_, None) => return Err(Box::new((call, None))),
                (_, Some(slot)) => slot,
            }
        };
        let begun = Instant::now();
        let mark = self.frame.len();
        // The task's own `Serialize` runs here; if it panics, that is the task's affair and not the pool's.
        let encoded = catch_unwind(AssertUnwindSafe(|| self.encode(&call, slot))).unwrap_or_else(|_| {
            self.frame.truncate(mark);
            Err(TaskError::Codec {
                task: call.name().to_owned(),
                reason: "its input panicked while it was encoded".to_owned(),
            })
        });
        self.shared.metrics.add_time(self.peer.index, Phase::Encode, begun.elapsed());
        let written = match encoded {
            Ok(written) => written,
            Err(error) => {
                self.peer.lock().free.push(slot);
                return Err(Box::new((call, Some(error))));
            }
        };
        self.shared.metrics.add(self.peer.index, Counter::BytesSent, written as u64);
        self.launch(call, slot, begun)
    }

    /// Tells the handle how its running task is stopped.
    fn hook(&self, call: &mut Call) {
        if let Some(job) = call.job().filter(|_| !call.hooked) {
            let (shared, id) = (self.shared.this.clone(), call.id);
            job.on_stop(Box::new(move || {
                if let Some(shared) = shared.upgrade() {
                    shared.stop(id, crate::event::KillReason::Cancelled);
                }
            }));
            call.hooked = true;
        }
    }

    fn encode(&mut self, call: &Call, slot: u16) -> Result<usize, TaskError> {
        let size = call.encoded_size()?;
        if size < INLINE_MAX {
            return self.frame.push_call(slot, call.id, size, &mut |buffer| call.encode(buffer));
        }
        let no_memory = |error: std::io::Error| TaskError::Codec {
            task: call.name().to_owned(),
            reason: format!("no shared memory for {size} bytes: {error}"),
        };
        let mut segment = self.peer.outgoing.take(size).map_err(no_memory)?;
        match call.encode(segment.buffer(size)) {
            Ok(written) => {
                let payload = Payload::Segment(self.peer.outgoing.lend(segment, written));
                self.frame.push(&Message::Call { slot, id: call.id, payload });
                Ok(written)
            }
            Err(error) => {
                self.peer.outgoing.put_back(segment);
                Err(error)
            }
        }
    }

    /// Books the call as held by the worker; from here on the worker may begin it as soon as the frame is sent.
    fn launch(&self, call: Call, slot: u16, sent: Instant) -> Result<(), Unsent> {
        let (id, deadline) = (call.id, call.deadline);
        {
            let mut state = self.peer.lock();
            if state.standing == Standing::Gone {
                return Err(Box::new((call, None)));
            }
            self.peer.board.post(slot, id);
            let cancelled = call.is_cancelled();
            state.flights.push(Flight { id, slot, call: Some(call), sent, deadline, stopping: None });
            state.taken += 1;
            let replace = self.peer.wants_replacement(&mut state);
            drop(state);
            if replace {
                self.shared.want_standby(self.peer.index);
            }
            if cancelled {
                // The handle asked before the call could be found here.
                self.shared.stop(id, crate::event::KillReason::Cancelled);
            }
        }
        if let Some(deadline) = deadline {
            self.shared.look_before(deadline);
        }
        Ok(())
    }

    /// Sends the frame; `false` if the worker is gone.
    fn flush(&mut self) -> bool {
        let begun = Instant::now();
        let sent = self.link.send(self.frame.bytes()).is_ok();
        self.shared.metrics.add_time(self.peer.index, Phase::Transfer, begun.elapsed());
        self.frame.clear();
        sent
    }
}
