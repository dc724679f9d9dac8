//! A worker's side.
//!
//! | thread | what it does | what it may block in |
//! |---|---|---|
//! | communicating: the one that called `serve` | receives, sends, publishes progress | naps of the back-off |
//! | computing | runs calls, one inside the other while a task waits for its children | tasks of users, its inbox |

mod forward;
mod helper;
mod inbox;
mod station;

use std::num::NonZeroUsize;
use std::time::Duration;

use par_core::comm::{CommError, Communicator, Request};

use super::PoolError;
use super::backoff::Backoff;
use super::builder::MpiPoolBuilder;
use super::wire::{Kind, Outbox, Record, TAG};
pub(super) use station::Station;

/// How long a task may take to heed the end of the pool.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Works until rank 0 says that it is over.
pub(super) fn work<C: Communicator>(comm: &C, builder: MpiPoolBuilder) -> Result<(), PoolError> {
    let longest_nap = builder.settings.longest_nap;
    let workers = NonZeroUsize::new(comm.size() - 1).expect("rank 0 is not the only one");
    let mut resident = Station::start(comm.rank() - 1, workers, builder)?;
    let mut messenger = Messenger { comm, outbox: Outbox::default(), sends: Vec::new() };
    let mut backoff = Backoff::new(longest_nap);
    let ended = loop {
        match messenger.step(&resident.station) {
            Ok(Step::Worked) => backoff.reset(),
            Ok(Step::Idle) => backoff.wait(),
            Ok(Step::Over) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    resident.let_go();
    if ended.is_ok() {
        // Replies that nobody waits for any more are not sent; rank 0 may even be gone by now.
        let mut bye = Outbox::default();
        bye.push(&Record::new(Kind::Bye, 0));
        messenger.outbox = bye;
        let _ = messenger.send();
    }
    ended
}

enum Step {
    Worked,
    Idle,
    Over,
}

struct Messenger<'c, C: Communicator> {
    comm: &'c C,
    outbox: Outbox,
    sends: Vec<Request<'c, u8>>,
}

impl<C: Communicator> Messenger<'_, C> {
    fn step(&mut self, station: &Station) -> Result<Step, PoolError> {
        let mut worked = false;
        while let Some(message) = self.comm.try_matched_probe(0, TAG)? {
            let (message, _) = message.recv::<u8>()?;
            if station.accept(message).map_err(|_| PoolError::Garbled { rank: 0 })? {
                return Ok(Step::Over);
            }
            worked = true;
        }
        station.collect(&mut self.outbox);
        worked |= self.send()?;
        Ok(if worked { Step::Worked } else { Step::Idle })
    }

    fn send(&mut self) -> Result<bool, CommError> {
        let worked = !self.outbox.is_empty();
        while let Some(message) = self.outbox.pop() {
            self.sends.push(self.comm.isend(message, 0, TAG)?);
        }
        reap(&mut self.sends)?;
        Ok(worked)
    }
}

/// Forgets the sends that are done.
pub(super) fn reap(sends: &mut Vec<Request<'_, u8>>) -> Result<(), CommError> {
    let mut place = 0;
    while place < sends.len() {
        if sends[place].test()? {
            // Done, so this does not wait.
            sends.swap_remove(place).wait()?;
        } else {
            place += 1;
        }
    }
    Ok(())
}
