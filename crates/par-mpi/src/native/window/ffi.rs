//! One-sided windows, as C sees them. Ranges were checked by the callers.

#![expect(unsafe_code, reason = "MPI is a library of C; the module above says what makes its calls sound")]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::ManuallyDrop;

use mpi::ffi;
use par_core::comm::op::Builtin;
use par_core::comm::{CommError, Datum, Kind, Rank};

use crate::native::base::{Comm, Datatype, IS_OPEN_MPI, Op, check, folding, int};

/// Windows are so many bytes long, or a multiple of it.
///
/// Of MPICH 4.0.2, on one machine, a rank finds the memory of the next at a wrong place when its own has another length
/// (seen with 24 bytes); and ranks do not share cache lines.
const LINE: usize = 64;

/// What an accumulation does with what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Update {
    /// Combines it.
    With(Builtin),
    /// Takes its place.
    Replace,
    /// Leaves it.
    Leave,
}

impl Update {
    /// `MPI_REPLACE` and `MPI_NO_OP` are constants that bindgen does not translate everywhere: their Fortran numbers are
    /// 13 and 14 in Open MPI, and the handles themselves in MPICH and those of its binary interface.
    fn op(self) -> ffi::MPI_Op {
        let number = match self {
            Self::With(builtin) => return Op::builtin(builtin).0,
            Self::Replace if IS_OPEN_MPI => 13,
            Self::Replace => 0x5800_000d,
            Self::Leave if IS_OPEN_MPI => 14,
            Self::Leave => 0x5800_000e,
        };
        // SAFETY: the numbers of predefined operations.
        unsafe { ffi::RSMPI_Op_f2c(number) }
    }
}

/// Memory of every rank of a communicator that the others reach; MPI owns it.
///
/// Nothing refers to the memory but through MPI's calls, so what other ranks write there is no data race here.
#[derive(Debug)]
pub(crate) struct Window {
    raw: ffi::MPI_Win,
    ranks: usize,
    /// How many bytes each displacement counts.
    unit: usize,
    /// Whether it is in an epoch with all ranks.
    everywhere: Cell<bool>,
}

impl Window {
    /// A window with `bytes` bytes, which are 0, on this rank.
    pub(crate) fn allocate(comm: Comm, bytes: usize, unit: usize) -> Result<Self, CommError> {
        // SAFETY: a constant of the library.
        let info = unsafe { ffi::RSMPI_INFO_NULL };
        // SAFETY: a constant of the library.
        let mut raw = unsafe { ffi::RSMPI_WIN_NULL };
        let size = bytes.next_multiple_of(LINE).cast_signed() as ffi::MPI_Aint;
        let mut base = std::ptr::null_mut::<c_void>();
        let start = (&raw mut base).cast::<c_void>();
        // SAFETY: a communicator, and pointers to locals, the first of which takes an address.
        let code = unsafe { ffi::MPI_Win_allocate(size, int(unit), info, comm.0, start, &raw mut raw) };
        check("MPI_Win_allocate", code)?;
        // SAFETY: the window was made.
        let code = unsafe { ffi::MPI_Win_set_errhandler(raw, ffi::RSMPI_ERRORS_RETURN) };
        check("MPI_Win_set_errhandler", code)?;
        if bytes > 0 {
            // SAFETY: MPI gave `bytes` bytes there, and no other rank knows of the window before this call has returned
            // on all ranks and they have met.
            unsafe { std::ptr::write_bytes(base.cast::<u8>(), 0, bytes) };
        }
        Ok(Self { raw, ranks: comm.size()?, unit, everywhere: Cell::new(false) })
    }

    /// Gives it back, as all its ranks do.
    pub(crate) fn free(mut self) {
        // SAFETY: it was made above, and this consumes it.
        unsafe { ffi::MPI_Win_free(&raw mut self.raw) };
    }

    /// Begins an epoch of all ranks, or ends it, when all accesses of all of them are done.
    pub(crate) fn fence(&self, begins: bool) -> Result<(), CommError> {
        let mode = if begins { ffi::MPI_MODE_NOPRECEDE } else { ffi::MPI_MODE_NOSUCCEED };
        // SAFETY: a window.
        check("MPI_Win_fence", unsafe { ffi::MPI_Win_fence(mode as c_int, self.raw) })
    }

    pub(crate) fn lock(&self, rank: Rank, exclusive: bool) -> Result<(), CommError> {
        let kind = if exclusive { ffi::MPI_LOCK_EXCLUSIVE } else { ffi::MPI_LOCK_SHARED };
        // SAFETY: a window, and a rank of it.
        check("MPI_Win_lock", unsafe { ffi::MPI_Win_lock(kind as c_int, int(rank), 0, self.raw) })
    }

    pub(crate) fn unlock(&self, rank: Rank) -> Result<(), CommError> {
        // SAFETY: a window, and a rank of it.
        check("MPI_Win_unlock", unsafe { ffi::MPI_Win_unlock(int(rank), self.raw) })
    }

