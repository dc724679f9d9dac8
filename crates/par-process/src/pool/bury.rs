//! What becomes of the calls of a worker that died, and of its place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::{Counter, Level, TaskError, WorkerLost};

use super::call::Call;
use super::peer::{Flight, Peer, Standing};
use super::reader;
use super::shared::Shared;
use crate::error::PoolError;
use crate::event::{Exit, KillReason, LostTask, WorkerEventKind};
use crate::spawn::EXIT_NO_INIT;

/// So many processes in a row may die at one place without having worked.
const FAILURES_MAX: u32 = 6;
/// The wait before the second try; doubled for each one after.
const BACKOFF: Duration = Duration::from_millis(10);

/// Settles everything that the dead worker held, and sees that its place is filled again.
pub(super) fn bury(shared: &Shared, peer: &Arc<Peer>, exit: Exit) {
    let (flights, before, killed, unfit) = {
        let mut state = peer.lock();
        let before = std::mem::replace(&mut state.standing, Standing::Gone);
        (std::mem::take(&mut state.flights), before, state.killed, state.unfit.take())
    };
    peer.wake();
    shared.not_hungry(peer);
    let failed_start = before == Standing::Starting;
    let departed = before == Standing::Quitting && flights.is_empty();
    let losses = settle_flights(shared, peer, exit, flights);
    let fatal = losses.fatal_for_pool(shared, departed || failed_start, exit, peer);
    if failed_start {
        let error = start_error(shared, peer, exit, killed, unfit);
        let reason = error.with_causes();
        shared.events.record(peer.index, peer.pid, WorkerEventKind::StartFailed { reason });
        refill(shared, peer, Some(error));
    } else {
        if departed {
            shared.events.record(peer.index, peer.pid, WorkerEventKind::Recycled);
        } else {
            shared.metrics.add(peer.index, Counter::WorkersLost, 1);
            let idle_death = losses.tasks.is_empty() && killed.is_none();
            shared.events.record(peer.index, peer.pid, WorkerEventKind::Lost { exit, tasks: losses.tasks });
            let error = idle_death.then_some(PoolError::WorkerDied { worker: peer.index, exit });
            let error = error.filter(|_| peer.lock().completed == 0);
            refill(shared, peer, error);
        }
        if departed {
            refill(shared, peer, None);
        }
    }
    shared.stop_children(peer);
    shared.requeue(losses.again);
    for (call, error) in losses.failed {
        shared.metrics.add(peer.index, Counter::Failed, 1);
        call.fail(error);
        shared.settled(1);
    }
    if let Some(reason) = fatal {
        shared.break_down(&reason);
    }
    shared.central().alive -= 1;
    shared.changed.notify_all();
    shared.bell.ring();
}

/// What a death did to the calls.
struct Losses {
    tasks: Vec<LostTask>,
    /// To be run again, in order.
    again: Vec<Call>,
    failed: Vec<(Call, TaskError)>,
}

impl Losses {
    /// In strict mode the first unexpected death ends the pool.
    fn fatal_for_pool(&self, shared: &Shared, expected: bool, exit: Exit, peer: &Peer) -> Option<String> {
        let by_us = matches!(
            peer.lock().killed,
            Some(KillReason::Cancelled | KillReason::Deadline | KillReason::Shutdown)
        );
        if !shared.config.strict || expected || by_us {
            return None;
        }
        let tasks: Vec<&str> = self.tasks.iter().map(|task| task.task.as_str()).collect();
        let held = if tasks.is_empty() { "no task".to_owned() } else { format!("`{}`", tasks.join("`, `")) };
        Some(format!("worker {} {exit} while it held {held}, and the pool is strict", peer.index))
    }
}

