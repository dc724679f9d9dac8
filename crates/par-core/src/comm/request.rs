//! Operations under way.

use std::panic::Location;

use super::{CommError, Datum, Status};

/// A send or a receive under way, which owns its buffer until it is done.
///
/// The buffer moves in and comes back, so no request can outlive the memory that it fills, whatever becomes of it.
/// Dropping a request waits for a send and cancels a receive.
#[must_use = "a request is completed by `wait`"]
pub struct Request<'c, T: Datum> {
    pending: Option<Box<dyn Pending<T> + 'c>>,
}

/// What a request yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed<T> {
    /// What was received, exactly as many elements as came; of a send, the buffer to be used again, empty where it
    /// moved to the receiver.
    pub data: Vec<T>,
    /// Of a receive, who sent it; of a send, what was sent to whom: `source` is then the destination.
    pub status: Status,
}

/// A request as a transport sees it.
pub trait Pending<T: Datum> {
    /// Makes progress, and says whether [`wait`](Self::wait) would return at once.
    ///
    /// # Errors
    /// What ended the operation.
    fn test(&mut self) -> Result<bool, CommError>;

    /// Waits for the end.
    ///
    /// # Errors
    /// What ended the operation.
    fn wait(self: Box<Self>) -> Result<Completed<T>, CommError>;

    /// Ends the operation if it has not begun; `false`: too late, it is or will be done.
    ///
    /// # Errors
    /// What the transport says.
    fn cancel(self: Box<Self>) -> Result<bool, CommError>;

    /// Lets a little time pass, in which messages move; for those who test several requests in turn.
    ///
    /// `waited` is how long they have done so.
    ///
    /// # Errors
    /// What a [`Watch`](super::Watch) says.
    fn pause(&self, waited: std::time::Duration) -> Result<(), CommError>;

    /// Whether nobody but this rank itself could end the operation: among several, the pause is that of another one.
    fn is_alone(&self) -> bool {
        false
    }

    /// Is told that the program waits for this request now, at `at`, before [`wait`](Self::wait) or
    /// [`pause`](Self::pause) is called; `place` counts the requests of which one is enough, from 0 on.
    ///
    /// A caller's location does not pass through a call of a trait object, so it is handed over.
    fn awaited(&self, at: &'static Location<'static>, place: usize) {
        let _ = (at, place);
    }
}

impl<'c, T: Datum> Request<'c, T> {
    /// A request of a transport.
    pub fn new(pending: impl Pending<T> + 'c) -> Self {
        Self { pending: Some(Box::new(pending)) }
    }

    /// Takes the transport's part out.
    ///
    /// # Panics
    /// Never: it is there until the request is consumed.
    pub fn into_pending(mut self) -> Box<dyn Pending<T> + 'c> {
        self.pending.take().expect("a request has its pending part until it is consumed")
    }

    /// Waits until it is done, and gives the buffer back.
    ///
    /// # Errors
    /// What ended the operation: [`CommError::Truncated`], [`CommError::RankLost`], …
    ///
    /// # Blocking
    /// Until the message has come, or the send's buffer is free.
    #[track_caller]
    pub fn wait(self) -> Result<Completed<T>, CommError> {
        let pending = self.into_pending();
        pending.awaited(Location::caller(), 0);
        pending.wait()
    }

    /// Makes progress, and says whether [`wait`](Self::wait) would return at once.
    ///
    /// # Errors
    /// What ended the operation.
    ///
    /// # Panics
    /// Never: the pending part is there until the request is consumed.
    #[track_caller]
    pub fn test(&mut self) -> Result<bool, CommError> {
        self.pending.as_mut().expect("a request has its pending part until it is consumed").test()
    }

    /// Cancels the operation; `false`: too late, the message was sent or received.
    ///
    /// # Errors
    /// What the transport says.
    ///
    /// # Blocking
    /// A send that its receiver knows of already is waited for, as by [`wait`](Self::wait).
    pub fn cancel(self) -> Result<bool, CommError> {
        self.into_pending().cancel()
    }

    fn is_alone(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.is_alone())
    }

    fn pause(&self, waited: std::time::Duration) -> Result<(), CommError> {
        self.pending.as_ref().map_or(Ok(()), |pending| pending.pause(waited))
    }
}

impl<T: Datum> std::fmt::Debug for Request<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request")
    }
}

/// Waits for all requests, and yields what they do, in their order.
///
/// # Errors
/// The first that failed; the others are dropped.
///
/// # Blocking
/// Until the last is done.
#[track_caller]
pub fn wait_all<'c, T: Datum>(
    requests: impl IntoIterator<Item = Request<'c, T>>,
) -> Result<Vec<Completed<T>>, CommError> {
    let mut done = Vec::new();
    for request in requests {
        done.push(request.wait()?);
    }
    Ok(done)
}

/// Waits until one of the requests is done, takes it out and yields what it does, with its index; `None` when there is
/// no request. The last one takes the place of the one that was taken out, as in [`Vec::swap_remove`].
///
/// # Errors
/// What ended the one that was done; it is taken out.
///
/// # Blocking
/// Until the first is done.
#[track_caller]
pub fn wait_any<T: Datum>(
    requests: &mut Vec<Request<'_, T>>,
) -> Result<Option<(usize, Completed<T>)>, CommError> {
    let (begun, at) = (std::time::Instant::now(), Location::caller());
    for (place, request) in requests.iter().enumerate() {
        if let Some(pending) = &request.pending {
            pending.awaited(at, place);
        }
    }
    loop {
        for index in 0..requests.len() {
            if requests[index].test().unwrap_or(true) {
                return requests.swap_remove(index).wait().map(|done| Some((index, done)));
            }
        }
        let hopeful = requests.iter().find(|request| !request.is_alone()).or(requests.first());
        let Some(hopeful) = hopeful else { return Ok(None) };
        hopeful.pause(begun.elapsed())?;
    }
}
