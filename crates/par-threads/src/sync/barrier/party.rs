//! Membership in a barrier.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use par_core::{BreakCause, BrokenBarrier};

use super::{Barrier, BarrierTurn};
use crate::deadlock::Member;

/// A thread's membership in a [`Barrier`]: if the thread fails on its way, the others learn it instead of waiting.
///
/// When it is dropped
/// - while its thread panics, the barrier is broken with [`BreakCause::PartyPanicked`];
/// - otherwise, the party has left. If fewer members than parties remain, nobody may wait any more: who waits now, and
///   the next who comes, breaks the barrier with [`BreakCause::PartyLeft`]. If nobody does either, nothing happens: so
///   parties that have all done the same number of rounds may leave one after the other.
///
/// A new member takes the place of one that left. When the last member has left, the barrier is for new members as if
/// there had never been any. Before the first has left, a wait counts on members that have not joined yet. So the surest
/// is to take all memberships first, and then to start the threads and move one into each.
///
/// Threads that wait at the barrier without being members are not counted: either all parties of a barrier are members
/// or none.
///
/// With the feature `deadlock-detection` a member is taken to be the thread that last waited through the membership: so
/// one that has waited once stays on its thread.
///
/// # Examples
/// ```
/// use par_core::{BreakCause, BrokenBarrier};
/// use par_threads::Barrier;
///
/// let barrier = Barrier::new(2);
/// let (mine, other) = (barrier.join(), barrier.join());
/// let result = std::thread::scope(|scope| {
///     let thread = scope.spawn(move || {
///         let _member = other;
///         panic!("on its way");
///     });
///     let result = mine.wait();
///     assert!(thread.join().is_err());
///     result
/// });
/// assert_eq!(result, Err(BrokenBarrier { cause: BreakCause::PartyPanicked }));
/// ```
#[must_use = "a membership that is dropped at once is a party that has left"]
pub struct Party<'a> {
    barrier: &'a Barrier,
    member: Member,
    /// A panic that was under way before is none of ours.
    panicking: bool,
}

impl<'a> Party<'a> {
    /// The barrier has counted the member.
    pub(super) fn joined(barrier: &'a Barrier, member: Member) -> Self {
        Self { barrier, member, panicking: thread::panicking() }
    }

    /// Waits until all parties have come: [`Barrier::wait`].
    ///
    /// # Errors
    /// As [`Barrier::wait`], and [`BreakCause::PartyLeft`] and [`BreakCause::PartyPanicked`] of other members.
    ///
    /// # Panics
    /// As [`Barrier::wait`].
    ///
    /// # Blocking
    /// As [`Barrier::wait`].
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait(&self) -> Result<BarrierTurn, BrokenBarrier> {
        self.barrier.wait_as(Some(&self.member))
    }

    /// Waits until all parties have come, and at most so long: [`Barrier::wait_timeout`].
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and [`BreakCause::TimedOut`].
    ///
    /// # Panics
    /// As [`Barrier::wait`].
    ///
    /// # Blocking
    /// As [`Barrier::wait_timeout`].
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> Result<BarrierTurn, BrokenBarrier> {
        self.barrier.wait_until(Some(&self.member), Instant::now().checked_add(timeout))
    }

    /// The barrier whose member this is.
    pub const fn barrier(&self) -> &'a Barrier {
        self.barrier
    }
}

impl Drop for Party<'_> {
    fn drop(&mut self) {
        let panicked = !self.panicking && thread::panicking();
        let mut state = self.barrier.state.lock();
        let someone_waits = state.left(self.barrier.parties);
        self.barrier.roll.strike(&self.member);
        if panicked {
            self.barrier.break_with(state, BreakCause::PartyPanicked);
        } else if someone_waits {
            self.barrier.break_with(state, BreakCause::PartyLeft);
        }
    }
}

impl fmt::Debug for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").field("barrier", &self.barrier).finish()
    }
}
