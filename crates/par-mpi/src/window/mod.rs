//! One-sided MPI: memory of each rank that the others read, write and combine with.

mod epoch;
mod memory;
mod sync;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use par_core::comm::{CommError, Communicator, Datum, Rank};

pub use epoch::{Epoch, Lock, Locked, LockedAll};
pub(crate) use memory::Memory;
pub use sync::{Counter, Mutex, MutexGuard};

use crate::comm::MpiComm;
use crate::native::window::Slot;

/// Elements on each rank that all ranks of a communicator reach without the owner's doing (`Win_allocate`).
///
/// Accesses exist only inside an epoch, so a wrong order does not compile: [`fenced`](Self::fenced) for all ranks
/// together, [`lock`](Self::lock) and [`lock_all`](Self::lock_all) for one rank on its own. A rank reaches its own
/// elements in the same way. They are 0 at first.
///
/// A window that is dropped is given back when MPI ends; [`free`](Self::free) does it at once.
///
/// # Examples
/// ```no_run
/// use par_core::comm::{Communicator, op::Builtin};
/// use par_mpi::{Lock, MpiWorld, Window};
///
/// let world = MpiWorld::init()?;
/// let window = Window::<u64>::new(world.comm(), 4)?;
/// window.lock(0, Lock::Shared)?.accumulate(&[1], 2, Builtin::Sum)?;
/// world.comm().barrier()?;
/// let mut sum = [0];
/// window.lock(0, Lock::Shared)?.get(&mut sum, 2)?;
/// assert_eq!(sum[0], world.comm().size() as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Window<T: Datum> {
    memory: Memory,
    /// How many elements each rank has.
    lengths: Vec<usize>,
    open: RefCell<Open>,
    elements: PhantomData<T>,
}

/// Which epochs this rank is in.
#[derive(Debug, Default)]
struct Open {
    all: bool,
    fence: bool,
    ranks: BTreeSet<Rank>,
}

impl<T: Datum> std::fmt::Debug for Window<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("lengths", &self.lengths).finish_non_exhaustive()
    }
}

impl<T: Datum> Window<T> {
    /// A window with `length` elements on this rank; other ranks may have others.
    ///
    /// # Errors
    /// [`CommError::Invalid`] for elements without size, [`CommError::Native`].
    ///
    /// # Blocking
    /// Until every rank has called it.
    pub fn new(comm: &MpiComm, length: usize) -> Result<Self, CommError> {
        let element = size_of::<T>();
        if element == 0 {
            return Err(CommError::Invalid("elements of a window have a size".to_owned()));
        }
        let memory = Memory::allocate(comm, length * element, element)?;
        let mut lengths = vec![0_u64; comm.size()];
        comm.all_gather(&[length as u64], &mut lengths)?;
        let lengths = lengths.into_iter().map(|length| length as usize).collect();
        Ok(Self { memory, lengths, open: RefCell::default(), elements: PhantomData })
    }

    /// How many elements a rank has.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub fn length(&self, rank: Rank) -> Result<usize, CommError> {
        CommError::unless_rank(rank, self.lengths.len())?;
        Ok(self.lengths[rank])
    }

    /// An epoch of all ranks (`Win_fence`): what `accesses` begins is done on all ranks when this returns, on all.
    ///
    /// Yields what was got, in the order in which it was asked for.
    ///
    /// # Errors
    /// [`CommError::Invalid`] inside another epoch of this window; what `accesses` says, once all ranks have come to
    /// the end.
    ///
    /// # Blocking
    /// Until every rank has called it, and again until every rank's `accesses` has returned.
    pub fn fenced(
        &self,
        accesses: impl FnOnce(&mut Epoch<'_, T>) -> Result<(), CommError>,
    ) -> Result<Vec<Vec<T>>, CommError> {
        self.enter(|open| {
            let free = !open.all && !open.fence && open.ranks.is_empty();
            open.fence = free;
            free
        })?;
        let done = self.between_fences(accesses);
        self.open.borrow_mut().fence = false;
        done
    }

    fn between_fences(
        &self,
        accesses: impl FnOnce(&mut Epoch<'_, T>) -> Result<(), CommError>,
    ) -> Result<Vec<Vec<T>>, CommError> {
        self.memory.with(|window| window.fence(true))?;
        let mut epoch = Epoch::new(self);
        let done = accesses(&mut epoch);
        // An error here leaks what is under way.
        self.memory.with(|window| window.fence(false))?;
        let (given, got) = epoch.into_slots();
        for slot in given {
            drop(slot.into_data());
        }
        done?;
        Ok(got.into_iter().map(Slot::into_data).collect())
    }

    /// An epoch of this rank with `rank` (`Win_lock`), which ends with what is returned.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] inside another epoch of this window that has that rank.
    ///
    /// # Blocking
    /// While another rank has an epoch that excludes this one.
    pub fn lock(&self, rank: Rank, lock: Lock) -> Result<Locked<'_, T>, CommError> {
        CommError::unless_rank(rank, self.lengths.len())?;
        self.enter(|open| !open.all && !open.fence && open.ranks.insert(rank))?;
        let locked = self.memory.with(|window| window.lock(rank, lock == Lock::Exclusive));
        if let Err(error) = locked {
            self.open.borrow_mut().ranks.remove(&rank);
            return Err(error);
        }
        Ok(Locked { window: self, rank })
    }

    /// An epoch of this rank with all ranks, which excludes nobody (`Win_lock_all`), and ends with what is returned.
    ///
    /// # Errors
    /// [`CommError::Invalid`] inside another epoch of this window.
    ///
    /// # Blocking
    /// While another rank has an exclusive epoch.
    pub fn lock_all(&self) -> Result<LockedAll<'_, T>, CommError> {
        self.enter(|open| {
            let free = !open.all && !open.fence && open.ranks.is_empty();
            open.all |= free;
            free
        })?;
        if let Err(error) = self.memory.with(crate::native::window::Window::lock_all) {
            self.open.borrow_mut().all = false;
            return Err(error);
        }
        Ok(LockedAll { window: self })
    }

    /// Gives the memory back, as all ranks do.
    ///
    /// # Blocking
    /// Until every rank has called it.
    pub fn free(self) {
        self.memory.free();
    }

    fn enter(&self, enter: impl FnOnce(&mut Open) -> bool) -> Result<(), CommError> {
        if enter(&mut self.open.borrow_mut()) {
            return Ok(());
        }
        Err(CommError::Invalid(
            "this rank is inside an epoch of this window already, and the two exclude one another: end that one first"
                .to_owned(),
        ))
    }

    /// Elements are inside the window of their rank.
    fn check(&self, rank: Rank, offset: usize, count: usize) -> Result<(), CommError> {
        let length = self.length(rank)?;
        if offset.checked_add(count).is_some_and(|end| end <= length) {
            return Ok(());
        }
        Err(CommError::Invalid(format!(
            "{count} elements from {offset} on do not fit the {length} that rank {rank} has in this window"
        )))
    }
}
