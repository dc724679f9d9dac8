//! A place where tasks wait for each other, again and again.
//!
//! What a barrier knows is [`BarrierState`], which says what its phases are; it is kept with the line of those who wait
//! under one lock, which nobody holds while code of a user runs or somebody is woken.
//!
//! - Who comes is counted, and gets a seat in the line, in one step; who is dropped while its phase fills leaves both.
//! - The phase ends, and all in the line are told, in one step. So the line holds those of one phase only, and whoever
//!   was told asks for the outcome of its phase exactly once: when it is polled, or when it is dropped instead.
//! - Those who come while the action runs wait in a room of their own, which is told after every end of a phase; they
//!   then come again. They look at the phase and enter that room under the lock, so no end is missed.

mod party;
mod standing;

use std::fmt;
use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::task::Waker;
use std::thread::{self, ThreadId};
use std::time::Duration;

use par_core::plumbing::sync::{Arrival, BarrierState};
use par_core::{BreakCause, BrokenBarrier};
use parking_lot::{Mutex, MutexGuard};
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use self::standing::Standing;
use super::{Line, Room};
use crate::task::waiting;

pub use self::party::Party;
pub use par_core::plumbing::sync::BarrierTurn;

type Action = Box<dyn Fn() + Send + Sync>;

/// A place where a fixed number of tasks wait until all have come, again and again; when one of them fails, the barrier
/// is *broken* for all, instead of letting the others wait for ever.
///
/// A party that waits longer than the barrier's [timeout](Self::timeout), an [`abort`](Self::abort), an action that
/// panics: each ends the wait of all parties with [`BrokenBarrier`], which says why, and so does every later wait until
/// [`reset`](Self::reset). A party that takes [membership](Self::join) breaks the barrier even by being cancelled on its
/// way, by panicking, or by leaving for good.
///
/// A wait that is dropped breaks nothing, as in asyncio: the party has not come, and may come again. So
/// [`timeout`](crate::timeout) around a wait gives up for one party, and [`wait_timeout`](Self::wait_timeout) for all.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Barrier, TaskGroup};
/// use par_core::{BreakCause, BrokenBarrier};
///
/// static TOGETHER: Barrier = Barrier::new(2);
///
/// # par_async::testing::run(async {
/// let (mine, other) = TaskGroup::<BrokenBarrier>::scope(|group| async move {
///     let other = group.spawn(async { TOGETHER.wait().await });
///     Ok((TOGETHER.wait().await?, other.await))
/// }).await?;
/// assert_eq!(mine.index() + other?.index(), 1, "one of them is 0, the other is 1");
///
/// // Nobody else comes now.
/// let alone = TOGETHER.wait_timeout(Duration::from_secs(1)).await;
/// assert_eq!(alone, Err(BrokenBarrier { cause: BreakCause::TimedOut }));
/// assert!(TOGETHER.is_broken());
/// TOGETHER.reset();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Barrier {
    parties: usize,
    action: Option<Action>,
    timeout: Option<Duration>,
    inner: Mutex<Inner>,
    /// Where those wait who come while the action runs.
    door: Room,
}

/// What is under the lock of a barrier.
struct Inner {
    /// An action runs on one thread, in one poll: so that thread is who acts.
    state: BarrierState<ThreadId>,
    /// Those who stand in the phase; they are told their places in it when it ends.
    line: Line,
}

// No code of a user runs under the lock, and an action that panics breaks the barrier: who sees it afterwards knows.
impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

