//! Requests of the engine.

use std::marker::PhantomData;
use std::time::Duration;

use super::channel::{Channel, Wanted, copy_head};
use super::endpoint::{Lent, Outgoing, Stage};
use super::keyed::Key;
use super::transport::Transport;
use crate::comm::{CommError, Completed, Datum, Parcel, Pending, Rank, Status};

/// A send under way. Dropped, it waits for its end; in a panic it gives up, as nobody may wait then.
pub(super) struct Sending<'c, T: Transport, D> {
    channel: &'c Channel<T>,
    /// Until its end was seen.
    key: Option<Key>,
    to: Rank,
    status: Status,
    of: PhantomData<Vec<D>>,
}

/// A receive under way. Dropped, it is taken back, or its message is thrown away.
pub(super) struct Receiving<'c, T: Transport, D> {
    channel: &'c Channel<T>,
    key: Option<Key>,
    wanted: Wanted,
    room: usize,
    of: PhantomData<Vec<D>>,
}

impl<'c, T: Transport, D: Datum> Sending<'c, T, D> {
    pub(super) fn new(channel: &'c Channel<T>, key: Key, to: Rank, status: Status) -> Self {
        Self { channel, key: Some(key), to, status, of: PhantomData }
    }
}

impl<'c, T: Transport, D: Datum> Receiving<'c, T, D> {
    pub(super) fn new(channel: &'c Channel<T>, key: Key, wanted: Wanted, room: usize) -> Self {
        Self { channel, key: Some(key), wanted, room, of: PhantomData }
    }
}

impl<T: Transport, D: Datum> Pending<D> for Sending<'_, T, D> {
    fn test(&mut self) -> Result<bool, CommError> {
        let Some(key) = self.key else { return Ok(true) };
        self.channel
            .test(&[self.to], |endpoint| endpoint.sends.get(key).is_none_or(|send| send.stage == Stage::Done))
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<D>, CommError> {
        let parcel = match self.key.take() {
            Some(key) => self.channel.finish_send(key, self.to, &mut Lent::default())?,
            None => None,
        };
        let data = parcel.and_then(|parcel| parcel.into_vec().ok()).unwrap_or_default();
        Ok(Completed { data, status: self.status })
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        let Some(key) = self.key else { return Ok(false) };
        let mut endpoint = self.channel.shared.0.borrow_mut();
        let this = endpoint.rank;
        // What this rank has sent to itself and not received has not begun either.
        let waits = |send: &Outgoing| {
            send.stage == Stage::Queued || (send.stage == Stage::Announced && send.to == this)
        };
        if endpoint.sends.get(key).is_some_and(waits) {
            endpoint.withdraw(key);
            drop(endpoint);
            self.key = None;
            return Ok(true);
        }
        drop(endpoint);
        self.wait().map(|_| false)
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.channel.pause(&[self.to], waited)
    }

    fn is_alone(&self) -> bool {
        self.channel.is_alone(&[self.to])
    }
}

impl<T: Transport, D> Drop for Sending<'_, T, D> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        if std::thread::panicking() {
            self.channel.shared.0.borrow_mut().withdraw(key);
        } else {
            // What ended it will end the next operation, too.
            self.channel.finish_send(key, self.to, &mut Lent::default()).ok();
        }
    }
}

impl<T: Transport, D: Datum> Pending<D> for Receiving<'_, T, D> {
    fn test(&mut self) -> Result<bool, CommError> {
        let Some(key) = self.key else { return Ok(true) };
        self.channel.test(self.wanted.from(&self.channel.group), |endpoint| {
            endpoint.receives.get(key).is_none_or(super::endpoint::Incoming::is_done)
        })
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<D>, CommError> {
        let key = self.key.take().expect("a request is waited for once");
        self.channel.finish_receive(key, &self.wanted, &mut Lent::default())?;
        let incoming = self.channel.shared.0.borrow_mut().receives.remove(key);
        let incoming = incoming.expect("a receive stays until its end was seen");
        let status = self.channel.status(&incoming.envelope.expect("a receive that is done has its message"));
        if status.bytes > self.room {
            return Err(CommError::Truncated {
                from: status.source,
                tag: status.tag.0,
                got: status.bytes,
                room: self.room,
            });
        }
        let count = unless_wrong_type::<D>(status)?;
        let buffer = incoming.buffer.expect("the receive of a request has a buffer");
        let mut data = buffer.into_vec::<D>().unwrap_or_default();
        match incoming.whole.map(<dyn Parcel>::into_vec::<D>) {
            Some(Ok(whole)) => return Ok(Completed { data: whole, status }),
            Some(Err(other)) => copy_head(other.bytes(), bytemuck::cast_slice_mut(&mut data)),
            None => {}
        }
        data.truncate(count);
        Ok(Completed { data, status })
    }

    fn cancel(mut self: Box<Self>) -> Result<bool, CommError> {
        let Some(key) = self.key.take() else { return Ok(false) };
        Ok(self.channel.shared.0.borrow_mut().abandon(key))
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.channel.pause(self.wanted.from(&self.channel.group), waited)
    }

    fn is_alone(&self) -> bool {
        self.channel.is_alone(self.wanted.from(&self.channel.group))
    }
}

impl<T: Transport, D> Drop for Receiving<'_, T, D> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.channel.shared.0.borrow_mut().abandon(key);
        }
    }
}

/// How many elements a message holds.
pub(super) fn unless_wrong_type<D: Datum>(status: Status) -> Result<usize, CommError> {
    status.count::<D>().ok_or(CommError::WrongType {
        from: status.source,
        tag: status.tag.0,
        bytes: status.bytes,
        element: size_of::<D>(),
    })
}
