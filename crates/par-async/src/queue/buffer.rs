//! The bounded buffer under every queue.

use std::fmt;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use par_core::plumbing::sync::{AllDone, Store};
use par_core::{GetError, PutError, QueueShutdown};
use parking_lot::{Mutex, MutexGuard};
use tokio::task::coop::poll_proceed;

use super::ledger::Ledger;
use super::reserved::Reserved;
use crate::sync::{Left, Line, Wakers};

/// What a getter or a putter is told: an item, or room, is kept for it.
const KEPT: usize = 1;
/// The queue was shut down: it looks again.
const ENDED: usize = 0;

/// A store behind a lock, with a bound, an end, and accounts.
pub(super) struct Buffer<S> {
    capacity: usize,
    inner: Mutex<Inner<S>>,
    ledger: Ledger,
}

/// What is under the lock of a queue.
struct Inner<S> {
    store: S,
    /// How many items are kept for getters that were told, and are not polled yet.
    items_kept: usize,
    /// How much room is kept for putters that were told, or have a [`Reserved`].
    room_kept: usize,
    getters: Line,
    putters: Line,
    shut_down: bool,
}

// Who panics, in a comparison, has changed nothing.
impl<S> UnwindSafe for Buffer<S> {}
impl<S> RefUnwindSafe for Buffer<S> {}

impl<S> Buffer<S> {
    #[track_caller]
    pub(super) const fn new(capacity: usize, store: S) -> Self {
        assert!(capacity > 0, "a queue needs room for one item at least");
        let inner = Inner {
            store,
            items_kept: 0,
            room_kept: 0,
            getters: Line::new(),
            putters: Line::new(),
            shut_down: false,
        };
        Self { capacity, inner: Mutex::new(inner), ledger: Ledger::new() }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl<S: Store> Inner<S> {
    /// Keeps an item for the first getter, if there is one that nobody has.
    fn keep_item(&mut self, wakers: &mut Wakers) {
        if self.store.len() > self.items_kept
            && let Some(waker) = self.getters.tell_first(KEPT)
        {
            self.items_kept += 1;
            wakers.add(Some(waker));
        }
        if self.is_over() {
            wakers.add_all(self.getters.tell_all(|_| ENDED));
        }
    }

    /// Keeps room for the first putter, if there is some that nobody has.
    fn keep_room(&mut self, capacity: usize, wakers: &mut Wakers) {
        if self.has_room(capacity)
            && let Some(waker) = self.putters.tell_first(KEPT)
        {
            self.room_kept += 1;
            wakers.add(Some(waker));
        }
    }

    fn has_room(&self, capacity: usize) -> bool {
        !self.shut_down && self.store.len() + self.room_kept < capacity
    }

    /// Whether nothing will come out any more.
    fn is_over(&self) -> bool {
        self.shut_down && self.store.is_empty()
    }
}

impl<S: Store> Buffer<S> {
    pub(super) fn len(&self) -> usize {
        self.lock().store.len()
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.lock().shut_down
    }

    /// Shows the numbers of a queue, and no item: those may have no `Debug`.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, shut_down) = {
            let inner = self.lock();
            (inner.store.len(), inner.shut_down)
        };
        f.debug_struct(name)
            .field("len", &len)
            .field("capacity", &self.capacity)
            .field("unfinished", &self.ledger.unfinished())
            .field("is_shut_down", &shut_down)
            .finish_non_exhaustive()
    }

    /// Adds an item if there is room that nobody waits for.
    pub(super) fn try_put(&self, item: S::Item) -> Result<(), PutError<S::Item>> {
        let inner = self.lock();
        if inner.shut_down {
            return Err(PutError::ShutDown(item));
        }
        if !inner.has_room(self.capacity) {
            return Err(PutError::Full(item));
        }
        self.push(inner, item, |_| ());
        Ok(())
    }

    /// Adds an item; there is room. `then` runs when no comparison can panic any more.
    fn push(&self, inner: MutexGuard<'_, Inner<S>>, item: S::Item, then: impl FnOnce(&mut Inner<S>)) {
        // Unlocked before the item is dropped, if a comparison panics.
        let mut inner = inner;
        let place = inner.store.place(&item);
        inner.store.push(place, item);
        then(&mut inner);
        self.ledger.accounts.put_one();
        let mut wakers = Wakers::default();
        inner.keep_item(&mut wakers);
        drop(inner);
        wakers.wake();
    }

