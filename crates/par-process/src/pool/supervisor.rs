//! The thread that starts workers, reaps them, and kills what is overdue.

use std::io;
use std::process::Child;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use par_core::TaskError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::peer::{Peer, Standing};
use super::shared::Shared;
use super::{enter_pool_thread, reader};
use crate::board::Board;
use crate::config::Builder;
use crate::error::PoolError;
use crate::event::{Exit, KillReason};
use crate::spawn;

/// Starts a pool's threads and processes, and waits until all workers are ready.
pub(crate) fn start(config: Builder) -> Result<(Arc<Shared>, JoinHandle<()>), PoolError> {
    let system = |what| move |source| PoolError::System { what, source };
    let shared = Shared::new(config).map_err(system("an event descriptor"))?;
    for place in shared.roster().iter_mut() {
        place.start_at = Some(Instant::now());
    }
    let supervised = Arc::clone(&shared);
    let supervise = move || {
        enter_pool_thread();
        Supervisor { shared: &supervised, processes: Vec::new() }.run();
    };
    let thread = std::thread::Builder::new().name("par-supervisor".into()).spawn(supervise);
    let thread = thread.map_err(system("a thread"))?;

    let mut central = shared.central();
    while central.started.ready < shared.config.workers && central.started.failure.is_none() {
        central = shared.changed.wait(central).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
    central.started.over = true;
    let failure = central.started.failure.take();
    drop(central);
    match failure {
        None => Ok((shared, thread)),
        Some(failure) => {
            shared.break_down(&failure.with_causes());
            // The supervisor ends when the last process is buried, and all of them were killed.
            let _ = thread.join();
            Err(failure)
        }
    }
}

struct Supervisor<'a> {
    shared: &'a Arc<Shared>,
    processes: Vec<Process>,
}

/// A process that has not been reaped.
struct Process {
    child: Child,
    peer: Arc<Peer>,
    ready_by: Instant,
    beat: (u64, Instant),
}

