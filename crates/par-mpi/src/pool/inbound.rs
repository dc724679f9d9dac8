//! What workers tell the driver.

use std::time::{Duration, Instant};

use par_core::comm::Communicator;
use par_core::plumbing::call_name;
use par_core::{Counter, Priority};

use super::PoolError;
use super::call::{Call, Forwarded, Work};
use super::driver::Driver;
use super::peer::Standing;
use super::wire::{Garbled, Kind, Record, Records};

impl<C: Communicator> Driver<'_, C> {
    /// Does what a message of a worker says.
    pub(super) fn handle(&mut self, worker: usize, message: Vec<u8>) -> Result<(), PoolError> {
        let rank = self.peers[worker].rank;
        for record in Records::of(message) {
            let handled = record.and_then(|record| self.handle_record(worker, record));
            handled.map_err(|Garbled| PoolError::Garbled { rank })?;
        }
        Ok(())
    }

    fn handle_record(&mut self, worker: usize, record: Record) -> Result<(), Garbled> {
        let peer = &mut self.peers[worker];
        match record.kind {
            Kind::Ready if peer.standing == Standing::Starting => {
                peer.standing = Standing::Up;
                self.shared.state().ready += 1;
                self.shared.changed.notify_all();
            }
            // It was sent home before it was ready.
            Kind::Ready => {}
            Kind::Unfit => {
                let reason = String::from_utf8_lossy(&record.body);
                let reason = format!("the initializer failed on rank {}: {reason}", peer.rank);
                self.break_down(&reason);
            }
            Kind::Reply => {
                self.shared.metrics.add(worker, Counter::BytesReceived, record.body.len() as u64);
                if let Some(call) = peer.land(record.id).and_then(|flight| flight.call) {
                    self.complete(call, worker, &record.body);
                }
            }
            Kind::Recalled => {
                if let Some(call) = peer.land(record.id).and_then(|flight| flight.call) {
                    self.recalled(call);
                }
            }
            Kind::Progress => {
                let flight = peer.flights.iter().find(|flight| flight.id == record.id);
                if let Some(job) = flight.and_then(|flight| flight.call.as_ref()?.job()) {
                    let bits = u32::try_from(record.first).map_err(|_| Garbled)?;
                    job.set_progress(f32::from_bits(bits));
                }
            }
            Kind::Blocked => peer.blocked = usize::try_from(record.first).map_err(|_| Garbled)?,
            Kind::Nested => self.nested(worker, record)?,
            Kind::CancelNested => {
                if let Some(id) = peer.nested.get(&record.id).copied() {
                    self.stop_nested(id);
                }
            }
            Kind::Bye => {
                peer.standing = Standing::Gone;
                peer.flights.clear();
                // It has received everything, so this does not wait; what a transport says now harms nobody.
                peer.sends.drain(..).for_each(|send| drop(send.wait()));
            }
            Kind::Call | Kind::Cancel | Kind::Recall | Kind::NestedReply | Kind::Quit => return Err(Garbled),
        }
        Ok(())
    }

    /// A worker has given a call back that it had not begun.
    fn recalled(&mut self, call: Call) {
        if call.is_cancelled() || call.is_overdue() || call.unwanted || self.is_cancelling() {
            let error = call.stopped();
            self.fail(call, error, None);
        } else {
            self.shared.metrics.add(self.shared.callers(), Counter::Stolen, 1);
            self.shared.state().push_front(call);
        }
    }

    /// The task that submitted a call wants it no more.
    fn stop_nested(&mut self, id: u64) {
        for peer in &mut self.peers {
            for flight in peer.flights.iter_mut().filter(|flight| flight.id == id) {
                if let Some(call) = &mut flight.call {
                    call.unwanted = true;
                }
            }
        }
        self.stop(id);
    }

    /// A task of this worker submits a task.
    fn nested(&mut self, origin: usize, record: Record) -> Result<(), Garbled> {
        let bytes = record.body;
        let name = call_name(&bytes).map_err(|_| Garbled)?.to_owned();
        let priority = match record.first & 0xff {
            0 => Priority::Low,
            1 => Priority::Normal,
            _ => Priority::High,
        };
        let retries = match record.first >> 8 {
            0 => self.shared.settings.retries,
            more => u32::try_from(more - 1).unwrap_or(u32::MAX),
        };
        let left = (record.second != u64::MAX).then(|| Duration::from_nanos(record.second));
        let deadline = left.and_then(|left| Instant::now().checked_add(left));
        let id = self.shared.next_id();
        let work = Work::Forwarded(Forwarded { name, origin, nested: record.id, bytes });
        let call = Call::new(id, work, retries, deadline, priority);
        self.peers[origin].nested.insert(record.id, id);
        self.shared.take_forwarded(call);
        Ok(())
    }
}