/// What becomes of a party that comes.
enum Came<'b> {
    Through(Result<BarrierTurn, BrokenBarrier>),
    Stands(Standing<'b>),
    /// It has to come again when the action has run.
    AtTheDoor(super::room::Seated<'b>, usize),
}

impl Barrier {
    /// A barrier for so many parties.
    ///
    /// # Panics
    /// When `parties` is 0.
    ///
    /// # Examples
    /// ```
    /// # par_async::testing::run(async {
    /// let alone = par_async::Barrier::new(1);
    /// assert!(alone.wait().await?.is_leader());
    /// # Ok::<(), par_core::BrokenBarrier>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub const fn new(parties: usize) -> Self {
        assert!(parties > 0, "a barrier has at least one party");
        Self {
            parties,
            action: None,
            timeout: None,
            inner: Mutex::new(Inner { state: BarrierState::new(), line: Line::new() }),
            door: Room::new(),
        }
    }

    /// Runs `action` once per phase: in the task that came last, when all have come and before any goes on.
    ///
    /// It must not block. If it panics, the barrier is broken ([`BreakCause::ActionPanicked`]) for all other parties, and
    /// the panic goes on in the task that ran it.
    ///
    /// # Examples
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::sync::Arc;
    /// use par_async::Barrier;
    ///
    /// # par_async::testing::run(async {
    /// let rounds = Arc::new(AtomicUsize::new(0));
    /// let count = Arc::clone(&rounds);
    /// let barrier = Barrier::new(1).action(move || { count.fetch_add(1, Ordering::Relaxed); });
    /// for _ in 0..10 {
    ///     barrier.wait().await?;
    /// }
    /// assert_eq!(rounds.load(Ordering::Relaxed), 10);
    /// # Ok::<(), par_core::BrokenBarrier>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn action(mut self, action: impl Fn() + Send + Sync + 'static) -> Self {
        self.action = Some(Box::new(action));
        self
    }

    /// How long [`wait`](Self::wait) waits at most, before it breaks the barrier for all; without this, as long as it
    /// takes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// static BARRIER: par_async::Barrier = par_async::Barrier::new(2).timeout(Duration::from_secs(5));
    /// # par_async::testing::run(async {
    /// assert!(BARRIER.wait().await.is_err(), "nobody else came");
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits until all parties have come.
    ///
    /// # Errors
    /// [`BrokenBarrier`] when not all came, and then for every party: its cause says why. The error stays until somebody
    /// calls [`reset`](Self::reset).
    ///
    /// # Panics
    /// When this task came last and the action panics; when the action itself polls this. When the barrier has a
    /// [timeout](Self::timeout) and it is polled outside of a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropped before all have come, the party has not come, and the barrier is not broken. Dropped after that, it was
    /// one of those who came.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<BarrierTurn, BrokenBarrier>> + Send {
        waiting("Barrier::wait", Location::caller(), self.wait_for(self.timeout))
    }

    /// Waits until all parties have come, and at most so long, instead of the barrier's own [timeout](Self::timeout).
    ///
    /// A timeout that passes breaks the barrier for all. One past the end of the clock is none.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and [`BreakCause::TimedOut`].
    ///
    /// # Panics
    /// As [`wait`](Self::wait), and when it is polled outside of a tokio runtime.
    ///
    /// # Cancel safety
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_timeout(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<BarrierTurn, BrokenBarrier>> + Send {
        waiting("Barrier::wait_timeout", Location::caller(), self.wait_for(Some(timeout)))
    }

    /// Makes whoever holds the [`Party`] a member of the barrier, so that its failure breaks the barrier.
    ///
    /// # Examples
    /// ```
    /// use par_async::Barrier;
    /// use par_core::{BreakCause, BrokenBarrier};
    ///
    /// # par_async::testing::run(async {
    /// let barrier = Barrier::new(2);
    /// let (me, other) = (barrier.join(), barrier.join());
    /// drop(other); // it leaves without ever having come
    /// assert_eq!(me.wait().await, Err(BrokenBarrier { cause: BreakCause::PartyLeft }));
    /// # }).unwrap();
    /// ```
    pub fn join(&self) -> Party<'_> {
        Party::joined(party::Of::Borrowed(self))
    }

    /// [`join`](Self::join), for a membership that keeps the barrier alive and may move into a task.
    pub fn join_owned(self: &Arc<Self>) -> Party<'static> {
        Party::joined(party::Of::Shared(Arc::clone(self)))
    }

    /// Breaks the barrier: all who wait, and all who come until it is [reset](Self::reset), get [`BreakCause::Aborted`].
    ///
    /// A barrier that is broken already keeps its cause.
    pub fn abort(&self) {
        self.break_with(self.inner.lock(), BreakCause::Aborted);
    }

    /// Makes the barrier as new: not broken, with nobody waiting.
    ///
    /// Those who wait get [`BreakCause::Reset`]. [Members](Self::join) stay members, and those who left are forgiven: a
    /// wait counts on others to come in their place.
    pub fn reset(&self) {
        let mut inner = self.inner.lock();
        inner.state.reset();
        self.phase_ended(inner);
    }

    /// Whether the barrier is broken: until it is [reset](Self::reset), nobody can wait at it.
    pub fn is_broken(&self) -> bool {
        self.inner.lock().state.broken().is_some()
    }

    /// How many parties have to come.
    pub const fn parties(&self) -> usize {
        self.parties
    }

    /// How many have come and wait: advice, for it changes meanwhile.
    pub fn waiting(&self) -> usize {
        self.inner.lock().state.arrived()
    }

    /// Every wait at the barrier ends here.
    async fn wait_for(&self, timeout: Option<Duration>) -> Result<BarrierTurn, BrokenBarrier> {
        consume_budget().await;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            match self.arrive() {
                Came::Through(result) => return result,
                Came::Stands(mut standing) => {
                    let Some(deadline) = deadline else { return standing.outcome().await };
                    if let Ok(outcome) = timeout_at(deadline, standing.outcome()).await {
                        return outcome;
                    }
                    return standing.time_out();
                }
                Came::AtTheDoor(mut seated, phase) => {
                    let Some(deadline) = deadline else {
                        seated.told().await;
                        continue;
                    };
                    if timeout_at(deadline, seated.told()).await.is_err() {
                        let inner = self.inner.lock();
                        if inner.state.phase() == phase {
                            self.break_with(inner, BreakCause::TimedOut);
                            return Err(BrokenBarrier { cause: BreakCause::TimedOut });
                        }
                    }
                }
            }
        }
    }

    /// A party comes; the last one runs the action.
    fn arrive(&self) -> Came<'_> {
        let mut inner = self.inner.lock();
        let actor = self.action.is_some().then(|| thread::current().id());
        match inner.state.arrive(self.parties, actor) {
            Arrival::Broken(cause) => Came::Through(Err(BrokenBarrier { cause })),
            Arrival::Breaks(cause) => {
                self.break_with(inner, cause);
                Came::Through(Err(BrokenBarrier { cause }))
            }
            // Its place is known when the phase ends: those who were before it may go until then.
            Arrival::Waits { phase, .. } => {
                let seat = inner.line.enter(Waker::noop().clone());
                Came::Stands(Standing::new(self, seat, phase))
            }
            Arrival::Last { phase } => {
                let turn = BarrierTurn::new(self.parties - 1, self.parties);
                Came::Through(self.complete(inner, phase).map(|()| turn))
            }
            Arrival::AtTheDoor { phase } => Came::AtTheDoor(self.door.enter(), phase),
            Arrival::Itself => {
                // A panic runs the hook, which is code of a user.
                drop(inner);
                panic!("the action of a barrier waits at its own barrier");
            }
        }
    }

    /// All have come: runs the action and ends the phase.
    fn complete<'b>(&'b self, mut inner: MutexGuard<'b, Inner>, phase: usize) -> Result<(), BrokenBarrier> {
        if let Some(action) = &self.action {
            drop(inner);
            let panicked = ActionPanicked { barrier: self, phase };
            action();
            std::mem::forget(panicked);
            inner = self.inner.lock();
            if inner.state.phase() != phase {
                // It was broken meanwhile; this party is one of those that have to be told.
                return inner.state.outcome_of(phase);
            }
        }
        inner.state.end_well();
        self.phase_ended(inner);
        Ok(())
    }

    /// Ends the phase, if anybody stands in it, and closes the barrier.
    fn break_with(&self, mut inner: MutexGuard<'_, Inner>, cause: BreakCause) {
        inner.state.break_with(cause);
        self.phase_ended(inner);
    }

    /// Tells all who stood in the phase that it has ended, and those at the door that they may come.
    fn phase_ended(&self, mut inner: MutexGuard<'_, Inner>) {
        let wakers = inner.line.tell_all(|place| place);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        self.door.tell_all_if(|| true);
    }
}

/// Breaks the barrier when it is dropped: the action has not returned.
struct ActionPanicked<'a> {
    barrier: &'a Barrier,
    phase: usize,
}

impl Drop for ActionPanicked<'_> {
    fn drop(&mut self) {
        let mut inner = self.barrier.inner.lock();
        if inner.state.phase() == self.phase {
            // The panic itself is what this party is told.
            inner.state.leave_one();
            self.barrier.break_with(inner, BreakCause::ActionPanicked);
        } else {
            inner.state.outcome_of(self.phase).ok();
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner.lock();
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("waiting", &inner.state.arrived())
            .field("broken", &inner.state.broken())
            .finish_non_exhaustive()
    }
}
