//! A place where threads wait for each other, again and again.
//!
//! The waits of a barrier fall into *phases*. A phase is *filling* while parties come; with the last one it is *acting*,
//! if there is an action; then it ends, well or broken, and the next one begins. All of that is [`BarrierState`], under one lock
//! that nobody holds while code of a user runs.
//!
//! - Whoever comes is counted into the phase that is filling, and remembers its number. It waits until the phase of the
//!   barrier is another one: so a fast thread that comes again stands in the next phase, and can take nobody's place.
//! - The last party runs the action, without the lock, and then ends the phase. While it acts nobody is counted: threads
//!   that come then, of which there are some only if more threads than parties use the barrier, wait at the door.
//! - To break a barrier is to end the phase at once, acting or not, and to close the barrier until it is reset. The first
//!   cause stays. What a phase was broken by is kept for exactly as many threads as still have to be told, so neither a
//!   reset nor later phases can make a slow thread believe that all went well, or the other way round.
//!
//! No wake-up is lost: a thread looks at the phase and goes to sleep under the lock, the phase changes under the lock,
//! and each change is followed by `notify_all`. `ended`, which threads look at before they sleep, is written under the
//! lock, too, and only says what the state says: a thread that sees the very next phase after its own, and the mark that its
//! own ended well, need not take the lock to know.
//!
//! What a party did before it came is seen by all after they were released: everybody takes the lock to come, and who is
//! released has taken the lock again, or has read `ended` (acquire), which the last party has written (release).

mod party;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use par_core::plumbing::sync::{Arrival, BarrierState};
use par_core::{BreakCause, BrokenBarrier};

#[cfg(loom)]
use loom::thread::{self, ThreadId};
#[cfg(not(loom))]
use std::thread::{self, ThreadId};

use super::model::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, const_fn, look, wait};
use crate::deadlock::{Came, Member, Roll};

pub use self::party::Party;
pub use par_core::plumbing::sync::BarrierTurn;

type State = BarrierState<ThreadId>;

type Action = Box<dyn Fn() + Send + Sync>;

/// A place where a fixed number of threads wait until all have come, again and again; when one of them fails, the barrier
/// is *broken* for all, instead of letting the others wait for ever.
///
/// A party that waits longer than its timeout, an [`abort`](Self::abort), an action that panics: each ends the wait of all
/// parties with [`BrokenBarrier`], which says why, and so does every later wait until [`reset`](Self::reset).
/// A party that takes [membership](Self::join) breaks the barrier even by panicking on its way, or by leaving for good.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::{BreakCause, BrokenBarrier};
/// use par_threads::Barrier;
///
/// static TOGETHER: Barrier = Barrier::new(2);
///
/// let other = std::thread::spawn(|| TOGETHER.wait());
/// let mine = TOGETHER.wait()?;
/// let other = other.join().expect("it does not panic")?;
/// assert_eq!(mine.index() + other.index(), 1, "one of them is 0, the other is 1");
/// assert_ne!(mine.is_leader(), other.is_leader());
///
/// // Nobody else comes now.
/// let alone = TOGETHER.wait_timeout(Duration::from_millis(10));
/// assert_eq!(alone, Err(BrokenBarrier { cause: BreakCause::TimedOut }));
/// assert!(TOGETHER.is_broken());
/// TOGETHER.reset();
/// # Ok::<(), BrokenBarrier>(())
/// ```
pub struct Barrier {
    parties: usize,
    action: Option<Action>,
    timeout: Option<Duration>,
    roll: Roll,
    state: Mutex<State>,
    /// The number of the phase that fills or acts, times two, and 1 if the one before it was broken.
    ended: AtomicUsize,
    changed: Condvar,
}

// No code of a user runs under the lock, and an action that panics breaks the barrier: who sees it afterwards knows.
impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

impl Barrier {
    const_fn! {
        /// A barrier for so many parties.
        ///
        /// # Panics
        /// When `parties` is 0.
        ///
        /// # Examples
        /// ```
        /// let alone = par_threads::Barrier::new(1);
        /// assert!(alone.wait()?.is_leader());
        /// # Ok::<(), par_core::BrokenBarrier>(())
        /// ```
        #[track_caller]
        pub fn new(parties: usize) -> Barrier {
            assert!(parties > 0, "a barrier has at least one party");
            Barrier {
                parties,
                action: None,
                timeout: None,
                roll: Roll::new(),
                state: Mutex::new(State::new()),
                ended: AtomicUsize::new(0),
                changed: Condvar::new(),
            }
        }
    }

