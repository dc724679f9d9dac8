//! Requests of a counted communicator.

use std::panic::Location;
use std::time::Duration;

use super::tally::Tally;
use crate::comm::{CommError, Completed, Datum, Pending, Rank, Request};

/// A receive under way: when it has ended, it is known what came.
struct Receiving<'c, T: Datum> {
    inner: Box<dyn Pending<T> + 'c>,
    tally: &'c Tally,
    members: &'c [Rank],
}

pub(super) fn receiving<'c, T: Datum>(
    request: Request<'c, T>,
    tally: &'c Tally,
    members: &'c [Rank],
) -> Request<'c, T> {
    Request::new(Receiving { inner: request.into_pending(), tally, members })
}

impl<T: Datum> Pending<T> for Receiving<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        self.inner.test()
    }

    fn wait(self: Box<Self>) -> Result<Completed<T>, CommError> {
        let done = self.inner.wait().inspect_err(|error| self.tally.add_taken(self.members, error))?;
        self.tally.add_received(self.members[done.status.source], done.status.bytes);
        Ok(done)
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        if !self.test().unwrap_or(false) {
            return self.inner.cancel();
        }
        // Too late: a wait tells what nobody will see.
        match self.wait() {
            Ok(_) | Err(CommError::Truncated { .. } | CommError::WrongType { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.inner.pause(waited)
    }

    fn is_alone(&self) -> bool {
        self.inner.is_alone()
    }

    fn awaited(&self, at: &'static Location<'static>, place: usize) {
        self.inner.awaited(at, place);
    }
}
