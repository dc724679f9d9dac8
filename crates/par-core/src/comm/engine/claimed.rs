//! A message that was matched by a probe.

use super::channel::{Channel, Wanted, copy_head};
use super::endpoint::{Lent, MESSAGE_CREDIT, Place, Unexpected};
use super::frame::from_words;
use super::keyed::Key;
use super::transport::{Parcel, Transport};
use crate::comm::{Arrived, CommError, Envelope};

/// See [`Arrived`].
pub(super) struct Claimed<'c, T: Transport> {
    channel: &'c Channel<T>,
    envelope: Envelope,
    /// The message, until it is received.
    message: Option<Unexpected>,
    /// Why it could not be taken whole.
    error: Option<CommError>,
}

impl<'c, T: Transport> Claimed<'c, T> {
    pub(super) fn new(channel: &'c Channel<T>, envelope: Envelope, message: Unexpected) -> Self {
        Self { channel, envelope, message: Some(message), error: None }
    }

    fn wanted(&self) -> Wanted {
        Wanted::this(&self.envelope)
    }

    /// Its memory here is about to be free.
    fn give_back(&self, credit: u64) {
        self.channel.shared.0.borrow_mut().give_credit(self.envelope.source, credit);
    }

    /// The receive begins now; the credit that it frees.
    fn begin(&self, key: Key, place: Place) {
        let mut endpoint = self.channel.shared.0.borrow_mut();
        let mut credit = 0;
        if let Some(incoming) = endpoint.receives.get_mut(key) {
            credit = std::mem::take(&mut incoming.credit);
            if incoming.whole.is_none() {
                incoming.place = place;
                incoming.kept = place == Place::Nowhere;
            }
        }
        endpoint.give_credit(self.envelope.source, credit);
        endpoint.want(key);
    }

    /// The send of this message has failed meanwhile, and its memory is gone.
    fn withdrawn(&self) -> CommError {
        CommError::RankLost { rank: self.envelope.source, reason: "it withdrew its message".to_owned() }
    }

    fn own(&self, send: Key) -> Option<Box<dyn Parcel>> {
        self.channel.shared.0.borrow_mut().take_own(send)
    }
}

impl<T: Transport> Arrived for Claimed<'_, T> {
    fn take(mut self: Box<Self>, bytes: &mut [u8]) -> Result<(), CommError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        match self.message.take() {
            None => {}
            Some(Unexpected::Short(words)) => {
                from_words(&words, bytes);
                self.give_back(MESSAGE_CREDIT);
            }
            Some(Unexpected::Own(send)) => {
                let parcel = self.own(send).ok_or_else(|| self.withdrawn())?;
                copy_head(parcel.bytes(), bytes);
            }
            Some(Unexpected::Kept(key)) => {
                self.begin(key, Place::Lent);
                let mut lent = Lent { send: None, receive: Some((key, bytes)) };
                self.channel.finish_lent(key, &self.wanted(), &mut lent)?;
            }
        }
        Ok(())
    }

    fn take_whole(&mut self) -> Option<Box<dyn Parcel>> {
        match self.message {
            Some(Unexpected::Own(send)) => {
                self.message = None;
                let own = self.own(send);
                if own.is_none() {
                    self.error = Some(self.withdrawn());
                }
                own
            }
            Some(Unexpected::Kept(key)) => {
                let endpoint = self.channel.shared.0.borrow();
                let comes_whole = endpoint
                    .receives
                    .get(key)
                    .is_some_and(|incoming| incoming.whole.is_some() || incoming.gives);
                drop(endpoint);
                if !comes_whole {
                    return None;
                }
                self.message = None;
                self.begin(key, Place::Nowhere);
                match self.channel.finish_receive(key, &self.wanted(), &mut Lent::default()) {
                    Ok(()) => {
                        let mut endpoint = self.channel.shared.0.borrow_mut();
                        endpoint.receives.remove(key).and_then(|incoming| incoming.whole)
                    }
                    Err(error) => {
                        self.error = Some(error);
                        None
                    }
                }
            }
            Some(Unexpected::Short(_)) | None => None,
        }
    }
}

impl<T: Transport> Drop for Claimed<'_, T> {
    fn drop(&mut self) {
        match self.message.take() {
            None => {}
            Some(Unexpected::Short(_)) => self.give_back(MESSAGE_CREDIT),
            Some(Unexpected::Own(send)) => drop(self.own(send)),
            Some(Unexpected::Kept(key)) => {
                self.begin(key, Place::Nowhere);
                self.channel.shared.0.borrow_mut().abandon(key);
            }
        }
    }
}