    /// Removes the next item if there is one that nobody waits for.
    pub(super) fn try_get(&self) -> Result<S::Item, GetError> {
        let inner = self.lock();
        if inner.store.len() > inner.items_kept {
            return self.pop(inner, |_| ());
        }
        Err(if inner.is_over() { GetError::ShutDown } else { GetError::Empty })
    }

    /// Removes the next item; there is one, unless the queue was shut down at once.
    fn pop(
        &self,
        mut inner: MutexGuard<'_, Inner<S>>,
        then: impl FnOnce(&mut Inner<S>),
    ) -> Result<S::Item, GetError> {
        let item = inner.store.pop();
        then(&mut inner);
        let mut wakers = Wakers::default();
        if item.is_some() {
            self.ledger.accounts.take_one();
            inner.keep_room(self.capacity, &mut wakers);
        }
        if inner.is_over() {
            wakers.add_all(inner.getters.tell_all(|_| ENDED));
        }
        drop(inner);
        wakers.wake();
        item.ok_or(GetError::ShutDown)
    }

    pub(super) const fn put(&self, item: S::Item) -> Putting<'_, S> {
        Putting { room: Waiter { buffer: self, seat: None, side: Side::Put }, item: Some(item) }
    }

    pub(super) const fn get(&self) -> Getting<'_, S> {
        Getting { waiter: Waiter { buffer: self, seat: None, side: Side::Get } }
    }

    pub(super) const fn reserve(&self) -> Reserving<'_, S> {
        Reserving { waiter: Waiter { buffer: self, seat: None, side: Side::Put } }
    }

    pub(super) fn try_reserve(&self) -> Result<Reserved<'_, S>, PutError<()>> {
        let mut inner = self.lock();
        if inner.shut_down {
            return Err(PutError::ShutDown(()));
        }
        if !inner.has_room(self.capacity) {
            return Err(PutError::Full(()));
        }
        inner.room_kept += 1;
        Ok(Reserved::new(self))
    }

    /// As a put, into room that is kept.
    pub(super) fn put_reserved(&self, item: S::Item, kept: &mut bool) -> Result<(), PutError<S::Item>> {
        let inner = self.lock();
        if inner.shut_down {
            return Err(PutError::ShutDown(item));
        }
        self.push(inner, item, |inner| {
            inner.room_kept -= 1;
            *kept = false;
        });
        Ok(())
    }

    /// Room that was kept is not needed.
    pub(super) fn give_room_back(&self) {
        let mut wakers = Wakers::default();
        let mut inner = self.lock();
        inner.room_kept -= 1;
        inner.keep_room(self.capacity, &mut wakers);
        drop(inner);
        wakers.wake();
    }

    /// Lets nothing more in, and wakes everybody whom that concerns.
    pub(super) fn shutdown(&self, how: QueueShutdown) {
        let mut wakers = Wakers::default();
        let mut inner = self.lock();
        inner.shut_down = true;
        let (dropped, all) = match how {
            QueueShutdown::Drain => (S::default(), AllDone::No),
            QueueShutdown::Immediate => {
                let all = self.ledger.accounts.discard(inner.store.len());
                (std::mem::take(&mut inner.store), all)
            }
        };
        wakers.add_all(inner.putters.tell_all(|_| ENDED));
        if inner.is_over() {
            wakers.add_all(inner.getters.tell_all(|_| ENDED));
        }
        drop(inner);
        wakers.wake();
        self.ledger.tell(all);
        // Their destructors may use the queue.
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        S::check();
        self.inner.lock()
    }
}

/// Which line somebody waits in.
#[derive(Clone, Copy)]
enum Side {
    Put,
    Get,
}

/// Somebody who may wait in a line; dropped, it leaves it, and what was kept for it goes to the next one.
struct Waiter<'b, S: Store> {
    buffer: &'b Buffer<S>,
    seat: Option<usize>,
    side: Side,
}