impl Supervisor<'_> {
    fn run(&mut self) {
        loop {
            self.shared.bell.silence();
            let next = self.fill_places();
            if self.is_over() {
                return;
            }
            let next = [next, self.check_calls(), self.check_processes()].into_iter().flatten().min();
            self.shared.set_looks_at(next);
            self.sleep(next);
            self.reap();
        }
    }

    fn is_over(&self) -> bool {
        let central = self.shared.central();
        central.ending && central.alive == 0
    }

    /// Starts the processes that are due; when is the next one?
    fn fill_places(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        let workers = self.shared.config.workers;
        for index in 0..workers {
            let due = self.shared.roster()[index].start_at;
            match due {
                Some(at) if at <= now => self.start_process(index),
                Some(at) => next = next.into_iter().chain([at]).min(),
                None => {}
            }
        }
        next
    }

    fn start_process(&mut self, index: usize) {
        {
            let mut central = self.shared.central();
            if central.ending {
                drop(central);
                self.shared.roster()[index].start_at = None;
                return;
            }
            central.alive += 1;
        }
        self.shared.roster()[index].start_at = None;
        if let Err(source) = self.try_start(index) {
            let error = PoolError::Spawn { worker: index, source };
            {
                let mut central = self.shared.central();
                central.alive -= 1;
            }
            self.failed_to_start(index, error);
        }
    }

    fn failed_to_start(&self, index: usize, error: PoolError) {
        let mut central = self.shared.central();
        if central.started.over {
            let reason = error.with_causes();
            drop(central);
            // The operating system has no process to give: later it may have.
            let mut roster = self.shared.roster();
            let place = &mut roster[index];
            place.failures += 1;
            place.start_at = Some(Instant::now() + Duration::from_millis(100) * place.failures);
            let hopeless = place.failures > 10 && place.current.is_none();
            drop(roster);
            if hopeless {
                self.shared.break_down(&reason);
            }
        } else {
            central.started.failure.get_or_insert(error);
            drop(central);
            self.shared.changed.notify_all();
        }
    }

    fn try_start(&mut self, index: usize) -> io::Result<()> {
        let config = &self.shared.config;
        let board = Board::create()?;
        let spawn::Started { child, pidfd, server, address } = spawn::spawn(config)?;
        let peer = Arc::new(Peer::new(index, child.id(), pidfd, board, address, config));
        let (shared, read) = (Arc::clone(self.shared), Arc::clone(&peer));
        let read = move || reader::run(&shared, &read, server);
        let mut child = child;
        if let Err(error) = std::thread::Builder::new().name(format!("par-reader-{index}")).spawn(read) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        let now = Instant::now();
        self.processes.push(Process {
            child,
            peer: Arc::clone(&peer),
            ready_by: now + config.start_timeout,
            beat: (0, now),
        });
        let mut roster = self.shared.roster();
        let place = &mut roster[index];
        if place.current.is_some() {
            place.standby = Some(peer);
        } else {
            place.current = Some(peer);
        }
        Ok(())
    }

    /// Ends what is overdue; when is the next thing due?
    fn check_calls(&self) -> Option<Instant> {
        let mut next = None;
        for process in &self.processes {
            next = next.into_iter().chain(self.check_calls_of(&process.peer)).min();
        }
        next
    }

    fn check_calls_of(&self, peer: &Arc<Peer>) -> Option<Instant> {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        let mut at = |instant: Instant| next = Some(next.map_or(instant, |known| known.min(instant)));
        let mut overdue = Vec::new();
        let mut kill = None;
        {
            let state = peer.lock();
            for flight in &state.flights {
                match (flight.stopping, flight.deadline) {
                    (Some((reason, kill_at)), _) if kill_at <= now => kill = Some(reason),
                    (Some((_, kill_at)), _) => at(kill_at),
                    (None, Some(deadline)) if deadline <= now => overdue.push(flight.id),
                    (None, Some(deadline)) => at(deadline),
                    (None, None) => {}
                }
            }
            if kill.is_some() && state.killed.is_some() {
                kill = None;
            }
        }
        for id in overdue {
            at(now + self.shared.config.cancel_grace);
            self.expire(peer, id);
        }
        if let Some(reason) = kill {
            self.shared.kill(peer, reason);
        }
        next
    }

    /// The deadline of a call has passed: its handle is told now, and the worker has the grace to notice.
    fn expire(&self, peer: &Arc<Peer>, id: u64) {
        self.shared.stop(id, KillReason::Deadline);
        let call = {
            let mut state = peer.lock();
            state.flights.iter_mut().find(|flight| flight.id == id).and_then(|flight| flight.call.take())
        };
        if let Some(call) = call {
            self.shared.metrics.add(peer.index, par_core::Counter::Failed, 1);
            call.fail(TaskError::DeadlineExceeded);
            self.shared.settled(1);
        }
    }

    /// Looks at heartbeats and start timeouts; when is the next look?
    fn check_processes(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let stall = self.shared.config.stall_timeout;
        let mut next = None;
        for process in &mut self.processes {
            let standing = process.peer.lock().standing;
            let due = if standing == Standing::Starting {
                if process.ready_by <= now {
                    self.shared.kill(&process.peer, KillReason::StartTimeout);
                    None
                } else {
                    process.beat.1 = now;
                    Some(process.ready_by)
                }
            } else {
                stall.map(|stall| {
                    let beat = process.peer.board.beat();
                    if beat != process.beat.0 {
                        process.beat = (beat, now);
                    }
                    if now >= process.beat.1 + stall {
                        self.shared.kill(&process.peer, KillReason::Stalled);
                    }
                    now + (stall / 4).min(Duration::from_secs(1))
                })
            };
            next = next.into_iter().chain(due).min();
        }
        next
    }

    /// Waits for a death, the bell, or that time.
    fn sleep(&self, until: Option<Instant>) {
        let timeout = until.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }
        });
        let mut fds = vec![PollFd::new(&self.shared.bell, PollFlags::IN)];
        fds.extend(self.processes.iter().map(|process| PollFd::new(&process.peer.pidfd, PollFlags::IN)));
        // An interruption is a look too early, and harmless.
        let _ = poll(&mut fds, timeout.as_ref());
    }

    /// Takes the dead from the process table.
    fn reap(&mut self) {
        let mut place = 0;
        while place < self.processes.len() {
            let process = &mut self.processes[place];
            if !is_dead(&process.peer) {
                place += 1;
                continue;
            }
            // Before the reaping, while the number of the group cannot be another's: what its tasks left behind.
            if let Some(group) = Pid::from_raw(process.peer.pid as i32) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let exit = Exit::of(&mut process.child);
            let process = self.processes.swap_remove(place);
            process.peer.set_exit(exit);
        }
    }
}

fn is_dead(peer: &Peer) -> bool {
    let mut fds = [PollFd::new(&peer.pidfd, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(ready) if ready > 0)
}
