//! Messages under way.

use std::time::Duration;

use par_core::comm::{CommError, Completed, Datum, Pending, Status};

use super::MpiComm;
use crate::native::operation::Operation;
use crate::world::is_unwinding;

/// A send.
pub(super) struct Sending<'c, T: Datum> {
    pub(super) comm: &'c MpiComm,
    pub(super) operation: Option<Operation<Vec<T>>>,
    /// What was sent to whom.
    pub(super) status: Status,
}

/// A receive.
pub(super) struct Receiving<'c, T: Datum> {
    pub(super) comm: &'c MpiComm,
    pub(super) operation: Option<Operation<Vec<T>>>,
}

const CONSUMED: &str = "an operation is there until its request is consumed";

/// Waits for an operation, as patiently as the communicator is.
pub(super) fn finish<B>(comm: &MpiComm, operation: &mut Operation<B>, what: &str) -> Result<(), CommError> {
    if comm.polls() {
        return comm.until(what, || Ok(operation.test().then_some(())));
    }
    operation.wait();
    Ok(())
}

impl<T: Datum> Pending<T> for Sending<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(self.operation.as_mut().expect(CONSUMED).test())
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        // Where the wait is given up, the destructor keeps what MPI still sends.
        finish(self.comm, self.operation.as_mut().expect(CONSUMED), "the wait for a send")?;
        let operation = self.operation.take().expect(CONSUMED);
        operation.outcome()?;
        Ok(Completed { data: operation.into_buffers().unwrap_or_default(), status: self.status })
    }

    fn cancel(self: Box<Self>) -> Result<bool, CommError> {
        // MPI has deprecated the cancelling of sends: the message goes on, from memory that is kept for it.
        Ok(false)
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

impl<T: Datum> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation.take() {
            self.comm.session.keep(operation);
        }
    }
}

impl<T: Datum> Pending<T> for Receiving<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(self.operation.as_mut().expect(CONSUMED).test())
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        finish(self.comm, self.operation.as_mut().expect(CONSUMED), "the wait for a receive")?;
        let operation = self.operation.take().expect(CONSUMED);
        let status = operation.received()?;
        let mut data = operation.into_buffers().unwrap_or_default();
        data.truncate(whole::<T>(status)?);
        Ok(Completed { data, status })
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        self.operation.take().expect(CONSUMED).cancel()
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

impl<T: Datum> Drop for Receiving<'_, T> {
    fn drop(&mut self) {
        if let Some(mut operation) = self.operation.take()
            && (is_unwinding() || operation.cancel().is_err())
        {
            self.comm.session.keep(operation);
        }
    }
}

/// How many elements came.
#[inline]
pub(super) fn whole<T: Datum>(status: Status) -> Result<usize, CommError> {
    status.count::<T>().ok_or(CommError::WrongType {
        from: status.source,
        tag: status.tag.0,
        bytes: status.bytes,
        element: size_of::<T>(),
    })
}