    pub(crate) fn lock_all(&self) -> Result<(), CommError> {
        // SAFETY: a window.
        check("MPI_Win_lock_all", unsafe { ffi::MPI_Win_lock_all(0, self.raw) })?;
        self.everywhere.set(true);
        Ok(())
    }

    pub(crate) fn is_locked_everywhere(&self) -> bool {
        self.everywhere.get()
    }

    pub(crate) fn unlock_all(&self) -> Result<(), CommError> {
        self.everywhere.set(false);
        // SAFETY: a window.
        check("MPI_Win_unlock_all", unsafe { ffi::MPI_Win_unlock_all(self.raw) })
    }

    pub(crate) fn flush(&self, rank: Rank) -> Result<(), CommError> {
        // SAFETY: a window, and a rank of it.
        check("MPI_Win_flush", unsafe { ffi::MPI_Win_flush(int(rank), self.raw) })
    }

    fn target<T: Datum>(&self, rank: Rank, offset: usize, count: usize) -> Result<Target, CommError> {
        CommError::unless_rank(rank, self.ranks)?;
        debug_assert_eq!(size_of::<T>() % self.unit, 0, "displacements count elements or parts of them");
        let displacement = (offset * (size_of::<T>() / self.unit)).cast_signed() as ffi::MPI_Aint;
        let bytes = count * size_of::<T>();
        let count = c_int::try_from(bytes)
            .map_err(|_| CommError::Unsupported(format!("{bytes} bytes in one access to a window")))?;
        Ok(Target { rank: int(rank), displacement, count })
    }

    /// Writes.
    pub(crate) fn put<T: Datum>(&self, data: &[T], rank: Rank, offset: usize) -> Result<(), CommError> {
        let Target { rank: number, displacement, count } = self.target::<T>(rank, offset, data.len())?;
        let kind = Datatype::byte().raw;
        let from = data.as_ptr().cast();
        // SAFETY: the slice has `count` bytes, and the flush below ends before it is given back.
        let code = unsafe { ffi::MPI_Put(from, count, kind, number, displacement, count, kind, self.raw) };
        check("MPI_Put", code)?;
        self.flush(rank)
    }

    /// Reads.
    pub(crate) fn get<T: Datum>(&self, into: &mut [T], rank: Rank, offset: usize) -> Result<(), CommError> {
        let Target { rank: number, displacement, count } = self.target::<T>(rank, offset, into.len())?;
        let kind = Datatype::byte().raw;
        let to = into.as_mut_ptr().cast();
        // SAFETY: the slice has `count` bytes, and the flush below ends before it is given back.
        let code = unsafe { ffi::MPI_Get(to, count, kind, number, displacement, count, kind, self.raw) };
        check("MPI_Get", code)?;
        self.flush(rank)
    }

    /// Begins to write inside a fence; the slot keeps the data until the fence has ended.
    pub(crate) fn begin_put<T: Datum>(
        &self,
        slot: &mut Slot<T>,
        rank: Rank,
        offset: usize,
    ) -> Result<(), CommError> {
        let Target { rank: number, displacement, count } = self.target::<T>(rank, offset, slot.0.len())?;
        let kind = Datatype::byte().raw;
        let from = slot.0.as_ptr().cast();
        // SAFETY: the slot has `count` bytes on the heap, and is leaked unless the fence has ended.
        let code = unsafe { ffi::MPI_Put(from, count, kind, number, displacement, count, kind, self.raw) };
        check("MPI_Put", code)
    }

    /// Begins to read inside a fence; the data is in the slot when the fence has ended.
    pub(crate) fn begin_get<T: Datum>(
        &self,
        slot: &mut Slot<T>,
        rank: Rank,
        offset: usize,
    ) -> Result<(), CommError> {
        let Target { rank: number, displacement, count } = self.target::<T>(rank, offset, slot.0.len())?;
        let kind = Datatype::byte().raw;
        let to = slot.0.as_mut_ptr().cast();
        // SAFETY: the slot has `count` bytes on the heap, and is leaked unless the fence has ended.
        let code = unsafe { ffi::MPI_Get(to, count, kind, number, displacement, count, kind, self.raw) };
        check("MPI_Get", code)
    }

    /// Begins to combine inside a fence; the slot keeps the data until the fence has ended.
    pub(crate) fn begin_accumulate<T: Datum>(
        &self,
        slot: &mut Slot<T>,
        rank: Rank,
        offset: usize,
        update: Update,
    ) -> Result<(), CommError> {
        let Target { rank: number, displacement, .. } = self.target::<T>(rank, offset, slot.0.len())?;
        let (count, kind, from) = (int(slot.0.len()), element::<T>(update)?.raw, slot.0.as_ptr().cast());
        // SAFETY: the slot has `count` elements on the heap, and is leaked unless the fence has ended.
        let code = unsafe {
            ffi::MPI_Accumulate(from, count, kind, number, displacement, count, kind, update.op(), self.raw)
        };
        check("MPI_Accumulate", code)
    }

