//! The pool's view of one worker process.
//!
//! ```text
//! Starting ──Ready──▶ Standby ──predecessor gone──▶ Up ──share done, or shutdown──▶ Quitting ──▶ Gone
//!     └────────────────────────────────death──────────────────────────────────────────────────────▲
//! ```
//! - The reader makes a peer ready; whoever retires its predecessor promotes a standby.
//! - Only the feeder puts flights in, while the peer is *Up*; reader, thieves and `stop` take them out.
//! - The reader, and nobody else, makes it *Gone*, after the process has been reaped; then the flights are its to settle.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ipc_channel::ipc::IpcBytesSender;
use par_core::TaskError;
use rustix::process::{Signal, pidfd_send_signal};

use super::call::Call;
use crate::board::{Board, SLOTS};
use crate::config::Prefetch;
use crate::event::{Exit, KillReason};
use crate::segment::{INLINE_MAX, Incoming, Outgoing};
use crate::wire::{Frame, Message, Payload};

/// How much work a worker may hold ahead, if it chooses by time.
const AHEAD: Duration = Duration::from_millis(1);
const MOST_AHEAD: f64 = 64.0;
/// How long a worker takes to start, generously: a replacement is started so long before it is needed.
const START_TIME: Duration = Duration::from_millis(20);

/// One worker process, as the pool sees it.
pub(crate) struct Peer {
    pub(crate) index: usize,
    pub(crate) pid: u32,
    pub(super) pidfd: OwnedFd,
    pub(super) board: Board,
    pub(super) outgoing: Outgoing,
    pub(super) incoming: OnceLock<Incoming>,
    prefetch: Prefetch,
    max_tasks: usize,
    state: Mutex<PeerState>,
    feeder: OnceLock<Thread>,
    /// Set by whoever has something for the feeder to do.
    signal: AtomicBool,
    obituary: Mutex<Obituary>,
    died: Condvar,
}

pub(super) struct PeerState {
    pub(super) standing: Standing,
    /// What the worker holds, in order of sending.
    pub(super) flights: Vec<Flight>,
    pub(super) free: Vec<u16>,
    pub(super) outbox: Frame,
    /// How many calls it was sent, less those that were taken back.
    pub(super) taken: usize,
    /// How long a call takes, smoothed; `None` until the first reply.
    mean_ns: Option<f64>,
    /// The calls that its tasks have submitted: their numbers there, and here.
    pub(super) nested: HashMap<u64, u64>,
    pub(super) killed: Option<KillReason>,
    pub(super) unfit: Option<TaskError>,
    pub(super) completed: usize,
    pub(super) replacement_asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Starting,
    Standby,
    Up,
    Quitting,
    Gone,
}

/// A call that a worker holds.
pub(super) struct Flight {
    pub(super) id: u64,
    pub(super) slot: u16,
    /// `None`: its handle is done already, and only the worker does not know yet.
    pub(super) call: Option<Call>,
    pub(super) sent: Instant,
    pub(super) deadline: Option<Instant>,
    /// It was asked to stop, and why; its worker is killed at that instant.
    pub(super) stopping: Option<(KillReason, Instant)>,
}

struct Obituary {
    exit: Option<Exit>,
    /// The pool's own sender to its receiver.
    sentinel: Option<IpcBytesSender>,
    /// Where the worker is to connect.
    server: String,
}

