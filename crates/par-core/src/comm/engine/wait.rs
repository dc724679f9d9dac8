//! How a rank waits: it spins, then yields, then sleeps, and always moves messages meanwhile.
//!
//! No wait is without an end. It ends when what it waits for has come; when a rank that it needs has ended, and nothing
//! of it is left in the rings; when the communicator's watch says so; when the world's limit has passed; and when the
//! rank could only be helped by itself.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::endpoint::{Endpoint, Lent};
use super::transport::Transport;
use crate::comm::{CommError, Rank, Watch};

/// So many yields before the first sleep, unless a yield takes so long that others must have wanted the processor: they
/// would get a slice of it at every yield, whereas a sleeper runs as soon as it is woken.
const YIELDS: u32 = 200;
const LONG_YIELD: Duration = Duration::from_micros(50);
/// After a long yield, so many waits sleep instead.
const SLEEPY_WAITS: u32 = 100;
/// The clock is read once in so many turns, even while messages move.
const TURNS_PER_LOOK: u32 = 1 << 10;
/// The watch is asked first after, and then every so often.
const WATCH_AFTER: Duration = Duration::from_millis(1);
const WATCH_EVERY: Duration = Duration::from_micros(2_500);
/// The longest sleep; whoever sends wakes the sleeper, so it only bounds how late the end of a rank is seen.
const SLEEP: Duration = Duration::from_millis(20);

/// What a wait is for.
pub(super) struct Wait<'w> {
    /// In words, for errors.
    pub(super) what: &'w dyn Fn() -> String,
    /// The ranks of the world that can end it: any of them.
    pub(super) from: &'w [Rank],
    pub(super) watch: &'w RefCell<Option<Rc<dyn Watch>>>,
}

/// The endpoint, as all communicators of a rank share it.
pub(super) struct Shared<T: Transport>(pub(super) RefCell<Endpoint<T>>, Cell<Duration>);

/// How long a wait has lasted, and what it does next.
struct Patience {
    idle: u32,
    turns: u32,
    spins: u32,
    sleepy: bool,
    begun: Option<Instant>,
    next_watch: Duration,
    /// A rank that ended; it counts when nothing more has come after that was seen.
    lost: Option<CommError>,
}

impl<T: Transport> Shared<T> {
    pub(super) fn new(endpoint: Endpoint<T>) -> Self {
        Self(RefCell::new(endpoint), Cell::new(WATCH_AFTER))
    }

    /// A pause of those who test several requests in turn, and have waited for a while.
    pub(super) fn pause_between(&self, wait: &Wait<'_>, waited: Duration) -> Result<(), CommError> {
        if waited < WATCH_AFTER {
            self.1.set(WATCH_AFTER);
            std::thread::yield_now();
            return Ok(());
        }
        let mut next_watch = self.1.get();
        let looked = self.look_up(wait, waited, &mut next_watch);
        self.1.set(next_watch);
        looked?;
        self.sleep(wait.watch.borrow().is_some(), waited);
        Ok(())
    }

    /// Moves messages until `done` yields something.
    pub(super) fn wait<R>(
        &self,
        wait: &Wait<'_>,
        lent: &mut Lent<'_>,
        mut done: impl FnMut(&mut Endpoint<T>) -> Option<R>,
    ) -> Result<R, CommError> {
        let mut patience = None;
        loop {
            let mut endpoint = self.0.borrow_mut();
            if let Some(result) = done(&mut endpoint) {
                return Ok(result);
            }
            let moved = endpoint.progress(lent);
            if moved && let Some(result) = done(&mut endpoint) {
                return Ok(result);
            }
            let patience = patience.get_or_insert_with(|| Patience::new(&mut endpoint));
            if patience.spins_on(moved) {
                std::hint::spin_loop();
                continue;
            }
            drop(endpoint);
            self.pause(wait, patience, moved)?;
        }
    }

