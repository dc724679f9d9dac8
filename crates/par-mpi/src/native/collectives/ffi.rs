//! Blocking collectives, as C sees them. Lengths were checked by the callers, by the rules of `comm/check.rs`.

#![expect(unsafe_code, reason = "MPI is a library of C; the module above says what makes its calls sound")]

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mpi::ffi;
use par_core::bytemuck;
use par_core::comm::{Blocks, CommError, Datum, Reduction};

use crate::native::base::{Comm, Datatype, Extent, Op, check, in_place, int, start, start_mut};

/// Counts and displacements as MPI takes them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) counts: Vec<c_int>,
    pub(crate) displacements: Vec<c_int>,
}

pub(crate) fn barrier(comm: Comm) -> Result<(), CommError> {
    // SAFETY: a communicator.
    check("MPI_Barrier", unsafe { ffi::MPI_Barrier(comm.0) })
}

pub(crate) fn broadcast<T: Datum>(
    comm: Comm,
    buf: &mut [T],
    limit: usize,
    root: c_int,
) -> Result<(), CommError> {
    let extent = Extent::of(size_of_val(buf), limit)?;
    let (count, datatype) = (extent.count, extent.datatype.raw);
    // SAFETY: the extent is that of the slice, which is borrowed for as long as the call takes.
    check("MPI_Bcast", unsafe { ffi::MPI_Bcast(start_mut(buf), count, datatype, root, comm.0) })
}

/// `block` elements from every rank to the root, whose `into` holds them all.
pub(crate) fn gather<T: Datum>(
    comm: Comm,
    data: &[T],
    into: &mut [T],
    limit: usize,
    root: c_int,
) -> Result<(), CommError> {
    let extent = Extent::of(size_of_val(data), limit)?;
    let (count, kind) = (extent.count, extent.datatype.raw);
    let (from, to) = (start(data), start_mut(into));
    // SAFETY: `data` is one block, and at the root, where alone it counts, `into` is as many as there are ranks.
    check("MPI_Gather", unsafe { ffi::MPI_Gather(from, count, kind, to, count, kind, root, comm.0) })
}

/// A block of the root's `data`, which holds them all, to every rank.
pub(crate) fn scatter<T: Datum>(
    comm: Comm,
    data: &[T],
    into: &mut [T],
    limit: usize,
    root: c_int,
) -> Result<(), CommError> {
    let extent = Extent::of(size_of_val(into), limit)?;
    let (count, kind) = (extent.count, extent.datatype.raw);
    let (from, to) = (start(data), start_mut(into));
    // SAFETY: `into` is one block, and at the root, where alone it counts, `data` is as many as there are ranks.
    check("MPI_Scatter", unsafe { ffi::MPI_Scatter(from, count, kind, to, count, kind, root, comm.0) })
}

/// A block from every rank to every rank; `None`: this rank's own is in its place already.
pub(crate) fn all_gather<T: Datum>(
    comm: Comm,
    data: Option<&[T]>,
    into: &mut [T],
    block: usize,
    limit: usize,
) -> Result<(), CommError> {
    let extent = Extent::of(block * size_of::<T>(), limit)?;
    let (count, kind) = (extent.count, extent.datatype.raw);
    let (from, to) = (data.map_or(in_place().cast_const(), start), start_mut(into));
    // SAFETY: `data`, if any, is one block, and `into` is as many as there are ranks.
    check("MPI_Allgather", unsafe { ffi::MPI_Allgather(from, count, kind, to, count, kind, comm.0) })
}

/// A block from every rank to every rank, each another; `None`: what is given is in the place of what is received.
pub(crate) fn all_to_all<T: Datum>(
    comm: Comm,
    data: Option<&[T]>,
    into: &mut [T],
    block: usize,
    limit: usize,
) -> Result<(), CommError> {
    let extent = Extent::of(block * size_of::<T>(), limit)?;
    let (count, kind) = (extent.count, extent.datatype.raw);
    let (from, to) = (data.map_or(in_place().cast_const(), start), start_mut(into));
    // SAFETY: both buffers are as many blocks as there are ranks.
    check("MPI_Alltoall", unsafe { ffi::MPI_Alltoall(from, count, kind, to, count, kind, comm.0) })
}

/// This rank's own block is in its place already.
pub(crate) fn all_gather_v<T: Datum>(comm: Comm, into: &mut [T], places: &Places) -> Result<(), CommError> {
    let element = Datatype::row(size_of::<T>())?;
    let (kind, counts, displacements) = (element.raw, places.counts.as_ptr(), places.displacements.as_ptr());
    let (from, to) = (in_place().cast_const(), start_mut(into));
    // SAFETY: the places are as many as there are ranks and lie inside `into`, without overlap.
    let code = unsafe { ffi::MPI_Allgatherv(from, 0, kind, to, counts, displacements, kind, comm.0) };
    check("MPI_Allgatherv", code)
}

