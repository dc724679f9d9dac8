//! A party that has come, and waits for the others.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll};

use par_core::{BreakCause, BrokenBarrier};

use super::super::Left;
use super::{Barrier, BarrierTurn};

/// A party that stands in a phase, until it asks for the outcome, or goes.
pub(super) struct Standing<'b> {
    barrier: &'b Barrier,
    phase: usize,
    /// `None`: it has gone, or knows the outcome.
    seat: Option<usize>,
}

impl<'b> Standing<'b> {
    /// The caller has counted the party into the phase, and seated it, in one step.
    pub(super) const fn new(barrier: &'b Barrier, seat: usize, phase: usize) -> Self {
        Self { barrier, phase, seat: Some(seat) }
    }

    /// Waits for the end of the phase.
    pub(super) fn outcome(&mut self) -> impl Future<Output = Result<BarrierTurn, BrokenBarrier>> {
        poll_fn(|cx| self.poll_outcome(cx))
    }

    fn poll_outcome(&mut self, cx: &Context<'_>) -> Poll<Result<BarrierTurn, BrokenBarrier>> {
        let seat = self.seat.expect("it is asked until it has answered");
        let mut inner = self.barrier.inner.lock();
        let (told, replaced) = inner.line.told_or_renew(seat, cx.waker());
        let Some(place) = told else {
            drop(inner);
            drop(replaced);
            return Poll::Pending;
        };
        inner.line.leave(seat);
        self.seat = None;
        let turn = BarrierTurn::new(place, self.barrier.parties);
        Poll::Ready(inner.state.outcome_of(self.phase).map(|()| turn))
    }

    /// Breaks the barrier because the time is up; unless the phase has ended in this very moment.
    pub(super) fn time_out(mut self) -> Result<BarrierTurn, BrokenBarrier> {
        let cause = BreakCause::TimedOut;
        let mut inner = self.barrier.inner.lock();
        let seat = self.seat.take().expect("it has not been answered");
        // Dropped without the lock.
        let left = inner.line.leave(seat);
        if let Left::Told(place) = left {
            let turn = BarrierTurn::new(place, self.barrier.parties);
            return inner.state.outcome_of(self.phase).map(|()| turn);
        }
        inner.state.leave_one();
        self.barrier.break_with(inner, cause);
        Err(BrokenBarrier { cause })
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        let Some(seat) = self.seat else { return };
        let mut inner = self.barrier.inner.lock();
        let left = inner.line.leave(seat);
        if matches!(left, Left::Told(_)) {
            // It was one of those who came, and nobody else may be told in its place.
            inner.state.outcome_of(self.phase).ok();
        } else {
            inner.state.leave_one();
        }
        drop(inner);
        drop(left);
    }
}
