//! The shutdown ladder.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use par_core::{Level, Shutdown, ShutdownTimedOut};
use rustix::process::Signal;

use super::call::Call;
use super::on_pool_thread;
use super::peer::{Peer, Standing};
use super::shared::{NAME, Shared};
use crate::event::KillReason;
use crate::wire::Message;

/// How long an idle worker may take to leave when it is asked to.
const LEAVE: Duration = Duration::from_secs(2);

impl Shared {
    /// Takes no more tasks, and ends what there is as hard as `how` says.
    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        let begun = Instant::now();
        let (level, queued) = self.close(how.level);
        self.wake_submitters();
        self.fail_all(queued, None);
        if level >= Level::CancelQueued {
            self.fail_all(self.recall_all(), None);
        }
        if level >= Level::CancelRunning {
            self.peers().iter().for_each(|peer| ask_all_to_stop(peer));
        }
        if level >= Level::Kill {
            self.central().ending = true;
            self.peers().iter().for_each(|peer| self.kill(peer, KillReason::Shutdown));
            self.bell.ring();
        }
        let until = begun.checked_add(how.timeout);
        let timed_out =
            |running| ShutdownTimedOut { executor: NAME.to_owned(), running, waited: begun.elapsed() };
        if !self.wait_for(until, |shared| shared.central().unfinished == 0) {
            return Err(timed_out(self.running()));
        }
        self.dismiss();
        // All tasks are done; the processes get a moment even when the timeout is short.
        let soon = Instant::now() + LEAVE;
        let leave = until.map_or(soon, |until| until.max(soon));
        if !self.wait_for(Some(soon), |shared| shared.central().alive == 0) {
            self.peers().iter().for_each(|peer| self.kill(peer, KillReason::Shutdown));
            if !self.wait_for(Some(leave + LEAVE), |shared| shared.central().alive == 0) {
                return Err(timed_out(0));
            }
        }
        Ok(())
    }

    fn close(&self, level: Level) -> (Level, Vec<Call>) {
        let mut central = self.central();
        let level = central.closing.map_or(level, |known| known.max(level));
        central.closing = Some(level);
        let queued = if level >= Level::CancelQueued { central.take_all() } else { Vec::new() };
        (level, queued)
    }

    /// The calls that workers hold and have not begun.
    fn recall_all(&self) -> Vec<Call> {
        let mut recalled = Vec::new();
        for peer in self.peers() {
            let mut state = peer.lock();
            let flights = std::mem::take(&mut state.flights);
            for flight in flights {
                if flight.call.is_some() && peer.board.recall(flight.slot, flight.id) {
                    state.free.push(flight.slot);
                    recalled.extend(flight.call);
                } else {
                    state.flights.push(flight);
                }
            }
        }
        recalled
    }

    fn running(&self) -> usize {
        self.peers().iter().map(|peer| peer.lock().flights.len()).sum()
    }

    /// Asks all workers to leave, now that there is nothing left to do.
    fn dismiss(&self) {
        self.central().ending = true;
        for peer in self.peers() {
            let ready = {
                let mut state = peer.lock();
                let ready = matches!(state.standing, Standing::Up | Standing::Standby);
                if ready {
                    state.standing = Standing::Quitting;
                    state.outbox.push(&Message::Quit);
                }
                ready
            };
            if ready {
                peer.wake();
            } else if peer.lock().standing == Standing::Starting {
                self.kill(&peer, KillReason::Shutdown);
            }
        }
        self.bell.ring();
    }

    /// Sends every worker SIGTERM, and SIGKILL to those that are there after the grace; their tasks are lost.
    pub(crate) fn terminate_workers(&self, grace: Duration) {
        let peers = self.peers();
        for peer in &peers {
            peer.signal(Signal::TERM);
        }
        let gone = |peers: &[Arc<Peer>]| peers.iter().all(|peer| peer.lock().standing == Standing::Gone);
        if !self.wait_for(Instant::now().checked_add(grace), |_| gone(&peers)) {
            for peer in &peers {
                self.kill(peer, KillReason::Shutdown);
            }
            self.wait_for(Some(Instant::now() + LEAVE), |_| gone(&peers));
        }
    }

    /// Waits until something is so; `false` when the time is up, or at once on a thread that must not wait.
    fn wait_for(&self, until: Option<Instant>, is_so: impl Fn(&Self) -> bool) -> bool {
        loop {
            if is_so(self) {
                return true;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if on_pool_thread() || left.is_some_and(|left| left.is_zero()) {
                return false;
            }
            // The condition is looked at without the lock, so a change may slip by; hence the bound.
            let nap = left.unwrap_or(Duration::MAX).min(Duration::from_millis(5));
            let central = self.central();
            drop(self.changed.wait_timeout(central, nap).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn ask_all_to_stop(peer: &Peer) {
    {
        let mut state = peer.lock();
        let ids: Vec<u64> = state.flights.iter().map(|flight| flight.id).collect();
        for id in ids {
            state.outbox.push(&Message::Cancel { id });
        }
    }
    peer.wake();
}