/// The blocks of a buffer, each with a datatype of its own: so their lengths and places have no bounds.
struct Parts {
    counts: Vec<c_int>,
    displacements: Vec<c_int>,
    raw: Vec<ffi::MPI_Datatype>,
    /// Those that were made for long blocks, and far ones.
    _made: Vec<Datatype>,
}

impl Parts {
    fn of<T: Datum>(blocks: &Blocks, limit: usize) -> Result<Self, CommError> {
        let byte = Datatype::byte();
        let (mut made, mut raw) = (Vec::new(), vec![byte.raw; blocks.len()]);
        let (mut counts, mut displacements) = (vec![0; blocks.len()], vec![0; blocks.len()]);
        for rank in 0..blocks.len() {
            let (at, bytes) =
                (blocks.range(rank).start * size_of::<T>(), blocks.counts()[rank] * size_of::<T>());
            if bytes == 0 {
                continue;
            }
            if at.max(bytes) <= limit {
                (counts[rank], displacements[rank]) = (int(bytes), int(at));
            } else {
                let part = Datatype::part(at, bytes, limit)?;
                (counts[rank], raw[rank]) = (1, part.raw);
                made.push(part);
            }
        }
        Ok(Self { counts, displacements, raw, _made: made })
    }
}

/// Blocks from every rank to every rank, by `MPI_Alltoallw`, of whose ranks some may give long blocks and others not.
pub(crate) fn all_to_all_v<T: Datum>(
    comm: Comm,
    data: &[T],
    given: &Blocks,
    into: &mut [T],
    taken: &Blocks,
    limit: usize,
) -> Result<(), CommError> {
    let (given, taken) = (Parts::of::<T>(given, limit)?, Parts::of::<T>(taken, limit)?);
    // SAFETY: both lists of parts are as many as there are ranks and lie inside their buffers, and the datatypes outlive
    // the call.
    let code = unsafe {
        ffi::MPI_Alltoallw(
            start(data),
            given.counts.as_ptr(),
            given.displacements.as_ptr(),
            given.raw.as_ptr(),
            start_mut(into),
            taken.counts.as_ptr(),
            taken.displacements.as_ptr(),
            taken.raw.as_ptr(),
            comm.0,
        )
    };
    check("MPI_Alltoallw", code)
}

/// The root's `buf` becomes the fold of its own and what the others [contribute](contribute).
pub(crate) fn reduce<T: Datum>(
    comm: Comm,
    buf: &mut [T],
    datatype: &Datatype,
    op: Op,
    root: c_int,
) -> Result<(), CommError> {
    let (count, from, to) = (int(buf.len()), in_place(), start_mut(buf));
    // SAFETY: the slice has `count` elements of the datatype, and is borrowed for as long as the call takes.
    check("MPI_Reduce", unsafe { ffi::MPI_Reduce(from, to, count, datatype.raw, op.0, root, comm.0) })
}

/// What a rank that is not the root gives to a [`reduce`].
pub(crate) fn contribute<T: Datum>(
    comm: Comm,
    data: &[T],
    datatype: &Datatype,
    op: Op,
    root: c_int,
) -> Result<(), CommError> {
    let (count, from, to) = (int(data.len()), start(data), std::ptr::null_mut());
    // SAFETY: the slice has `count` elements of the datatype, is borrowed for as long as the call takes, and is only
    // read, since this rank is not the root.
    check("MPI_Reduce", unsafe { ffi::MPI_Reduce(from, to, count, datatype.raw, op.0, root, comm.0) })
}

pub(crate) fn all_reduce<T: Datum>(
    comm: Comm,
    buf: &mut [T],
    datatype: &Datatype,
    op: Op,
) -> Result<(), CommError> {
    let (count, own) = (int(buf.len()), start_mut(buf));
    // SAFETY: the slice has `count` elements of the datatype, and is borrowed for as long as the call takes.
    check("MPI_Allreduce", unsafe { ffi::MPI_Allreduce(in_place(), own, count, datatype.raw, op.0, comm.0) })
}

pub(crate) fn scan<T: Datum>(
    comm: Comm,
    buf: &mut [T],
    datatype: &Datatype,
    op: Op,
) -> Result<(), CommError> {
    let (count, own) = (int(buf.len()), start_mut(buf));
    // SAFETY: the slice has `count` elements of the datatype, and is borrowed for as long as the call takes.
    check("MPI_Scan", unsafe { ffi::MPI_Scan(in_place(), own, count, datatype.raw, op.0, comm.0) })
}

