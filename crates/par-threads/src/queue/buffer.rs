//! The bounded buffer under every queue.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use par_core::plumbing::sync::Store;
use par_core::{GetError, JoinTimedOut, PutError, QueueShutdown};

use super::Accounts;
use crate::deadlock::{Asleep, Kind, Tracked};
use crate::sync::model::{
    AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, const_fn, look, wait,
};

/// A store behind a lock, with a bound, an end, and accounts.
pub(super) struct Buffer<S> {
    tracked: Tracked,
    capacity: usize,
    store: Mutex<S>,
    /// The length of the store, for those who look without the lock. Changed with the lock, like the next.
    len: AtomicUsize,
    shut_down: AtomicBool,
    not_empty: Condvar,
    not_full: Condvar,
    accounts: Accounts,
}

// Who panics, in a comparison, has changed nothing.
impl<S> UnwindSafe for Buffer<S> {}
impl<S> RefUnwindSafe for Buffer<S> {}

/// How long a call waits for room or for an item.
pub(super) enum Patience {
    /// Not at all; or no longer.
    None,
    /// So long. It has not begun to wait.
    For(Duration),
    /// Until the queue is shut down. It has not begun to wait.
    Forever,
    /// It has looked, and sleeps until then.
    Until { deadline: Option<Instant>, _asleep: Asleep },
}

impl<S> Buffer<S> {
    const_fn! {
        /// A buffer in front of an empty store.
        #[track_caller]
        pub(super) fn new(capacity: usize, store: S) -> Self {
            assert!(capacity > 0, "a queue needs room for one item at least");
            Self {
                tracked: Tracked::new(Kind::Queue),
                capacity,
                store: Mutex::new(store),
                len: AtomicUsize::new(0),
                shut_down: AtomicBool::new(false),
                not_empty: Condvar::new(),
                not_full: Condvar::new(),
                accounts: Accounts::new(),
            }
        }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn join(&self, timeout: Option<Duration>) -> Result<(), JoinTimedOut> {
        let _asleep;
        if timeout.is_none() {
            _asleep = self.tracked.asleep(None, "join");
        }
        self.accounts.join(timeout)
    }

    /// Shows the numbers of a queue, and no item: those may have no `Debug`, and to see them takes the lock.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .field("unfinished", &self.accounts.unfinished())
            .field("is_shut_down", &self.is_shut_down())
            .finish_non_exhaustive()
    }
}

impl<S: Store> Buffer<S> {
    /// Adds an item as soon as there is room.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn put(&self, item: S::Item, mut patience: Patience) -> Result<(), PutError<S::Item>> {
        let mut store = self.lock();
        loop {
            if self.is_shut_down() {
                return Err(PutError::ShutDown(item));
            }
            let len = store.len();
            if len < self.capacity {
                let unwinding = PassOn(&self.not_full);
                let place = store.place(&item);
                std::mem::forget(unwinding);
                store.push(place, item);
                self.len.store(len + 1, Ordering::Relaxed);
                self.accounts.put_one();
                drop(store);
                self.not_empty.notify_one();
                return Ok(());
            }
            // Who looks lets a quarter become free, so that it does not hand over every single item.
            let enough = self.capacity - self.capacity.div_ceil(4);
            let Some(locked) =
                self.wait(store, &mut patience, "put", &self.not_full, || self.len() <= enough)
            else {
                return Err(PutError::Full(item));
            };
            store = locked;
        }
    }

    /// Removes the next item as soon as there is one.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(super) fn get(&self, mut patience: Patience) -> Result<S::Item, GetError> {
        let mut store = self.lock();
        loop {
            let unwinding = PassOn(&self.not_empty);
            let item = store.pop();
            std::mem::forget(unwinding);
            if let Some(item) = item {
                self.len.store(store.len(), Ordering::Relaxed);
                self.accounts.take_one();
                drop(store);
                self.not_full.notify_one();
                return Ok(item);
            }
            if self.is_shut_down() {
                return Err(GetError::ShutDown);
            }
            let Some(locked) = self.wait(store, &mut patience, "get", &self.not_empty, || self.len() > 0)
            else {
                return Err(GetError::Empty);
            };
            store = locked;
        }
    }

    /// Waits once for a change, at first by looking; `None`: the patience is at its end. May return for no reason.
    ///
    /// Whoever comes back checks again, also when its time is over, because it may have been notified as well.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait<'s>(
        &'s self,
        mut store: MutexGuard<'s, S>,
        patience: &mut Patience,
        what: &'static str,
        change: &Condvar,
        hint: impl Fn() -> bool,
    ) -> Option<MutexGuard<'s, S>> {
        let deadline = match patience {
            Patience::None => return None,
            Patience::Until { deadline, .. } => {
                if wait(change, &mut store, *deadline) {
                    *patience = Patience::None;
                }
                return Some(store);
            }
            Patience::For(time) => Instant::now().checked_add(*time),
            Patience::Forever => None,
        };
        drop(store);
        *patience = Patience::Until { deadline, _asleep: self.tracked.asleep(deadline, what) };
        look(deadline, || hint() || self.is_shut_down());
        Some(self.lock())
    }

    /// Lets nothing more in, and wakes everybody.
    pub(super) fn shutdown(&self, how: QueueShutdown) {
        let mut store = self.lock();
        self.shut_down.store(true, Ordering::Relaxed);
        let dropped = match how {
            QueueShutdown::Drain => S::default(),
            QueueShutdown::Immediate => {
                self.len.store(0, Ordering::Relaxed);
                self.accounts.discard(store.len());
                std::mem::take(&mut *store)
            }
        };
        drop(store);
        self.not_empty.notify_all();
        self.not_full.notify_all();
        // Their destructors may use the queue.
        drop(dropped);
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, S> {
        S::check();
        self.store.lock()
    }
}

/// Notifies another one when a comparison panics: whoever unwinds may have been notified of what it leaves behind.
struct PassOn<'b>(&'b Condvar);

impl Drop for PassOn<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
