//! The thread of rank 0 that passes messages; nobody else touches the communicator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use par_core::comm::{CommError, Communicator, Source};
use par_core::plumbing::{Ran, Reply};
use par_core::{Counter, Level, Phase, TaskError, WorkerLost};

use super::backoff::Backoff;
use super::call::{Call, Work};
use super::estimate::Estimates;
use super::peer::{Peer, Standing};
use super::shared::Shared;
use super::wire::{Kind, Outbox, Record, TAG};
use super::worker::{GRACE, Station, reap};
use super::{PoolError, enter_driver};

/// How often the driver looks whether workers are still there, and which deadlines have passed.
const SWEEP: Duration = Duration::from_millis(1);
/// How long workers may take to leave, once they were told to: longer than they give their tasks.
const LEAVE: Duration = Duration::from_secs(3 + GRACE.as_secs());
/// So many messages at most are taken before calls are sent again.
const BURST: usize = 64;

pub(super) struct Driver<'c, C: Communicator> {
    pub(super) comm: &'c C,
    pub(super) shared: Arc<Shared>,
    pub(super) peers: Vec<Peer<'c>>,
    /// The worker of a world of one.
    pub(super) local: Option<Arc<Station>>,
    pub(super) estimates: Estimates,
    /// Calls that got their outcome since the last count.
    pub(super) settled: usize,
    /// How hard the pool is being closed already.
    closing: Option<Level>,
    swept: Instant,
}

impl<'c, C: Communicator> Driver<'c, C> {
    pub(super) fn new(comm: &'c C, shared: Arc<Shared>, local: Option<Arc<Station>>) -> Self {
        let first = usize::from(local.is_none());
        let peers = (0..shared.workers.get()).map(|index| Peer::new(index, index + first)).collect();
        Self {
            comm,
            shared,
            peers,
            local,
            estimates: Estimates::default(),
            settled: 0,
            closing: None,
            swept: Instant::now(),
        }
    }

    /// Passes messages until the program is done and the workers have left.
    pub(super) fn run(&mut self) -> Result<(), PoolError> {
        let _driver = enter_driver();
        self.shared.set_driver();
        let mut backoff = Backoff::new(self.shared.settings.longest_nap);
        let mut leave_by = None;
        let ended = loop {
            match self.pass() {
                Ok(true) => backoff.reset(),
                Ok(false) => backoff.wait(),
                Err(error) => break Err(error),
            }
            if leave_by.is_none() && self.shared.state().quit {
                self.dismiss();
                leave_by = Some(Instant::now() + LEAVE);
            }
            if let Some(leave_by) = leave_by
                && (self.peers.iter().all(Peer::is_gone) || Instant::now() >= leave_by)
            {
                break Ok(());
            }
        };
        if let Err(error) = &ended {
            self.break_down(&format!("its ranks cannot talk to one another any more: {error}"));
        }
        self.end();
        ended
    }

    /// One round; tells whether there was anything to do.
    fn pass(&mut self) -> Result<bool, PoolError> {
        let mut worked = self.receive()?;
        worked |= self.stop_wanted();
        self.close();
        worked |= self.dispatch();
        if !worked || self.swept.elapsed() >= SWEEP {
            self.swept = Instant::now();
            self.expire();
            self.look_for_the_lost()?;
            self.balance();
        }
        worked |= self.send()?;
        self.count();
        Ok(worked)
    }

    /// Tells the program's threads what has changed.
    pub(super) fn count(&mut self) {
        let held = self.peers.iter().map(|peer| peer.flights.len()).sum();
        self.shared.settled(std::mem::take(&mut self.settled), held);
    }