    /// Runs `action` once per phase: on the thread that came last, when all have come and before any goes on.
    ///
    /// If it panics, the barrier is broken ([`BreakCause::ActionPanicked`]) for all other parties, and the panic goes on in
    /// the thread that ran it. An action that waits at its own barrier would wait for itself; it panics instead.
    ///
    /// # Examples
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::sync::Arc;
    /// use par_threads::Barrier;
    ///
    /// let rounds = Arc::new(AtomicUsize::new(0));
    /// let count = Arc::clone(&rounds);
    /// let barrier = Barrier::new(2).action(move || { count.fetch_add(1, Ordering::Relaxed); });
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| (0..10).try_for_each(|_| barrier.wait().map(drop)));
    ///     (0..10).try_for_each(|_| barrier.wait().map(drop))
    /// })?;
    /// assert_eq!(rounds.load(Ordering::Relaxed), 10);
    /// # Ok::<(), par_core::BrokenBarrier>(())
    /// ```
    #[must_use]
    pub fn action(mut self, action: impl Fn() + Send + Sync + 'static) -> Self {
        self.action = Some(Box::new(action));
        self
    }

    /// How long [`wait`](Self::wait) waits at most; without this, for as long as it takes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// static BARRIER: par_threads::Barrier = par_threads::Barrier::new(2).timeout(Duration::from_millis(5));
    /// assert!(BARRIER.wait().is_err(), "nobody else came");
    /// ```
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits until all parties have come.
    ///
    /// # Errors
    /// [`BrokenBarrier`] when not all came, and then for every party: its cause says why. With the feature
    /// `deadlock-detection` that is [`BreakCause::WouldDeadlock`] when a member that is missing waits, however indirectly,
    /// for one that has come.
    /// The error stays until somebody calls [`reset`](Self::reset).
    ///
    /// # Panics
    /// When this thread came last and the action panics; when the action itself calls this.
    ///
    /// # Blocking
    /// Until all have come and the action has run, and at most for the [timeout](Self::timeout) of the barrier.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait(&self) -> Result<BarrierTurn, BrokenBarrier> {
        self.wait_as(None)
    }

    /// Waits until all parties have come, and at most so long, instead of the barrier's own [timeout](Self::timeout).
    ///
    /// A timeout that passes breaks the barrier for all. It covers the action, too, which then runs to its end in vain. A
    /// timeout past the end of the clock is none.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and [`BreakCause::TimedOut`].
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    ///
    /// # Blocking
    /// Until all have come and the action has run, and at most `timeout`.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timeout(&self, timeout: Duration) -> Result<BarrierTurn, BrokenBarrier> {
        self.wait_until(None, Instant::now().checked_add(timeout))
    }

    /// Makes this thread a member of the barrier for as long as the [`Party`] lives, so that its failure breaks the barrier.
    ///
    /// # Examples
    /// ```
    /// use par_core::{BreakCause, BrokenBarrier};
    /// use par_threads::Barrier;
    ///
    /// let barrier = Barrier::new(2);
    /// let (me, other) = (barrier.join(), barrier.join());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || drop(other)); // it leaves without ever having come
    ///     assert_eq!(me.wait(), Err(BrokenBarrier { cause: BreakCause::PartyLeft }));
    /// });
    /// ```
    pub fn join(&self) -> Party<'_> {
        let mut state = self.state.lock();
        state.joined(self.parties);
        Party::joined(self, self.roll.enrol())
    }

    /// Breaks the barrier: all who wait, and all who come until it is [reset](Self::reset), get [`BreakCause::Aborted`].
    ///
    /// A barrier that is broken already keeps its cause.
    pub fn abort(&self) {
        self.break_with(self.state.lock(), BreakCause::Aborted);
    }

    /// Makes the barrier as new: not broken, with nobody waiting.
    ///
    /// Those who wait get [`BreakCause::Reset`]. [Members](Self::join) stay members, and those who left are forgiven: a wait
    /// counts on others to come in their place.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        state.reset();
        self.changed(state);
    }

    /// Whether the barrier is broken: until it is [reset](Self::reset), nobody can wait at it.
    pub fn is_broken(&self) -> bool {
        self.state.lock().broken().is_some()
    }

    /// How many parties have to come.
    pub const fn parties(&self) -> usize {
        self.parties
    }

    /// How many have come and wait: advice, for it changes meanwhile.
    pub fn waiting(&self) -> usize {
        self.state.lock().arrived()
    }

    /// [`wait`](Self::wait), by a member or anybody.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_as(&self, member: Option<&Member>) -> Result<BarrierTurn, BrokenBarrier> {
        self.wait_until(member, self.timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// Who this is, where it matters: an action must not wait for itself.
    fn actor(&self) -> Option<ThreadId> {
        self.action.is_some().then(|| thread::current().id())
    }

    /// Every wait at the barrier ends here.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_until(
        &self,
        member: Option<&Member>,
        deadline: Option<Instant>,
    ) -> Result<BarrierTurn, BrokenBarrier> {
        let mut state = self.state.lock();
        loop {
            match state.arrive(self.parties, self.actor()) {
                Arrival::Broken(cause) => return Err(BrokenBarrier { cause }),
                Arrival::Breaks(cause) => {
                    self.break_with(state, cause);
                    return Err(BrokenBarrier { cause });
                }
                Arrival::Waits { index, phase } => {
                    let came = self.roll.came(member, self.parties, deadline);
                    drop(state);
                    let turn = BarrierTurn::new(index, self.parties);
                    return self.wait_for(phase, deadline, came).map(|()| turn);
                }
                Arrival::Last { phase } => {
                    self.roll.came(member, self.parties, deadline);
                    let turn = BarrierTurn::new(self.parties - 1, self.parties);
                    return self.complete(state, phase).map(|()| turn);
                }
                Arrival::Itself => {
                    // A panic runs the hook, which is code of a user.
                    drop(state);
                    panic!("the action of a barrier waits at its own barrier");
                }
                Arrival::AtTheDoor { phase } => {
                    if wait(&self.changed, &mut state, deadline) && state.phase() == phase {
                        self.break_with(state, BreakCause::TimedOut);
                        return Err(BrokenBarrier { cause: BreakCause::TimedOut });
                    }
                }
            }
        }
    }

    /// Waits for the end of the phase that this thread was counted into.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_for(&self, phase: usize, deadline: Option<Instant>, came: Came) -> Result<(), BrokenBarrier> {
        // Most phases end well, and while this thread looks no second one ends.
        let well = phase.wrapping_add(1).wrapping_mul(2);
        look(deadline, || self.ended.load(Ordering::Acquire) / 2 != phase & (usize::MAX / 2));
        if self.ended.load(Ordering::Acquire) == well {
            return Ok(());
        }
        let asleep = came.wait(deadline);
        let mut state = self.state.lock();
        loop {
            if state.phase() != phase {
                return state.outcome_of(phase);
            }
            let cause = if asleep.is_none() {
                BreakCause::WouldDeadlock
            } else if wait(&self.changed, &mut state, deadline) && state.phase() == phase {
                BreakCause::TimedOut
            } else {
                continue;
            };
            state.leave_one();
            self.break_with(state, cause);
            return Err(BrokenBarrier { cause });
        }
    }

    /// All have come: runs the action and ends the phase.
    fn complete(&self, mut state: MutexGuard<'_, State>, phase: usize) -> Result<(), BrokenBarrier> {
        let Some(action) = &self.action else {
            state.end_well();
            self.changed(state);
            return Ok(());
        };
        drop(state);
        {
            let panicked = ActionPanicked { barrier: self, phase };
            action();
            std::mem::forget(panicked);
        }
        let mut state = self.state.lock();
        if state.phase() != phase {
            // It was broken meanwhile; this party is one of those that have to be told.
            return state.outcome_of(phase);
        }
        state.end_well();
        self.changed(state);
        Ok(())
    }

    /// Ends the phase, if anybody stands in it, and closes the barrier.
    fn break_with(&self, mut state: MutexGuard<'_, State>, cause: BreakCause) {
        state.break_with(cause);
        self.changed(state);
    }

    /// The state has changed: says so to those who look and to those who sleep.
    fn changed(&self, state: MutexGuard<'_, State>) {
        self.roll.phase_ended();
        self.ended.store(state.ended(), Ordering::Release);
        // Without the lock, which those who wake up take first.
        drop(state);
        self.changed.notify_all();
    }
}

/// Breaks the barrier when it is dropped: the action has not returned.
struct ActionPanicked<'a> {
    barrier: &'a Barrier,
    phase: usize,
}

impl Drop for ActionPanicked<'_> {
    fn drop(&mut self) {
        let mut state = self.barrier.state.lock();
        if state.phase() == self.phase {
            // The panic itself is what this party is told.
            state.leave_one();
            self.barrier.break_with(state, BreakCause::ActionPanicked);
        } else {
            state.outcome_of(self.phase).ok();
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("waiting", &state.arrived())
            .field("broken", &state.broken())
            .finish_non_exhaustive()
    }
}
