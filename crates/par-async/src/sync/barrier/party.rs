//! Membership in a barrier.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use par_core::{BreakCause, BrokenBarrier};

use super::{Barrier, BarrierTurn};
use crate::task::waiting;

/// A task's membership in a [`Barrier`]: if the task fails on its way, the others learn it instead of waiting.
///
/// When it is dropped
/// - by a panic, the barrier is broken with [`BreakCause::PartyPanicked`];
/// - otherwise, be it that its task has returned or was cancelled, the party has left. If fewer members than parties
///   remain, nobody may wait any more: who waits now, and the next who comes, breaks the barrier with
///   [`BreakCause::PartyLeft`]. If nobody does either, nothing happens: so parties that have all done the same number of
///   rounds may leave one after the other.
///
/// A new member takes the place of one that left. When the last member has left, the barrier is for new members as if
/// there had never been any. Before the first has left, a wait counts on members that have not joined yet. So the surest
/// is to take all memberships first, with [`Barrier::join_owned`], and then to spawn the tasks and move one into each.
///
/// Tasks that wait at the barrier without being members are not counted: either all parties of a barrier are members or
/// none.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use par_async::{Barrier, sleep, timeout};
/// use par_core::{BreakCause, BrokenBarrier};
///
/// # par_async::testing::run(async {
/// let barrier = Arc::new(Barrier::new(2));
/// let (mine, other) = (barrier.join_owned(), barrier.join_owned());
/// let late = timeout(Duration::from_secs(1), async move {
///     sleep(Duration::from_secs(3600)).await;
///     other.wait().await // it never comes so far
/// });
/// assert!(late.await.is_err());
/// assert_eq!(mine.wait().await, Err(BrokenBarrier { cause: BreakCause::PartyLeft }));
/// # }).unwrap();
/// ```
#[must_use = "a membership that is dropped at once is a party that has left"]
pub struct Party<'a> {
    barrier: Of<'a>,
    /// A panic that was under way before is none of ours.
    panicking: bool,
}

/// The barrier of a member.
pub(super) enum Of<'a> {
    Borrowed(&'a Barrier),
    Shared(Arc<Barrier>),
}

impl<'a> Party<'a> {
    pub(super) fn joined(barrier: Of<'a>) -> Self {
        let party = Self { barrier, panicking: thread::panicking() };
        party.barrier().inner.lock().state.joined(party.barrier().parties);
        party
    }

    /// Waits until all parties have come: [`Barrier::wait`].
    ///
    /// # Errors
    /// As [`Barrier::wait`], and [`BreakCause::PartyLeft`] and [`BreakCause::PartyPanicked`] of other members.
    ///
    /// # Panics
    /// As [`Barrier::wait`].
    ///
    /// # Cancel safety
    /// As [`Barrier::wait`]; but where the membership is dropped with it, the party has left.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<BarrierTurn, BrokenBarrier>> + Send {
        let barrier = self.barrier();
        waiting("Party::wait", Location::caller(), barrier.wait_for(barrier.timeout))
    }

    /// Waits until all parties have come, and at most so long: [`Barrier::wait_timeout`].
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and [`BreakCause::TimedOut`].
    ///
    /// # Panics
    /// As [`Barrier::wait_timeout`].
    ///
    /// # Cancel safety
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_timeout(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<BarrierTurn, BrokenBarrier>> + Send {
        waiting("Party::wait_timeout", Location::caller(), self.barrier().wait_for(Some(timeout)))
    }

    /// The barrier whose member this is.
    pub fn barrier(&self) -> &Barrier {
        match &self.barrier {
            Of::Borrowed(barrier) => barrier,
            Of::Shared(barrier) => barrier,
        }
    }
}

impl Drop for Party<'_> {
    fn drop(&mut self) {
        let panicked = !self.panicking && thread::panicking();
        let barrier = self.barrier();
        let mut inner = barrier.inner.lock();
        let someone_waits = inner.state.left(barrier.parties);
        if panicked {
            barrier.break_with(inner, BreakCause::PartyPanicked);
        } else if someone_waits {
            barrier.break_with(inner, BreakCause::PartyLeft);
        }
    }
}

impl fmt::Debug for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").field("barrier", self.barrier()).finish()
    }
}