    fn receive(&mut self) -> Result<bool, PoolError> {
        if let Some(station) = self.local.clone() {
            let mut outbox = Outbox::default();
            station.collect(&mut outbox);
            let worked = !outbox.is_empty();
            while let Some(message) = outbox.pop() {
                self.handle(0, message)?;
            }
            return Ok(worked);
        }
        for taken in 0..BURST {
            let comm = self.comm;
            let message = match comm.try_matched_probe(Source::Any, TAG) {
                Ok(Some(message)) => message,
                // If every worker is gone, each is found to be so in its turn.
                Ok(None) | Err(CommError::RankLost { .. }) => return Ok(taken > 0),
                Err(error) => return Err(error.into()),
            };
            let (begun, worker) = (Instant::now(), message.status().source - 1);
            match message.recv::<u8>() {
                Ok((message, _)) => {
                    self.shared.metrics.add_time(worker, Phase::Transfer, begun.elapsed());
                    self.handle(worker, message)?;
                }
                // It ended in the middle of a long message.
                Err(CommError::RankLost { reason, .. }) => self.lose(worker, &reason),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn send(&mut self) -> Result<bool, PoolError> {
        let mut worked = false;
        if let Some(station) = self.local.clone() {
            while let Some(message) = self.peers[0].outbox.pop() {
                let over = station.accept(message).map_err(|_| PoolError::Garbled { rank: 0 })?;
                if over {
                    self.peers[0].standing = Standing::Gone;
                }
                worked = true;
            }
            return Ok(worked);
        }
        for index in 0..self.peers.len() {
            match self.send_to(index) {
                Ok(sent) => worked |= sent,
                Err(CommError::RankLost { reason, .. }) => self.lose(index, &reason),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(worked)
    }

    fn send_to(&mut self, index: usize) -> Result<bool, CommError> {
        let comm = self.comm;
        let peer = &mut self.peers[index];
        if peer.outbox.is_empty() && peer.sends.is_empty() {
            return Ok(false);
        }
        let begun = Instant::now();
        let worked = !peer.outbox.is_empty();
        while let Some(message) = peer.outbox.pop() {
            peer.sends.push(comm.isend(message, peer.rank, TAG)?);
        }
        reap(&mut peer.sends)?;
        self.shared.metrics.add_time(index, Phase::Transfer, begun.elapsed());
        Ok(worked)
    }

    /// Finds the ranks that ended without a word.
    fn look_for_the_lost(&mut self) -> Result<(), PoolError> {
        if self.local.is_some() {
            return Ok(());
        }
        for index in 0..self.peers.len() {
            if self.peers[index].is_gone() {
                continue;
            }
            match self.comm.try_probe(self.peers[index].rank, TAG) {
                Ok(_) => {}
                Err(CommError::RankLost { reason, .. }) => self.lose(index, &reason),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    // How calls end.

    /// Completes a call with its reply.
    pub(super) fn complete(&mut self, call: Call, worker: usize, reply: &Bytes) {
        let ran = match call.work {
            Work::Own(job) => {
                let name = job.name();
                let ran = job.complete(worker, reply);
                self.estimates.observe(name, ran.phases.total());
                ran
            }
            Work::Forwarded(forwarded) => {
                self.answer(forwarded.origin, forwarded.nested, reply.clone());
                let ran = Reply::ran(reply, Duration::ZERO);
                let time = ran.phases.total();
                self.estimates.observe(&forwarded.name, time);
                Ran { queued: call.submitted.elapsed().saturating_sub(time), ..ran }
            }
        };
        self.shared.metrics.add_ran(worker, &ran);
        self.settled += 1;
    }

    /// Fails a call; `ran`: it counts as failed, not as one that never ran.
    pub(super) fn fail(&mut self, call: Call, error: TaskError, ran: Option<usize>) {
        match ran {
            Some(worker) => self.shared.metrics.add(worker, Counter::Failed, 1),
            None => self.shared.metrics.add_ran(self.shared.callers(), &Ran::SKIPPED),
        }
        match call.work {
            Work::Own(job) => job.fail(error),
            Work::Forwarded(call) => {
                let mut reply = Reply::failed(error);
                let mut buffer = vec![0; reply.encoded_size()];
                // An empty reply is read as a codec error.
                let size = reply.encode(&mut buffer).unwrap_or(0);
                buffer.truncate(size);
                self.answer(call.origin, call.nested, buffer.into());
            }
        }
        self.settled += 1;
    }

    /// Gives the outcome of a nested call to the worker whose task submitted it.
    fn answer(&mut self, origin: usize, nested: u64, body: Bytes) {
        let peer = &mut self.peers[origin];
        peer.nested.remove(&nested);
        if !peer.is_gone() {
            peer.outbox.push(&Record { body, ..Record::new(Kind::NestedReply, nested) });
        }
    }

    /// Handles that want their calls stopped.
    fn stop_wanted(&mut self) -> bool {
        let stops = std::mem::take(&mut self.shared.state().stops);
        let worked = !stops.is_empty();
        for id in stops {
            self.stop(id);
        }
        worked
    }

    pub(super) fn stop(&mut self, id: u64) {
        let holds = |peer: &&mut Peer<'_>| peer.flights.iter().any(|flight| flight.id == id);
        if let Some(peer) = self.peers.iter_mut().find(holds) {
            peer.outbox.push(&Record::new(Kind::Cancel, id));
            return;
        }
        let queued = self.shared.state().take_if(|call| call.id == id);
        for call in queued {
            let error = call.stopped();
            self.fail(call, error, None);
        }
    }

    /// Tells the handles of calls whose deadline has passed; the worker is asked to stop them.
    fn expire(&mut self) {
        let now = Instant::now();
        let mut expired = Vec::new();
        for peer in &mut self.peers {
            for flight in &mut peer.flights {
                if flight.deadline.is_some_and(|deadline| deadline <= now)
                    && let Some(call) = flight.call.take()
                {
                    peer.outbox.push(&Record::new(Kind::Cancel, flight.id));
                    expired.push((peer.index, call));
                }
            }
        }
        for (worker, call) in expired {
            self.fail(call, TaskError::DeadlineExceeded, Some(worker));
        }
    }

    /// Does what a shutdown asks for.
    fn close(&mut self) {
        let (level, queued) = {
            let mut state = self.shared.state();
            let level = state.closing;
            let cancel = level >= Some(Level::CancelQueued);
            (level, if cancel { state.take_if(|_| true) } else { Vec::new() })
        };
        for call in queued {
            let error = call.stopped();
            self.fail(call, error, None);
        }
        if level == self.closing {
            return;
        }
        self.closing = level;
        for peer in &mut self.peers {
            let (kind, ids) = if level >= Some(Level::CancelRunning) {
                (Kind::Cancel, peer.flights.iter().map(|flight| flight.id).collect())
            } else if level >= Some(Level::CancelQueued) {
                (Kind::Recall, peer.unbegun())
            } else {
                continue;
            };
            for id in ids {
                peer.outbox.push(&Record::new(kind, id));
            }
        }
    }

    pub(super) fn is_cancelling(&self) -> bool {
        self.closing >= Some(Level::CancelQueued)
    }

    // How workers end.

    /// A worker is gone, and its calls with it.
    pub(super) fn lose(&mut self, index: usize, reason: &str) {
        let peer = &mut self.peers[index];
        if peer.is_gone() {
            return;
        }
        let left = peer.standing == Standing::Leaving;
        let was_up = peer.standing == Standing::Up;
        peer.standing = Standing::Gone;
        let (rank, flights) = (peer.rank, std::mem::take(&mut peer.flights));
        let nested: Vec<u64> = peer.nested.drain().map(|(_, id)| id).collect();
        // What was on its way to a rank that is gone would be waited for when it is dropped.
        abandon(peer);
        if left {
            return;
        }
        self.shared.metrics.add(index, Counter::WorkersLost, 1);
        if was_up {
            self.shared.state().ready -= 1;
        }
        let nobody = self.peers.iter().all(Peer::is_gone);
        let reason = format!("rank {rank} is lost: {reason}");
        if nobody {
            // Before any handle is told, so that whoever sees the loss also finds the pool broken.
            self.break_down(&format!("no worker is left; {reason}"));
        }
        for call in flights.into_iter().filter_map(|flight| flight.call) {
            self.lost_call(call, index, &reason, nobody);
        }
        for id in nested {
            self.stop(id);
        }
        let orphans = self.shared.state().take_if(|call| call.is_from(index));
        for call in orphans {
            self.fail(call, TaskError::Cancelled, None);
        }
    }

    fn lost_call(&mut self, mut call: Call, index: usize, reason: &str, nobody: bool) {
        call.lost += 1;
        if call.is_cancelled() || call.is_overdue() {
            let error = call.stopped();
            self.fail(call, error, Some(index));
        } else if call.lost <= call.retries && !nobody && !self.is_cancelling() {
            self.shared.metrics.add(index, Counter::Retried, 1);
            self.shared.state().push_front(call);
        } else {
            let mut loss = WorkerLost::because(call.name(), reason);
            loss.worker = Some(index);
            loss.attempts = call.lost;
            self.fail(call, TaskError::WorkerLost(loss), Some(index));
        }
    }

    /// No worker can be had any more: everything that is queued fails, and nothing more is taken.
    pub(super) fn break_down(&mut self, reason: &str) {
        let queued = {
            let mut state = self.shared.state();
            state.broken.get_or_insert_with(|| reason.to_owned());
            state.take_if(|_| true)
        };
        self.shared.notify();
        for call in queued {
            let loss = WorkerLost::because(call.name(), reason);
            self.fail(call, TaskError::WorkerLost(loss), Some(self.shared.callers()));
        }
    }

    /// The program is done: nothing is left that anybody waits for, and the workers may go.
    fn dismiss(&mut self) {
        for index in 0..self.peers.len() {
            let peer = &mut self.peers[index];
            if peer.is_gone() {
                continue;
            }
            peer.standing = Standing::Leaving;
            peer.outbox.push(&Record::new(Kind::Quit, 0));
            let flights = std::mem::take(&mut peer.flights);
            for call in flights.into_iter().filter_map(|flight| flight.call) {
                self.fail(call, TaskError::Cancelled, Some(index));
            }
        }
    }

    /// The communicator panicked in the middle of [`run`](Self::run): nothing is sent any more, and everything fails.
    pub(super) fn collapse(&mut self) {
        for peer in &mut self.peers {
            peer.standing = Standing::Gone;
            std::mem::take(&mut peer.sends).into_iter().for_each(std::mem::forget);
        }
        self.break_down("the thread that passes its messages panicked");
        self.end();
    }

    /// Whatever is left fails, so that no handle waits for ever.
    fn end(&mut self) {
        let reason = {
            let mut state = self.shared.state();
            // From here on nothing is taken that nobody would do.
            state.quit = true;
            state.broken.clone().unwrap_or_else(|| "the pool has ended".to_owned())
        };
        let queued = self.shared.state().take_if(|_| true);
        for call in queued {
            self.fail(call, TaskError::Cancelled, None);
        }
        for index in 0..self.peers.len() {
            let flights = std::mem::take(&mut self.peers[index].flights);
            for call in flights.into_iter().filter_map(|flight| flight.call) {
                let loss = WorkerLost::because(call.name(), reason.as_str());
                self.fail(call, TaskError::WorkerLost(loss), Some(index));
            }
            let peer = &mut self.peers[index];
            if self.local.is_none() && matches!(peer.standing, Standing::Starting | Standing::Up) {
                // Something went wrong between the ranks; those that still hear this one go home.
                peer.outbox = Outbox::default();
                peer.outbox.push(&Record::new(Kind::Quit, 0));
                let _ = self.send_to(index);
            }
            abandon(&mut self.peers[index]);
        }
        self.count();
        self.shared.notify();
    }
}

/// Forgets what was on its way to a rank that takes nothing any more.
///
/// Dropping a send waits for it, and this one might never end; its memory is given up instead.
fn abandon(peer: &mut Peer<'_>) {
    let _ = reap(&mut peer.sends);
    std::mem::take(&mut peer.sends).into_iter().for_each(std::mem::forget);
    peer.outbox = Outbox::default();
}