    /// What a wait does when it has lasted for a while.
    fn pause(&self, wait: &Wait<'_>, patience: &mut Patience, moved: bool) -> Result<(), CommError> {
        let waited = patience.begun.get_or_insert_with(Instant::now).elapsed();
        if !moved {
            if let Some(lost) = patience.lost.take() {
                return Err(lost);
            }
            patience.lost = self.0.borrow().lost(wait.from);
            if patience.lost.is_some() {
                return Ok(());
            }
        }
        self.look_up(wait, waited, &mut patience.next_watch)?;
        if moved {
            return Ok(());
        }
        if !patience.sleepy && patience.idle < patience.spins + YIELDS {
            let begun = Instant::now();
            std::thread::yield_now();
            if begun.elapsed() > LONG_YIELD {
                patience.sleepy = true;
                self.0.borrow_mut().sleepy_waits = SLEEPY_WAITS;
            }
            return Ok(());
        }
        self.sleep(wait.watch.borrow().is_some(), waited);
        Ok(())
    }

    /// Asks the watch and the limit.
    fn look_up(&self, wait: &Wait<'_>, waited: Duration, next_watch: &mut Duration) -> Result<(), CommError> {
        if waited < *next_watch {
            return Ok(());
        }
        *next_watch = waited + WATCH_EVERY;
        let watch = wait.watch.borrow().clone();
        let watched = watch.is_some();
        if let Some(watch) = watch {
            watch.stalled(waited)?;
        }
        let endpoint = self.0.borrow();
        if endpoint.settings.wait_limit.is_some_and(|limit| waited >= limit) {
            return Err(CommError::TimedOut { operation: (wait.what)(), waited });
        }
        // A watch knows more, and says so in its own words.
        if !watched && wait.from.iter().all(|rank| *rank == endpoint.rank) {
            return Err(CommError::Deadlock(vec![format!(
                "rank {} waits in {} for itself alone",
                endpoint.rank,
                (wait.what)()
            )]));
        }
        Ok(())
    }

    /// Sleeps until there is news; with a watch, or a limit that is near, not for long.
    pub(super) fn sleep(&self, watched: bool, waited: Duration) {
        let mut endpoint = self.0.borrow_mut();
        let mut timeout = if watched { WATCH_EVERY } else { SLEEP };
        if let Some(limit) = endpoint.settings.wait_limit {
            timeout = timeout.min(limit.saturating_sub(waited)).max(Duration::from_micros(50));
        }
        let endpoint = &mut *endpoint;
        let (peers, count, this) = (&mut endpoint.peers, endpoint.fragment_count, endpoint.rank);
        endpoint.transport.sleep(timeout, &mut || Endpoint::<T>::news(peers, count, this));
    }
}

impl Patience {
    fn new<T: Transport>(endpoint: &mut Endpoint<T>) -> Self {
        let sleepy = endpoint.sleepy_waits > 0;
        endpoint.sleepy_waits = endpoint.sleepy_waits.saturating_sub(1);
        Self {
            idle: 0,
            turns: 0,
            spins: endpoint.spins,
            sleepy,
            begun: None,
            next_watch: WATCH_AFTER,
            lost: None,
        }
    }

    /// Counts a turn; whether nothing is to be done but another one.
    fn spins_on(&mut self, moved: bool) -> bool {
        self.turns = self.turns.wrapping_add(1);
        self.idle = if moved { 0 } else { self.idle.saturating_add(1) };
        self.idle <= self.spins && !self.turns.is_multiple_of(TURNS_PER_LOOK)
    }
}

impl<T: Transport> Endpoint<T> {
    /// The error of waiting for any of `ranks`, when that can no longer end well.
    pub(super) fn lost(&self, ranks: &[Rank]) -> Option<CommError> {
        let (mut finished, mut running) = (None, false);
        for rank in ranks.iter().copied().filter(|rank| *rank != self.rank) {
            match self.transport.ended(rank) {
                None => running = true,
                Some(ended) => {
                    let lost = CommError::RankLost { rank, reason: ended.reason };
                    if ended.failed {
                        return Some(lost);
                    }
                    finished = finished.or(Some(lost));
                }
            }
        }
        if running { None } else { finished }
    }
}
