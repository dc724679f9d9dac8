//! The thread that receives from one worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ipc_channel::ipc::{IpcBytesReceiver, IpcOneShotServer};
use par_core::plumbing::{Ran, call_name, readdress_call};
use par_core::{Counter, Priority, SubmitError, TaskError};

use super::call::{Call, Forwarded};
use super::peer::{Flight, Peer, PeerState, Standing};
use super::shared::{NAME, Shared};
use super::{bury, enter_pool_thread, feeder};
use crate::board::SLOTS;
use crate::event::{KillReason, WorkerEventKind};
use crate::segment::Incoming;
use crate::spawn::Hello;
use crate::wire::{Frame, Message, Messages, NestedCall, Payload, Setup, VERSION};

/// So many tasks of one worker may wait for others, one above the other; beyond that a wait would find no slot on the
/// board, so a task that submits there is refused.
const DEEPEST: usize = SLOTS - 72;

/// Serves one worker process from its first word to its burial.
pub(super) fn run(shared: &Arc<Shared>, peer: &Arc<Peer>, server: IpcOneShotServer<Hello>) {
    enter_pool_thread();
    if let Some(receiver) = connect(shared, peer, server) {
        listen(shared, peer, &receiver);
    }
    // Whatever ended the conversation ends the process too; usually it is what ended it.
    peer.signal(rustix::process::Signal::KILL);
    let exit = peer.await_exit();
    settle_finished(shared, peer);
    bury::bury(shared, peer, exit);
}

/// Waits for the worker to connect, tells it what it must know, and starts its feeder.
fn connect(
    shared: &Arc<Shared>,
    peer: &Arc<Peer>,
    server: IpcOneShotServer<Hello>,
) -> Option<IpcBytesReceiver> {
    let (_, hello) = server.accept().ok()?;
    if !peer.set_sentinel(hello.sentinel) {
        return None;
    }
    let releasing = Arc::downgrade(peer);
    let release = Arc::new(move |segment| {
        if let Some(peer) = releasing.upgrade() {
            peer.post(&Message::Release { segment });
        }
    });
    let _ = peer.incoming.set(Incoming::new(peer.pid, release));
    let mut frame = Frame::default();
    frame.push(&Message::Setup(setup(shared, peer)));
    hello.to_worker.send(frame.bytes()).ok()?;

    let (feeding, fed) = (Arc::clone(shared), Arc::clone(peer));
    let feed = move || feeder::run(&feeding, &fed, &hello.to_worker);
    std::thread::Builder::new().name(format!("par-feeder-{}", peer.index)).spawn(feed).ok()?;
    Some(hello.from_worker)
}

fn setup(shared: &Shared, peer: &Peer) -> Setup {
    let config = &shared.config;
    Setup {
        version: VERSION,
        index: peer.index as u32,
        workers: config.workers.get() as u32,
        pid: std::process::id(),
        board: peer.board.fd(),
        memory_limit: config.memory_limit,
        nice: config.nice,
        heartbeat_ms: config.heartbeat().map(|interval| interval.as_millis() as u64),
        idle_segment_bytes: config.idle_segment_bytes as u64,
        queue_bound: config.queue_bound.get() as u64,
        at_least_once: config.retries > 0,
        initializer: config
            .initializer
            .as_ref()
            .and_then(|call| call.as_ref().ok())
            .map(|call| call.to_vec()),
    }
}

/// Receives until the worker is dead, or says something that is no message.
fn listen(shared: &Arc<Shared>, peer: &Arc<Peer>, receiver: &IpcBytesReceiver) {
    let mut waits = 0;
    loop {
        settle_finished(shared, peer);
        peer.board.set_waiting(true);
        // What happened before the worker could see that this thread waits has rung nobody.
        settle_finished(shared, peer);
        let now = peer.board.waits();
        if now != waits {
            waits = now;
            peer.wake();
        }
        let Ok(frame) = receiver.recv() else { return };
        peer.board.set_waiting(false);
        for message in Messages::of(frame) {
            match message {
                Ok(Message::Obituary) => return,
                Ok(message) => {
                    if handle(shared, peer, message).is_none() {
                        shared.kill(peer, KillReason::Garbled);
                        return;
                    }
                }
                Err(_) => {
                    shared.kill(peer, KillReason::Garbled);
                    return;
                }
            }
        }
    }
}

/// `None`: the message makes no sense.
fn handle(shared: &Arc<Shared>, peer: &Arc<Peer>, message: Message) -> Option<()> {
    match message {
        Message::Ring => {
            publish_progress(peer);
            peer.wake();
        }
        Message::Reply { slot, id, payload } => {
            let reply = bytes_of(peer, payload)?;
            peer.board.clear(slot);
            let flight = {
                let mut state = peer.lock();
                let place = state.flights.iter().position(|flight| flight.id == id && flight.slot == slot)?;
                remove(&mut state, place)
            };
            settle(shared, peer, vec![(flight, reply)]);
        }
        Message::Nested(call) => nested(shared, peer, call)?,
        Message::CancelNested { nested } => {
            let id = peer.lock().nested.get(&nested).copied();
            if let Some(id) = id {
                shared.stop(id, KillReason::Cancelled);
            }
        }
        Message::Release { segment } => {
            for segment in peer.outgoing.released(segment) {
                peer.post(&Message::Forget { segment });
            }
        }
        Message::Forget { segment } => peer.incoming.get()?.forget(segment),
        Message::Ready => ready(shared, peer),
        Message::Unfit(error) => peer.lock().unfit = Some(error),
        _ => return None,
    }
    Some(())
}

