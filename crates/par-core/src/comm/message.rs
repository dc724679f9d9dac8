//! A message that was probed, and can no longer be received by anybody else.

use super::{CommError, Datum, Parcel, Status};

/// A message that has been matched and not yet been received: what MPI's `Mprobe` yields.
///
/// Nobody else can receive it, so its length can be trusted; that is what makes the pair of probe and receive safe.
/// A message that is dropped is received and thrown away.
#[must_use = "the message is thrown away when this is dropped"]
pub struct Message<'c> {
    status: Status,
    arrived: Box<dyn Arrived + 'c>,
}

/// A matched message as a transport sees it.
pub trait Arrived {
    /// Copies the message out; `bytes` is exactly as long as it is.
    ///
    /// # Errors
    /// What the transport says.
    fn take(self: Box<Self>, bytes: &mut [u8]) -> Result<(), CommError>;

    /// The message's own buffer, a `Vec` of exactly what was sent, where the transport moved one; it is gone then.
    fn take_whole(&mut self) -> Option<Box<dyn Parcel>> {
        None
    }
}

impl<'c> Message<'c> {
    /// A message of a transport.
    pub fn new(status: Status, arrived: impl Arrived + 'c) -> Self {
        Self { status, arrived: Box::new(arrived) }
    }

    /// Who sent it, with which tag, and how long it is.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Receives it into a buffer of its own.
    ///
    /// # Errors
    /// [`CommError::WrongType`] when it is no whole number of `T`.
    pub fn recv<T: Datum>(mut self) -> Result<(Vec<T>, Status), CommError> {
        let status = self.status;
        let Some(count) = status.count::<T>() else { return Err(wrong_type::<T>(status)) };
        let whole = match self.arrived.take_whole().map(<dyn Parcel>::into_vec::<T>) {
            Some(Ok(data)) => return Ok((data, status)),
            // Sent as another type: the bytes are what counts.
            Some(Err(other)) => Some(other),
            None => None,
        };
        let mut data = vec![T::zeroed(); count];
        let bytes = bytemuck::cast_slice_mut(&mut data);
        match whole {
            Some(whole) => bytes.copy_from_slice(whole.bytes()),
            None => self.arrived.take(bytes)?,
        }
        Ok((data, status))
    }

    /// Receives it into `buf`, and says how much came.
    ///
    /// # Errors
    /// [`CommError::Truncated`] when it is longer than `buf`, [`CommError::WrongType`] when it is no whole number of
    /// `T`; the message is thrown away.
    pub fn recv_into<T: Datum>(self, buf: &mut [T]) -> Result<Status, CommError> {
        let status = self.status;
        let Some(count) = status.count::<T>() else { return Err(wrong_type::<T>(status)) };
        let room = size_of_val(buf);
        let Some(buf) = buf.get_mut(..count) else {
            return Err(CommError::Truncated {
                from: status.source,
                tag: status.tag.0,
                got: status.bytes,
                room,
            });
        };
        self.arrived.take(bytemuck::cast_slice_mut(buf))?;
        Ok(status)
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("status", &self.status).finish_non_exhaustive()
    }
}

fn wrong_type<T>(status: Status) -> CommError {
    CommError::WrongType {
        from: status.source,
        tag: status.tag.0,
        bytes: status.bytes,
        element: size_of::<T>(),
    }
}