fn settle_flights(shared: &Shared, peer: &Peer, exit: Exit, flights: Vec<Flight>) -> Losses {
    let (level, broken) = {
        let central = shared.central();
        (central.closing, central.broken.is_some())
    };
    let mut losses = Losses { tasks: Vec::new(), again: Vec::new(), failed: Vec::new() };
    for flight in flights {
        let begun = peer.board.has_begun(flight.slot, flight.id);
        let Some(mut call) = flight.call else { continue };
        if !begun {
            losses.again.push(call);
            continue;
        }
        let attempt = call.lost + 1;
        call.lost = attempt;
        let stopped = flight.stopping.is_some() || call.is_cancelled() || call.is_overdue();
        let killed = level.is_some_and(|level| level >= Level::Kill) && !broken;
        let retried = !stopped && !killed && !broken && !shared.config.strict && attempt <= call.retries;
        losses.tasks.push(LostTask { task: call.name().to_owned(), attempt, retried });
        if retried {
            shared.metrics.add(peer.index, Counter::Retried, 1);
            losses.again.push(call);
        } else {
            let error = if stopped || killed { call.stopped() } else { loss(&call, peer, exit) };
            losses.failed.push((call, error));
        }
    }
    losses
}

fn loss(call: &Call, peer: &Peer, exit: Exit) -> TaskError {
    let mut loss = WorkerLost::because(call.name(), exit.to_string());
    loss.worker = Some(peer.index);
    loss.attempts = call.lost;
    match exit {
        Exit::Code(code) => loss.exit_code = Some(code),
        Exit::Signal(signal) => loss.signal = Some(signal),
        Exit::Unknown => {}
    }
    if let Some(KillReason::Stalled) = peer.lock().killed {
        loss.reason = String::from("its heartbeat was silent for the stall timeout");
        loss.signal = None;
    }
    TaskError::WorkerLost(loss)
}

fn start_error(
    shared: &Shared,
    peer: &Peer,
    exit: Exit,
    killed: Option<KillReason>,
    unfit: Option<TaskError>,
) -> PoolError {
    let worker = peer.index;
    match (unfit, killed, exit) {
        (Some(error), _, _) => reader::unfit(error, worker),
        (None, Some(KillReason::StartTimeout), _) => {
            PoolError::StartTimeout { worker, waited: shared.config.start_timeout }
        }
        (None, Some(KillReason::Shutdown), _) => PoolError::ShutDown,
        (None, _, Exit::Code(EXIT_NO_INIT)) => PoolError::NotInitialised,
        (None, _, exit) => PoolError::WorkerDied { worker, exit },
    }
}

/// Puts the standby, or a new process, at the place of the dead one; `error` if it died without having worked.
fn refill(shared: &Shared, peer: &Arc<Peer>, error: Option<PoolError>) {
    let mut promoted = None;
    let failures = {
        let mut roster = shared.roster();
        let place = &mut roster[peer.index];
        let is = |known: &Option<Arc<Peer>>| known.as_ref().is_some_and(|known| Arc::ptr_eq(known, peer));
        if is(&place.standby) {
            place.standby = None;
        }
        if is(&place.current) {
            place.current = place.standby.take();
            promoted.clone_from(&place.current);
        }
        if error.is_some() {
            place.failures += 1;
        } else {
            place.failures = 0;
        }
        let delay = match place.failures {
            0 => Duration::ZERO,
            n => BACKOFF * 2_u32.pow((n - 1).min(7)),
        };
        if place.current.is_none() {
            place.start_at = Some(Instant::now() + delay);
        }
        place.failures
    };
    if let Some(peer) = promoted {
        {
            let mut state = peer.lock();
            if state.standing == Standing::Standby {
                state.standing = Standing::Up;
            }
        }
        peer.wake();
    }
    if let Some(error) = error {
        start_failed(shared, error, failures);
    }
}

/// A pool that is being constructed gives up at the first failure, a running one after several.
fn start_failed(shared: &Shared, error: PoolError, failures: u32) {
    let reason = error.with_causes();
    let mut central = shared.central();
    if !central.started.over {
        central.started.failure.get_or_insert(error);
        drop(central);
        shared.changed.notify_all();
        return;
    }
    let hopeless =
        matches!(error, PoolError::Initializer { .. } | PoolError::Setup { .. } | PoolError::NotInitialised);
    drop(central);
    if hopeless || failures >= FAILURES_MAX {
        shared.break_down(&reason);
    }
}
