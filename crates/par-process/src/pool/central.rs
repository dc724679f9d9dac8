//! The queue, the pool's fate, and the workers' places.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use par_core::{Level, Priority};

use super::call::Call;
use super::peer::Peer;
use crate::error::PoolError;

/// The queue and the pool's fate.
#[derive(Default)]
pub(super) struct Central {
    /// High, normal, low.
    lanes: [VecDeque<Call>; 3],
    /// Tasks that were taken and have no outcome.
    pub(super) unfinished: usize,
    /// Workers with room whose feeders sleep.
    pub(super) hungry: Vec<Arc<Peer>>,
    pub(super) submitters: usize,
    pub(super) closing: Option<Level>,
    /// No worker is to be started any more.
    pub(super) ending: bool,
    pub(super) broken: Option<String>,
    pub(super) started: Startup,
    /// Worker processes, and threads that bury them.
    pub(super) alive: usize,
}

/// How far the constructor is.
#[derive(Default)]
pub(super) struct Startup {
    pub(super) ready: usize,
    pub(super) failure: Option<PoolError>,
    pub(super) over: bool,
}

/// One worker's place, which outlives its processes.
#[derive(Default)]
pub(super) struct Place {
    pub(super) current: Option<Arc<Peer>>,
    pub(super) standby: Option<Arc<Peer>>,
    /// Processes in a row that died without having worked.
    pub(super) failures: u32,
    /// When the next process is to be started.
    pub(super) start_at: Option<Instant>,
}

impl Central {
    pub(super) fn queued(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    pub(super) fn push(&mut self, call: Call) {
        self.lanes[lane(&call)].push_back(call);
    }

    pub(super) fn pop(&mut self) -> Option<Call> {
        self.lanes.iter_mut().find_map(VecDeque::pop_front)
    }

    pub(super) fn push_front(&mut self, call: Call) {
        self.lanes[lane(&call)].push_front(call);
    }

    /// The hungry worker that holds least.
    pub(super) fn pop_hungry(&mut self) -> Option<Arc<Peer>> {
        let place = match self.hungry.len() {
            0 => return None,
            1 => 0,
            _ => {
                let held = |(_, peer): &(usize, &Arc<Peer>)| peer.lock().flights.len();
                self.hungry.iter().enumerate().min_by_key(held).map(|(place, _)| place)?
            }
        };
        Some(self.hungry.swap_remove(place))
    }

    /// Everything that is queued.
    pub(super) fn take_all(&mut self) -> Vec<Call> {
        self.lanes.iter_mut().flat_map(std::mem::take).collect()
    }

    /// The queued call of that number.
    pub(super) fn take_one(&mut self, id: u64) -> Option<Call> {
        self.lanes.iter_mut().find_map(|lane| {
            let place = lane.iter().position(|call| call.id == id)?;
            lane.remove(place)
        })
    }

    pub(super) fn take_from(&mut self, origin: &Peer) -> Vec<Call> {
        let mut taken = Vec::new();
        for lane in &mut self.lanes {
            if lane.iter().any(|call| call.is_from(origin)) {
                let (theirs, others) =
                    std::mem::take(lane).into_iter().partition(|call| call.is_from(origin));
                *lane = others;
                taken.extend::<VecDeque<Call>>(theirs);
            }
        }
        taken
    }
}

/// Which lane a call waits in.
fn lane(call: &Call) -> usize {
    match call.priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}