    /// Combines element by element with what is there, each element at once, and yields what was there.
    pub(crate) fn get_accumulate<T: Datum>(
        &self,
        data: &[T],
        before: &mut [T],
        rank: Rank,
        offset: usize,
        update: Update,
    ) -> Result<(), CommError> {
        let Target { rank: number, displacement, .. } = self.target::<T>(rank, offset, data.len())?;
        let (count, kind) = (int(data.len()), element::<T>(update)?.raw);
        // SAFETY: both slices have `count` elements of the datatype, and the flush below ends before they are given
        // back.
        let code = unsafe {
            ffi::MPI_Get_accumulate(
                data.as_ptr().cast(),
                count,
                kind,
                before.as_mut_ptr().cast(),
                count,
                kind,
                number,
                displacement,
                count,
                kind,
                update.op(),
                self.raw,
            )
        };
        check("MPI_Get_accumulate", code)?;
        self.flush(rank)
    }

    /// As [`get_accumulate`](Self::get_accumulate), and nobody asks what was there.
    pub(crate) fn accumulate<T: Datum>(
        &self,
        data: &[T],
        rank: Rank,
        offset: usize,
        update: Update,
    ) -> Result<(), CommError> {
        let Target { rank: number, displacement, .. } = self.target::<T>(rank, offset, data.len())?;
        let (count, kind, from) = (int(data.len()), element::<T>(update)?.raw, data.as_ptr().cast());
        // SAFETY: the slice has `count` elements of the datatype, and the flush below ends before it is given back.
        let code = unsafe {
            ffi::MPI_Accumulate(from, count, kind, number, displacement, count, kind, update.op(), self.raw)
        };
        check("MPI_Accumulate", code)?;
        self.flush(rank)
    }

    /// Combines one element with what is there, at once; what was there.
    pub(crate) fn fetch_and_op<T: Datum>(
        &self,
        value: T,
        rank: Rank,
        offset: usize,
        update: Update,
    ) -> Result<T, CommError> {
        let Target { rank: number, displacement, .. } = self.target::<T>(rank, offset, 1)?;
        let (kind, mut before) = (element::<T>(update)?.raw, T::zeroed());
        let (from, to) = ((&raw const value).cast(), (&raw mut before).cast());
        // SAFETY: both are one element of the datatype, and the flush below ends before they are gone.
        let code =
            unsafe { ffi::MPI_Fetch_and_op(from, to, kind, number, displacement, update.op(), self.raw) };
        check("MPI_Fetch_and_op", code)?;
        self.flush(rank)?;
        Ok(before)
    }

    /// Puts `new` where `expected` is, at once; what was there.
    pub(crate) fn compare_and_swap<T: Datum>(
        &self,
        expected: T,
        new: T,
        rank: Rank,
        offset: usize,
    ) -> Result<T, CommError> {
        let Target { rank: number, displacement, .. } = self.target::<T>(rank, offset, 1)?;
        let (kind, mut before) = (element::<T>(Update::Replace)?.raw, T::zeroed());
        let (from, old, to) =
            ((&raw const new).cast(), (&raw const expected).cast(), (&raw mut before).cast());
        // SAFETY: all three are one element of the datatype, and the flush below ends before they are gone.
        let code = unsafe { ffi::MPI_Compare_and_swap(from, old, to, kind, number, displacement, self.raw) };
        check("MPI_Compare_and_swap", code)?;
        self.flush(rank)?;
        Ok(before)
    }
}

/// Data of an access that goes on until a fence: leaked, unless it is taken out.
#[derive(Debug)]
pub(crate) struct Slot<T>(ManuallyDrop<Vec<T>>);

impl<T> Slot<T> {
    pub(crate) fn new(data: Vec<T>) -> Self {
        Self(ManuallyDrop::new(data))
    }

    /// The data again; the fence has ended.
    pub(crate) fn into_data(self) -> Vec<T> {
        ManuallyDrop::into_inner(self.0)
    }
}

struct Target {
    rank: c_int,
    displacement: ffi::MPI_Aint,
    /// Bytes.
    count: c_int,
}

fn element<T: Datum>(update: Update) -> Result<Datatype, CommError> {
    // Values are replaced wherever they are added.
    let op = match update {
        Update::With(builtin) => builtin,
        Update::Replace | Update::Leave => Builtin::Sum,
    };
    folding(Kind::of::<T>(), op).map(|(datatype, _)| datatype).ok_or_else(|| {
        CommError::Unsupported(format!(
            "{op:?} of {} in a window, which this MPI has not or computes wrongly",
            std::any::type_name::<T>()
        ))
    })
}