impl Peer {
    pub(super) fn new(
        index: usize,
        pid: u32,
        pidfd: OwnedFd,
        board: Board,
        server: String,
        config: &crate::config::Builder,
    ) -> Self {
        Self {
            index,
            pid,
            pidfd,
            board,
            outgoing: Outgoing::new(config.idle_segment_bytes),
            incoming: OnceLock::new(),
            prefetch: config.prefetch,
            max_tasks: config.max_tasks.unwrap_or(usize::MAX),
            state: Mutex::new(PeerState {
                standing: Standing::Starting,
                flights: Vec::new(),
                free: (0..SLOTS as u16).rev().collect(),
                outbox: Frame::default(),
                taken: 0,
                mean_ns: None,
                nested: HashMap::new(),
                killed: None,
                unfit: None,
                completed: 0,
                replacement_asked: false,
            }),
            feeder: OnceLock::new(),
            signal: AtomicBool::new(false),
            obituary: Mutex::new(Obituary { exit: None, sentinel: None, server }),
            died: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PeerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // The feeder.

    pub(super) fn set_feeder(&self, thread: Thread) {
        let _ = self.feeder.set(thread);
    }

    /// Lets the feeder look again.
    pub(super) fn wake(&self) {
        if !self.signal.swap(true, Ordering::AcqRel)
            && let Some(thread) = self.feeder.get()
        {
            thread.unpark();
        }
    }

    /// Sleeps until somebody wakes it, or for a while; on the feeder's thread.
    pub(super) fn sleep(&self, limit: Option<Duration>) {
        if !self.signal.swap(false, Ordering::AcqRel) {
            match limit {
                Some(limit) => std::thread::park_timeout(limit),
                None => std::thread::park(),
            }
            self.signal.store(false, Ordering::Release);
        }
    }

    /// How many more calls it may be sent now.
    pub(super) fn room(&self, state: &PeerState) -> usize {
        if state.standing != Standing::Up {
            return 0;
        }
        let blocked = self.board.blocked();
        let window = match (self.prefetch, state.mean_ns) {
            (Prefetch::Calls(ahead), _) => 1 + usize::from(ahead),
            (Prefetch::Auto, None) => 1,
            (Prefetch::Auto, Some(mean)) => {
                (AHEAD.as_nanos() as f64 / mean).ceil().clamp(1.0, MOST_AHEAD) as usize
            }
        };
        let room = (window + blocked).saturating_sub(state.flights.len()).min(state.free.len());
        // A task that waits for others needs them run, however many that makes.
        if blocked > 0 { room } else { room.min(self.max_tasks.saturating_sub(state.taken)) }
    }

    /// Whether it has run its share.
    pub(super) fn is_spent(&self, state: &PeerState) -> bool {
        state.taken >= self.max_tasks
    }

    /// Whether its replacement must be started now, once, to be ready when it has run its share.
    pub(super) fn wants_replacement(&self, state: &mut PeerState) -> bool {
        let left = self.max_tasks.saturating_sub(state.taken) as f64;
        let soon = state.mean_ns.is_some_and(|mean| left * mean < START_TIME.as_nanos() as f64);
        let now = !state.replacement_asked && self.max_tasks != usize::MAX && (left == 0.0 || soon);
        state.replacement_asked |= now;
        now
    }

    /// Puts a message into the outbox.
    pub(super) fn post(&self, message: &Message) {
        {
            let mut state = self.lock();
            if state.standing == Standing::Gone {
                return;
            }
            state.outbox.push(message);
        }
        self.wake();
    }

    /// Gives the reply of a nested call to the worker that submitted it.
    pub(super) fn answer_nested(&self, nested: u64, reply: &Bytes) {
        let payload = if reply.len() < INLINE_MAX {
            Some(Payload::Inline(reply.clone()))
        } else {
            self.outgoing.take(reply.len()).ok().map(|mut segment| {
                segment.buffer(reply.len()).copy_from_slice(reply);
                Payload::Segment(self.outgoing.lend(segment, reply.len()))
            })
        };
        self.lock().nested.remove(&nested);
        // Without memory for the reply an empty one is sent, which the worker reads as a codec error.
        let payload = payload.unwrap_or(Payload::Inline(Bytes::new()));
        self.post(&Message::NestedReply { nested, payload });
    }

    /// Learns how long a call took.
    pub(super) fn observe(state: &mut PeerState, time: Duration) {
        let time = (time.as_nanos() as f64).max(1.0);
        // Quick to see that tasks are long, slow to believe that they are short.
        state.mean_ns = Some(state.mean_ns.map_or(time, |mean| time.max(0.875 * mean + 0.125 * time)));
    }

    /// Takes back up to half of the calls that it was sent a while ago and has not begun.
    pub(super) fn rob(&self, older_than: Duration) -> Vec<Call> {
        let mut state = self.lock();
        if state.standing == Standing::Gone || state.flights.len() < 2 {
            return Vec::new();
        }
        let most = state.flights.len() / 2;
        let mut robbed = Vec::new();
        for place in (0..state.flights.len()).rev() {
            let flight = &state.flights[place];
            if robbed.len() == most || flight.sent.elapsed() < older_than {
                continue;
            }
            if flight.call.is_some() && self.board.recall(flight.slot, flight.id) {
                let flight = state.flights.remove(place);
                state.free.push(flight.slot);
                state.taken -= 1;
                robbed.extend(flight.call);
            }
        }
        robbed.reverse();
        robbed
    }

    /// Whether it holds more calls than it can be running.
    pub(super) fn has_backlog(&self) -> bool {
        let state = self.lock();
        matches!(state.standing, Standing::Up | Standing::Quitting)
            && state.flights.len() > 1 + self.board.blocked()
    }

    // Its end.

    /// Ends the process; `true` if this is the first reason to.
    pub(super) fn kill(&self, reason: KillReason) -> bool {
        let first = {
            let mut state = self.lock();
            let first = state.killed.is_none();
            state.killed.get_or_insert(reason);
            first
        };
        self.signal(Signal::KILL);
        first
    }

    /// Sends a signal; the descriptor names this very process, so a reused pid is never hit.
    pub(super) fn signal(&self, signal: Signal) {
        // Fails when the process is dead, which is what a killer wants.
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// The reader has a connection; `false` if the worker is dead already and no obituary will come.
    pub(super) fn set_sentinel(&self, sentinel: IpcBytesSender) -> bool {
        let mut obituary = self.obituary.lock().unwrap_or_else(PoisonError::into_inner);
        obituary.sentinel = Some(sentinel);
        obituary.exit.is_none()
    }

    /// The supervisor has reaped the process: ends whatever the reader waits in.
    pub(super) fn set_exit(self: &Arc<Self>, exit: Exit) {
        let (sentinel, server) = {
            let mut obituary = self.obituary.lock().unwrap_or_else(PoisonError::into_inner);
            obituary.exit = Some(exit);
            (obituary.sentinel.take(), obituary.server.clone())
        };
        self.died.notify_all();
        let Some(sentinel) = sentinel else {
            // The reader is in `accept`; if it is not, there is nothing to connect to, which is as well.
            drop(ipc_channel::ipc::IpcSender::<crate::spawn::Hello>::connect(server));
            return;
        };
        // A send may wait until the reader has made room, and the supervisor waits for nobody.
        let send = move || {
            let mut frame = Frame::default();
            frame.push(&Message::Obituary);
            let _ = sentinel.send(frame.bytes());
        };
        let _ = std::thread::Builder::new().name("par-obituary".into()).spawn(send);
    }

    /// Waits until the supervisor has reaped the process.
    pub(super) fn await_exit(&self) -> Exit {
        let mut obituary = self.obituary.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(exit) = obituary.exit {
                return exit;
            }
            obituary = self.died.wait(obituary).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
