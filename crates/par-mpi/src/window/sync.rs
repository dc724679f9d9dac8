//! A counter and a lock that all ranks share, in the memory of one of them.

use par_core::comm::op::Builtin;
use par_core::comm::{CommError, Communicator, Rank};

use super::Memory;
use crate::comm::MpiComm;
use crate::native::window::{Update, Window};
use crate::world::is_unwinding;

/// Words of one rank, in an epoch with all that lasts as long as they do.
struct Words {
    memory: Memory,
    home: Rank,
}

impl Words {
    fn new(comm: &MpiComm, home: Rank, count: usize) -> Result<Self, CommError> {
        CommError::unless_rank(home, comm.size())?;
        let here = if comm.rank() == home { count } else { 0 };
        let memory = Memory::allocate(comm, here * size_of::<i64>(), size_of::<i64>())?;
        memory.with(Window::lock_all)?;
        // No rank may reach the words before they are 0.
        comm.barrier()?;
        Ok(Self { memory, home })
    }

    fn add(&self, word: usize, number: i64) -> Result<i64, CommError> {
        let update = Update::With(Builtin::Sum);
        self.memory.with(|window| window.fetch_and_op(number, self.home, word, update))
    }

    fn read(&self, word: usize) -> Result<i64, CommError> {
        self.memory.with(|window| window.fetch_and_op(0, self.home, word, Update::Leave))
    }
}

/// A number that all ranks count on, without the doing of the one that has it: who takes the next piece of work.
///
/// # Examples
/// ```no_run
/// use par_mpi::{Counter, MpiWorld};
///
/// let world = MpiWorld::init()?;
/// let next = Counter::new(world.comm(), 0)?;
/// while next.add(1)? < 1000 {
///     // One of a thousand pieces, which no other rank takes.
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Counter {
    words: Words,
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counter").field("home", &self.words.home).finish_non_exhaustive()
    }
}

impl Counter {
    /// A counter in the memory of `home`, which is 0.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Native`].
    ///
    /// # Blocking
    /// Until every rank has called it.
    pub fn new(comm: &MpiComm, home: Rank) -> Result<Self, CommError> {
        Ok(Self { words: Words::new(comm, home, 1)? })
    }

    /// Adds a number, at once; what it was before.
    ///
    /// # Errors
    /// [`CommError::Native`].
    pub fn add(&self, number: i64) -> Result<i64, CommError> {
        self.words.add(0, number)
    }

    /// What it is.
    ///
    /// # Errors
    /// [`CommError::Native`].
    pub fn value(&self) -> Result<i64, CommError> {
        self.words.read(0)
    }
}

/// A lock that one rank at a time has, in the order in which they asked for it.
///
/// It guards no data of its own, since the ranks have none in common: use it around a file, or a window.
pub struct Mutex<'c> {
    comm: &'c MpiComm,
    words: Words,
}

/// The next number to be drawn.
const DRAWN: usize = 0;
/// The number whose turn it is.
const TURN: usize = 1;

impl std::fmt::Debug for Mutex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutex").field("home", &self.words.home).finish_non_exhaustive()
    }
}

/// The lock, for as long as this lives.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct MutexGuard<'m> {
    mutex: &'m Mutex<'m>,
}

impl<'c> Mutex<'c> {
    /// A lock in the memory of `home`, which nobody has.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Native`].
    ///
    /// # Blocking
    /// Until every rank has called it.
    pub fn new(comm: &'c MpiComm, home: Rank) -> Result<Self, CommError> {
        Ok(Self { comm, words: Words::new(comm, home, 2)? })
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// [`CommError::TimedOut`] at the world's limit for a wait; the lock is then nobody's to take any more, since this
    /// rank's turn will come and it is not there. [`CommError::Native`].
    ///
    /// # Blocking
    /// Until those who asked before have given it back.
    pub fn lock(&self) -> Result<MutexGuard<'_>, CommError> {
        let number = self.words.add(DRAWN, 1)?;
        self.comm.until("a lock", || Ok((self.words.read(TURN)? == number).then_some(())))?;
        Ok(MutexGuard { mutex: self })
    }
}

impl Drop for MutexGuard<'_> {
    fn drop(&mut self) {
        if !is_unwinding() {
            // Nobody is left to be told; the next one who asks waits until its limit.
            self.mutex.words.add(TURN, 1).ok();
        }
    }
}