impl<'b, S: Store> Waiter<'b, S> {
    fn line<'i>(&self, inner: &'i mut Inner<S>) -> &'i mut Line {
        match self.side {
            Side::Put => &mut inner.putters,
            Side::Get => &mut inner.getters,
        }
    }

    /// What is kept for this side.
    fn kept<'i>(&self, inner: &'i mut Inner<S>) -> &'i mut usize {
        match self.side {
            Side::Put => &mut inner.room_kept,
            Side::Get => &mut inner.items_kept,
        }
    }

    /// The lock, as soon as the wait is over; and whether something is kept: then the seat is, too, until
    /// [`settle`](Self::settle).
    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<(MutexGuard<'b, Inner<S>>, bool)> {
        let buffer = self.buffer;
        let mut inner = buffer.lock();
        let Some(seat) = self.seat else {
            let now = match self.side {
                Side::Put => inner.shut_down || inner.has_room(buffer.capacity),
                Side::Get => inner.is_over() || inner.store.len() > inner.items_kept,
            };
            if now {
                return Poll::Ready((inner, false));
            }
            let seat = self.line(&mut inner).enter(cx.waker().clone());
            self.seat = Some(seat);
            return Poll::Pending;
        };
        let (told, replaced) = self.line(&mut inner).told_or_renew(seat, cx.waker());
        match told {
            Some(KEPT) => Poll::Ready((inner, true)),
            Some(_) => {
                self.line(&mut inner).leave(seat);
                self.seat = None;
                Poll::Ready((inner, false))
            }
            None => {
                drop(inner);
                drop(replaced);
                Poll::Pending
            }
        }
    }

    /// What was kept is used, or of no use: gives the seat up.
    fn settle(&mut self, inner: &mut Inner<S>) {
        if let Some(seat) = self.seat.take() {
            self.line(inner).leave(seat);
            *self.kept(inner) -= 1;
        }
    }
}

impl<S: Store> Drop for Waiter<'_, S> {
    fn drop(&mut self) {
        let Some(seat) = self.seat else { return };
        let mut wakers = Wakers::default();
        let mut inner = self.buffer.lock();
        let left = self.line(&mut inner).leave(seat);
        if matches!(left, Left::Told(KEPT)) {
            *self.kept(&mut inner) -= 1;
            match self.side {
                Side::Put => inner.keep_room(self.buffer.capacity, &mut wakers),
                Side::Get => inner.keep_item(&mut wakers),
            }
        }
        drop(inner);
        wakers.wake();
        drop(left);
    }
}

/// Takes the next item as soon as there is one.
pub(super) struct Getting<'b, S: Store> {
    waiter: Waiter<'b, S>,
}

impl<S: Store> Future for Getting<'_, S> {
    type Output = Result<S::Item, GetError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(poll_proceed(cx));
        let (inner, _) = ready!(self.waiter.poll_turn(cx));
        coop.made_progress();
        let waiter = &mut self.waiter;
        let buffer = waiter.buffer;
        if inner.is_over() {
            let mut inner = inner;
            waiter.settle(&mut inner);
            return Poll::Ready(Err(GetError::ShutDown));
        }
        Poll::Ready(buffer.pop(inner, |inner| waiter.settle(inner)))
    }
}

/// Adds an item as soon as there is room.
pub(super) struct Putting<'b, S: Store> {
    // Dropped first: the item's destructor may use the queue, and then nothing is kept for it.
    room: Waiter<'b, S>,
    item: Option<S::Item>,
}

// The item is never pinned.
impl<S: Store> Unpin for Putting<'_, S> {}

impl<S: Store> Future for Putting<'_, S> {
    type Output = Result<(), PutError<S::Item>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(poll_proceed(cx));
        let (mut inner, _) = ready!(self.room.poll_turn(cx));
        coop.made_progress();
        let this = &mut *self;
        let item = this.item.take().expect("it is polled until it is ready");
        if inner.shut_down {
            this.room.settle(&mut inner);
            return Poll::Ready(Err(PutError::ShutDown(item)));
        }
        let room = &mut this.room;
        room.buffer.push(inner, item, |inner| room.settle(inner));
        Poll::Ready(Ok(()))
    }
}

/// Keeps room as soon as there is some.
pub(super) struct Reserving<'b, S: Store> {
    waiter: Waiter<'b, S>,
}

impl<'b, S: Store> Future for Reserving<'b, S> {
    type Output = Result<Reserved<'b, S>, PutError<()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(poll_proceed(cx));
        let (mut inner, _) = ready!(self.waiter.poll_turn(cx));
        coop.made_progress();
        let buffer = self.waiter.buffer;
        self.waiter.settle(&mut inner);
        if inner.shut_down {
            return Poll::Ready(Err(PutError::ShutDown(())));
        }
        inner.room_kept += 1;
        Poll::Ready(Ok(Reserved::new(buffer)))
    }
}
