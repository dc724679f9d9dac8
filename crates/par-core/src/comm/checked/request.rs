//! Requests of a checked communicator.

use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use super::members::Members;
use super::op::MessageOp;
use super::world::World;
use crate::comm::{CommError, Completed, Datum, Pending, Request, Tag};

/// A request that is known to its world as long as it is under way.
struct Known<'c, T: Datum> {
    /// Nothing once it is waited for or cancelled.
    inner: Option<Box<dyn Pending<T> + 'c>>,
    world: &'c World,
    members: &'c Rc<Members>,
    number: usize,
    op: MessageOp,
}

/// Makes a request of the communicator below known.
pub(super) fn known<'c, T: Datum>(
    request: Request<'c, T>,
    op: MessageOp,
    world: &'c World,
    members: &'c Rc<Members>,
) -> Request<'c, T> {
    let number = world.open(op.need(members), op);
    let inner = Some(request.into_pending());
    Request::new(Known { inner, world, members, number, op })
}

impl<'c, T: Datum> Known<'c, T> {
    fn take(&mut self) -> Box<dyn Pending<T> + 'c> {
        self.inner.take().expect("a request has its pending part until it is consumed")
    }

    fn here(&self) -> &(dyn Pending<T> + 'c) {
        &**self.inner.as_ref().expect("a request has its pending part until it is consumed")
    }
}

impl<T: Datum> Pending<T> for Known<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        self.inner.as_mut().expect("a request has its pending part until it is consumed").test()
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        let done = self.take().wait();
        let done = done.map_err(|error| self.world.explain(error, self.members));
        if self.op.receives {
            match &done {
                Ok(Completed { status, .. }) => {
                    self.world.add_received(self.members, status.source, status.tag);
                }
                // It was taken all the same.
                Err(CommError::Truncated { from, tag, .. } | CommError::WrongType { from, tag, .. }) => {
                    self.world.add_received(self.members, *from, Tag(*tag));
                }
                Err(_) => {}
            }
        }
        done
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        let op = self.op;
        if op.receives && self.test().unwrap_or(false) {
            // Too late: the message that nobody will see was received, and what it was is told by a wait.
            return match self.wait() {
                Ok(_) | Err(CommError::Truncated { .. } | CommError::WrongType { .. }) => Ok(false),
                Err(error) => Err(error),
            };
        }
        let cancelled = self.take().cancel()?;
        if let (Some(peer), Some(tag)) = (op.peer, op.tag) {
            match (op.receives, cancelled) {
                (true, false) => self.world.add_received(self.members, peer, tag),
                (false, true) => self.world.take_back_sent(self.members, peer, tag),
                _ => {}
            }
        }
        Ok(cancelled)
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        // The operation goes on after the pause, unless the wait ends here.
        self.here().pause(waited).inspect_err(|_| self.world.leave())
    }

    fn is_alone(&self) -> bool {
        self.here().is_alone()
    }

    fn awaited(&self, at: &'static Location<'static>, place: usize) {
        self.here().awaited(at, place);
        self.world.await_request(self.number, self.members, at, place);
    }
}

impl<T: Datum> Drop for Known<'_, T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.world.drop_request(self.number);
            drop(inner);
        }
        self.world.leave();
        self.world.close(self.number);
    }
}