fn publish_progress(peer: &Peer) {
    let state = peer.lock();
    for flight in &state.flights {
        if let Some(job) = flight.call.as_ref().and_then(Call::job) {
            job.set_progress(peer.board.progress(flight.slot));
        }
    }
}

fn bytes_of(peer: &Peer, payload: Payload) -> Option<Bytes> {
    match payload {
        Payload::Inline(bytes) => Some(bytes),
        Payload::Segment(reference) => peer.incoming.get()?.view(&reference).ok(),
    }
}

fn remove(state: &mut PeerState, place: usize) -> Flight {
    let flight = state.flights.remove(place);
    state.free.push(flight.slot);
    state.completed += 1;
    flight
}

/// Completes what the board says is finished.
fn settle_finished(shared: &Shared, peer: &Arc<Peer>) {
    let finished = {
        let mut state = peer.lock();
        let mut finished = Vec::new();
        let mut place = 0;
        while place < state.flights.len() {
            let (slot, id) = (state.flights[place].slot, state.flights[place].id);
            match peer.board.take(slot, id) {
                Some(reply) => finished.push((remove(&mut state, place), reply)),
                None => place += 1,
            }
        }
        finished
    };
    if !finished.is_empty() {
        settle(shared, peer, finished);
    }
}

fn settle(shared: &Shared, peer: &Arc<Peer>, finished: Vec<(Flight, Bytes)>) {
    // First let the feeder refill, then do the callers' part.
    peer.wake();
    let mut times = Vec::with_capacity(finished.len());
    let mut settled = 0;
    for (flight, reply) in finished {
        shared.metrics.add(peer.index, Counter::BytesReceived, reply.len() as u64);
        if let Some(call) = flight.call {
            // The output's own `Deserialize` runs here; if it panics, the handle is told that its job was dropped.
            let ran = catch_unwind(AssertUnwindSafe(|| call.complete(peer.index, &reply)));
            let ran = ran.unwrap_or(Ran { ok: Some(false), ..Ran::SKIPPED });
            shared.metrics.add_ran(peer.index, &ran);
            times.push(ran.phases.total());
            settled += 1;
        }
    }
    shared.settled(settled);
    let mut state = peer.lock();
    for time in times {
        Peer::observe(&mut state, time);
    }
    drop(state);
    peer.wake();
}

/// A task of this worker submits a task.
fn nested(shared: &Arc<Shared>, peer: &Arc<Peer>, call: NestedCall) -> Option<()> {
    let mut bytes = bytes_of(peer, call.payload)?;
    let name = call_name(&bytes).ok()?.to_owned();
    let deadline = call.remaining_ns.and_then(|left| Instant::now().checked_add(Duration::from_nanos(left)));
    let priority = match call.priority {
        0 => Priority::Low,
        1 => Priority::Normal,
        _ => Priority::High,
    };
    if bytes.len() < crate::segment::INLINE_MAX {
        // The frame that it came in may be much larger.
        let mut copy = bytes.to_vec();
        readdress_call(&mut copy, 1, deadline).ok()?;
        bytes = copy.into();
    }
    let id = shared.next_id();
    peer.lock().nested.insert(call.nested, id);
    let retries = call.retries.unwrap_or(shared.config.retries);
    let too_deep = peer.board.blocked() >= DEEPEST;
    let forwarded = Forwarded { name, origin: Arc::downgrade(peer), nested: call.nested, bytes };
    let call = Call::forwarded(id, forwarded, retries, deadline, priority);
    if too_deep {
        let reason = format!("more than {DEEPEST} of a worker's tasks wait for others");
        call.fail(TaskError::Refused(SubmitError::Broken { executor: NAME.to_owned(), reason }));
    } else if let Err(refused) = shared.take_forwarded(call) {
        let (call, error) = *refused;
        call.fail(error);
    }
    Some(())
}

/// The worker can be given work: at once if it is the first at its place, else when its predecessor has left.
fn ready(shared: &Shared, peer: &Arc<Peer>) {
    shared.events.record(peer.index, peer.pid, WorkerEventKind::Started);
    {
        let mut roster = shared.roster();
        let place = &mut roster[peer.index];
        let is_standby = place.standby.as_ref().is_some_and(|standby| Arc::ptr_eq(standby, peer));
        let mut state = peer.lock();
        if state.standing == Standing::Starting {
            state.standing = if is_standby { Standing::Standby } else { Standing::Up };
        }
    }
    peer.wake();
    // The supervisor watches its heart from now on.
    shared.bell.ring();
    let mut central = shared.central();
    if !central.started.over {
        central.started.ready += 1;
    }
    drop(central);
    shared.changed.notify_all();
}

/// The error that a worker reported, for the message of a start that failed.
pub(super) fn unfit(error: TaskError, worker: usize) -> crate::PoolError {
    match error {
        TaskError::Codec { task, reason } if task == crate::worker::SETUP_FAILED => {
            crate::PoolError::Setup { worker, reason }
        }
        source => crate::PoolError::Initializer { worker, source },
    }
}