pub(crate) fn exscan<T: Datum>(
    comm: Comm,
    buf: &mut [T],
    datatype: &Datatype,
    op: Op,
) -> Result<(), CommError> {
    let (count, own) = (int(buf.len()), start_mut(buf));
    // SAFETY: the slice has `count` elements of the datatype, and is borrowed for as long as the call takes.
    check("MPI_Exscan", unsafe { ffi::MPI_Exscan(in_place(), own, count, datatype.raw, op.0, comm.0) })
}

/// The blocks of `data` lie one after the other.
pub(crate) fn reduce_scatter<T: Datum>(
    comm: Comm,
    data: &[T],
    into: &mut [T],
    counts: &[c_int],
    datatype: &Datatype,
    op: Op,
) -> Result<(), CommError> {
    let (from, to, counts) = (start(data), start_mut(into), counts.as_ptr());
    // SAFETY: the counts are as many as there are ranks, `data` has their sum and `into` this rank's.
    let code = unsafe { ffi::MPI_Reduce_scatter(from, to, counts, datatype.raw, op.0, comm.0) };
    check("MPI_Reduce_scatter", code)
}

// ---------------------------------------------------------------- operations of one's own

thread_local! {
    /// The operation that the reduction of this thread folds with: a pointer to a reference to it.
    static FOLDING: Cell<*const c_void> = const { Cell::new(std::ptr::null()) };
    /// What it panicked with: a panic must not cross C.
    static PANICKED: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

/// Has `collective` fold with an operation that MPI has not built in, by its datatype and handle.
///
/// # Panics
/// With what the operation panicked with, after the collective has ended.
pub(crate) fn with_user_op<T: Datum, O: Reduction<T> + ?Sized>(
    op: &O,
    collective: impl FnOnce(&Datatype, Op) -> Result<(), CommError>,
) -> Result<(), CommError> {
    let datatype = Datatype::row(size_of::<T>())?;
    let mut made = Op::builtin(par_core::comm::op::Builtin::Sum);
    let commutes = c_int::from(op.commutes());
    // SAFETY: the function has the signature that MPI calls, and folds elements of exactly this datatype.
    let code = unsafe { ffi::MPI_Op_create(Some(fold::<T, O>), commutes, &raw mut made.0) };
    check("MPI_Op_create", code)?;
    let before = FOLDING.replace((&raw const op).cast());
    let done = collective(&datatype, made);
    FOLDING.set(before);
    // SAFETY: it was made above, and the blocking collective that used it has ended.
    unsafe { ffi::MPI_Op_free(&raw mut made.0) };
    if let Some(panic) = PANICKED.take() {
        resume_unwind(panic);
    }
    done
}

/// `inout[i] = given[i] ⊕ inout[i]`, called by MPI inside the blocking collective of [`with_user_op`].
unsafe extern "C" fn fold<T: Datum, O: Reduction<T> + ?Sized>(
    given: *mut c_void,
    inout: *mut c_void,
    count: *mut c_int,
    _: *mut ffi::MPI_Datatype,
) {
    // SAFETY: MPI gives a pointer to the number of elements.
    let count = unsafe { *count }.cast_unsigned() as usize;
    let op = FOLDING.get().cast::<&O>();
    if op.is_null() {
        // Called on a thread of the library's own: nothing can be said to anybody but the whole job.
        crate::native::base::abort(102);
    }
    // SAFETY: set by `with_user_op` of this very `T` and `O`, which waits for the collective that calls this.
    let op: &O = unsafe { *op };
    // SAFETY: MPI gives `count` elements of the datatype, which is `size_of::<T>()` bytes long.
    let left = unsafe { std::slice::from_raw_parts(given.cast::<u8>(), count * size_of::<T>()) };
    // SAFETY: as above, and MPI gives two buffers that do not overlap.
    let right = unsafe { std::slice::from_raw_parts_mut(inout.cast::<u8>(), count * size_of::<T>()) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // MPI's own buffers need not be aligned for `T`, so both are copied.
        let left: Vec<T> = bytemuck::pod_collect_to_vec(left);
        let mut sum: Vec<T> = bytemuck::pod_collect_to_vec(right);
        op.combine(&left, &mut sum);
        right.copy_from_slice(bytemuck::cast_slice(&sum));
    }));
    if let Err(panic) = outcome {
        PANICKED.set(Some(panic));
    }
}
