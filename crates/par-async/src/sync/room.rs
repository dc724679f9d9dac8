//! A line with a lock of its own, for those who wait to be told one thing.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::line::{Left, Line};

/// Where tasks wait until they are told.
#[derive(Debug)]
pub(crate) struct Room(Mutex<Line>);

/// A task's seat in a room, until it is dropped.
///
/// If it was told then, and has not [heeded](Self::heed) it, it tells the next one, unless it was made without that.
#[derive(Debug)]
pub(crate) struct Seated<'r> {
    room: &'r Room,
    seat: usize,
    passes_on: bool,
}

impl Room {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Line::new()))
    }

    /// A seat whose word is passed on to the next one if nobody heeds it.
    pub(crate) fn enter(&self) -> Seated<'_> {
        let seat = self.0.lock().enter(Waker::noop().clone());
        Seated { room: self, seat, passes_on: true }
    }

    /// Waits until told, unless `passes`, which is asked under the lock of the room, holds already.
    pub(crate) async fn wait_unless(&self, passes: impl FnOnce() -> bool) {
        let mut seated = {
            let mut line = self.0.lock();
            if passes() {
                return;
            }
            let seat = line.enter(Waker::noop().clone());
            Seated { room: self, seat, passes_on: false }
        };
        seated.told().await;
    }

    /// Tells the first `count` who wait; how many there were.
    pub(crate) fn tell(&self, count: usize) -> usize {
        let wakers: Vec<_> = {
            let mut line = self.0.lock();
            (0..count).map_while(|_| line.tell_first(0)).collect()
        };
        let told = wakers.len();
        wakers.into_iter().for_each(Waker::wake);
        told
    }

    /// Tells all who wait, if `whether`, which is asked under the lock of the room.
    pub(crate) fn tell_all_if(&self, whether: impl FnOnce() -> bool) {
        let wakers = {
            let mut line = self.0.lock();
            if !whether() {
                return;
            }
            line.tell_all(|_| 0)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Seated<'_> {
    /// Waits until it is told.
    pub(crate) async fn told(&mut self) {
        poll_fn(|cx| self.poll_told(cx)).await;
    }

    fn poll_told(&self, cx: &Context<'_>) -> Poll<()> {
        let (told, _replaced) = self.room.0.lock().told_or_renew(self.seat, cx.waker());
        if told.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The word has reached its goal, and goes no further.
    pub(crate) fn heed(mut self) {
        self.passes_on = false;
    }
}

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        let (left, next) = {
            let mut line = self.room.0.lock();
            let left = line.leave(self.seat);
            let passes = self.passes_on && matches!(left, Left::Told(_));
            (left, if passes { line.tell_first(0) } else { None })
        };
        if let Some(next) = next {
            next.wake();
        }
        drop(left);
    }
}
