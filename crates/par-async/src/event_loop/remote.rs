//! What reaches a loop from other threads.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

use par_core::plumbing::catch_panic;
use parking_lot::Mutex;

use super::EventLoop;
use super::callback::Outcome;
use crate::error::LoopError;

type Callback = Box<dyn FnOnce(&EventLoop) -> Option<String> + Send>;

/// A callback from another thread.
pub(super) struct Call {
    pub(super) callback: Callback,
    pub(super) at: &'static Location<'static>,
}

impl Call {
    /// Drops it, by a loop that closes. A panic of the destructor was reported by the panic hook.
    pub(super) fn discard(self) {
        drop(catch_panic(|| drop(self)));
    }
}

#[derive(Default)]
pub(super) struct Inbox {
    pub(super) calls: Vec<Call>,
    /// The seats of tasks that were woken: each at most once.
    pub(super) woken: Vec<usize>,
    pub(super) stop: bool,
    pub(super) closed: bool,
    /// Wakes the loop, while it waits.
    waker: Option<Waker>,
}

impl Inbox {
    pub(super) const fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.woken.is_empty() && !self.stop
    }
}

/// The part of a loop that any thread may touch.
pub(super) struct Shared {
    pub(super) inbox: Mutex<Inbox>,
    capacity: usize,
}

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        Self { inbox: Mutex::default(), capacity }
    }

    /// Whom to wake when something comes.
    pub(super) fn register(&self, waker: &Waker) {
        let mut inbox = self.inbox.lock();
        if !inbox.waker.as_ref().is_some_and(|old| old.will_wake(waker)) {
            inbox.waker = Some(waker.clone());
        }
    }

    pub(super) fn wake(&self) {
        let waker = self.inbox.lock().waker.clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// A task is to be polled.
    pub(super) fn task(&self, seat: usize) {
        self.inbox.lock().woken.push(seat);
        self.wake();
    }
}

/// A loop in the hands of other threads, and of tasks; clones are the same loop.
///
/// It does not keep the loop from being closed.
///
/// # Examples
/// ```
/// use par_async::EventLoop;
///
/// let events = EventLoop::new()?;
/// let handle = events.handle();
/// let other = std::thread::spawn(move || {
///     handle.call_soon_threadsafe(|events| events.stop())
/// });
/// events.run_forever()?; // until the other thread stops it
/// other.join().expect("it does not panic")?;
/// # Ok::<(), par_async::LoopError>(())
/// ```
#[derive(Clone)]
pub struct LoopHandle {
    pub(super) shared: Arc<Shared>,
}

impl LoopHandle {
    /// Lets the loop call `callback` in its next turn, and wakes it; those of one thread run in their order.
    ///
    /// # Errors
    /// [`LoopError::Closed`], or [`LoopError::Full`] when as many calls wait as the loop's
    /// [`inbox`](super::EventLoopBuilder::inbox) takes. The callback is dropped.
    #[track_caller]
    pub fn call_soon_threadsafe<R: Outcome>(
        &self,
        callback: impl FnOnce(&EventLoop) -> R + Send + 'static,
    ) -> Result<(), LoopError> {
        let at = Location::caller();
        let callback: Callback = Box::new(move |events| callback(events).failure());
        let mut inbox = self.shared.inbox.lock();
        let refused = match inbox.calls.len() {
            _ if inbox.closed => LoopError::Closed,
            waiting if waiting >= self.shared.capacity => LoopError::Full { waiting },
            _ => {
                inbox.calls.push(Call { callback, at });
                drop(inbox);
                self.shared.wake();
                return Ok(());
            }
        };
        // The callback's destructor may want the inbox.
        drop(inbox);
        drop(callback);
        Err(refused)
    }

    /// As [`EventLoop::stop`], from anywhere.
    pub fn stop(&self) {
        let mut inbox = self.shared.inbox.lock();
        // One that closes goes on until its tasks have ended.
        inbox.stop = !inbox.closed;
        drop(inbox);
        self.shared.wake();
    }

    /// Whether the loop takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.shared.inbox.lock().closed
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").field("closed", &self.is_closed()).finish()
    }
}
