//! What the driver gives to workers.

use std::time::{Duration, Instant};

use par_core::comm::Communicator;
use par_core::{Counter, Phase};

use super::call::Call;
use super::driver::Driver;
use super::peer::{Peer, Standing};
use super::wire::{Kind, Record};

/// A task that has run for so long keeps those behind it from other workers.
const STALE: Duration = Duration::from_millis(2);

impl<C: Communicator> Driver<'_, C> {
    /// Gives queued calls to the workers that hold least, as long as any may hold more.
    pub(super) fn dispatch(&mut self) -> bool {
        let mut worked = false;
        while let Some(worker) = self.least_loaded() {
            let Some(call) = self.shared.pop() else { break };
            worked = true;
            if call.begin() {
                self.launch(call, worker);
            } else {
                // Its handle is done, cancelled or expired; a nested call's is told.
                let error = call.stopped();
                self.fail(call, error, None);
            }
        }
        worked
    }

    fn least_loaded(&self) -> Option<usize> {
        let settings = &self.shared.settings;
        let loads = self
            .peers
            .iter()
            .filter_map(|peer| peer.load(settings.ahead, settings.most_ahead).map(|load| (load, peer.index)));
        loads.min_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, index)| index)
    }

    fn launch(&mut self, mut call: Call, worker: usize) {
        self.shared.hook(&mut call);
        let begun = Instant::now();
        let outbox = &mut self.peers[worker].outbox;
        let encoded = call.encoded_size().and_then(|size| {
            outbox.push_with(Kind::Call, [call.id, 0, 0], size, |buffer| call.encode(buffer))
        });
        self.shared.metrics.add_time(worker, Phase::Encode, begun.elapsed());
        match encoded {
            Ok(written) => {
                self.shared.metrics.add(worker, Counter::BytesSent, written as u64);
                let unknown = self.shared.settings.ahead.as_nanos() as f64;
                let expected = self.estimates.expected(call.name()).unwrap_or(unknown);
                self.peers[worker].launch(call, expected);
            }
            Err(error) => self.fail(call, error, Some(worker)),
        }
    }

    /// Asks calls back from workers that will not come to them soon, while another has nothing to do.
    pub(super) fn balance(&mut self) {
        let idle = |peer: &Peer<'_>| peer.standing == Standing::Up && peer.active() == 0;
        if !self.peers.iter().any(idle) || self.shared.state().queued() > 0 {
            return;
        }
        for peer in &mut self.peers {
            for id in peer.surplus(STALE) {
                peer.outbox.push(&Record::new(Kind::Recall, id));
            }
        }
    }
}
