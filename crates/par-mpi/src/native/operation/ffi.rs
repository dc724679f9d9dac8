//! What is under way, with the buffers that it uses, as C sees it.

#![expect(unsafe_code, reason = "MPI is a library of C; the module above says what makes its calls sound")]

use std::ffi::c_int;
use std::mem::ManuallyDrop;

use mpi::ffi;
use par_core::bytemuck::{self, Pod};
use par_core::comm::{CommError, SendMode, Status};

use crate::native::base::{Comm, Datatype, Extent, Op, check, in_place, start, start_mut};
use crate::native::p2p::{empty_status, received};

/// An operation of MPI that owns its buffers.
///
/// States: *under way* (MPI uses the buffers) → *done* (it does not). Dropped while it is under way, it leaks them.
#[derive(Debug)]
pub(crate) struct Operation<B> {
    request: ffi::MPI_Request,
    buffers: ManuallyDrop<B>,
    /// How many bytes can be received.
    room: usize,
    call: &'static str,
    done: bool,
    /// What MPI said at the end.
    code: c_int,
    status: ffi::MPI_Status,
}

impl<B> Drop for Operation<B> {
    fn drop(&mut self) {
        if self.done {
            // SAFETY: MPI no longer uses them, and only `into_buffers` takes them out, which forgets `self`.
            unsafe { ManuallyDrop::drop(&mut self.buffers) };
        }
    }
}

/// Something that may be under way, whatever its buffers are.
pub(crate) trait Unfinished {
    /// Makes progress; whether it has ended.
    fn is_finished(&mut self) -> bool;
}

impl<B> Unfinished for Operation<B> {
    fn is_finished(&mut self) -> bool {
        self.test()
    }
}

impl<B> Operation<B> {
    /// `begin` starts an operation on the buffers, which stay where they are on the heap when their owner moves.
    fn start(
        call: &'static str,
        mut buffers: B,
        room: usize,
        begin: impl FnOnce(&mut B, *mut ffi::MPI_Request) -> c_int,
    ) -> Result<Self, CommError> {
        // SAFETY: a constant of the library.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        check(call, begin(&mut buffers, &raw mut request))?;
        let (code, status) = (0, empty_status());
        Ok(Self { request, buffers: ManuallyDrop::new(buffers), room, call, done: false, code, status })
    }

    /// Makes progress; whether it has ended.
    pub(crate) fn test(&mut self) -> bool {
        if !self.done {
            let mut flag = 0;
            // SAFETY: a request that is under way, and pointers to what lives longer than the call.
            self.code = unsafe { ffi::MPI_Test(&raw mut self.request, &raw mut flag, &raw mut self.status) };
            // A request that failed is done, too.
            self.done = flag != 0 || self.code != ffi::MPI_SUCCESS as c_int;
        }
        self.done
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) {
        if !self.done {
            // SAFETY: a request that is under way, and pointers to what lives longer than the call.
            self.code = unsafe { ffi::MPI_Wait(&raw mut self.request, &raw mut self.status) };
            self.done = true;
        }
    }

    /// Ends a receive that no message has come for; `false`: it has received one.
    pub(crate) fn cancel(&mut self) -> Result<bool, CommError> {
        if self.done {
            return Ok(false);
        }
        // SAFETY: a request that is under way.
        check("MPI_Cancel", unsafe { ffi::MPI_Cancel(&raw mut self.request) })?;
        self.wait();
        let mut flag = 0;
        // SAFETY: the status that the wait has filled, and a pointer to a local.
        unsafe { ffi::MPI_Test_cancelled(&raw const self.status, &raw mut flag) };
        Ok(flag != 0)
    }

    /// What a receive has come to; the operation is done.
    pub(crate) fn received(&self) -> Result<Status, CommError> {
        received(self.call, self.code, &self.status, self.room)
    }

    /// Whether it went well; the operation is done.
    pub(crate) fn outcome(&self) -> Result<(), CommError> {
        check(self.call, self.code)
    }

    /// The buffers again; `None` while MPI uses them, and they are leaked then.
    pub(crate) fn into_buffers(self) -> Option<B> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: MPI no longer uses them, and `this` is never dropped.
        this.done.then(|| unsafe { ManuallyDrop::take(&mut this.buffers) })
    }
}

fn bytes<T: Pod>(data: &[T]) -> &[u8] {
    bytemuck::cast_slice(data)
}

fn bytes_mut<T: Pod>(data: &mut [T]) -> &mut [u8] {
    bytemuck::cast_slice_mut(data)
}

/// Begins to send.
pub(crate) fn send<T: Pod>(
    comm: Comm,
    mode: SendMode,
    data: Vec<T>,
    limit: usize,
    to: c_int,
    tag: c_int,
) -> Result<Operation<Vec<T>>, CommError> {
    let extent = Extent::of(size_of_val(data.as_slice()), limit)?;
    let (count, datatype) = (extent.count, extent.datatype.raw);
    Operation::start("MPI_Isend", data, 0, |data, request| {
        let start = start(bytes(data));
        match mode {
            SendMode::Standard | SendMode::Buffered => {
                // SAFETY: the extent is that of the vector, which the operation owns from now on.
                unsafe { ffi::MPI_Isend(start, count, datatype, to, tag, comm.0, request) }
            }
            SendMode::Synchronous => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Issend(start, count, datatype, to, tag, comm.0, request) }
            }
            SendMode::Ready => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Irsend(start, count, datatype, to, tag, comm.0, request) }
            }
        }
    })
}

/// Begins to receive.
pub(crate) fn recv<T: Pod>(
    comm: Comm,
    buf: Vec<T>,
    limit: usize,
    from: c_int,
    tag: c_int,
) -> Result<Operation<Vec<T>>, CommError> {
    let room = size_of_val(buf.as_slice());
    let extent = Extent::of(room, limit)?;
    let (count, datatype) = (extent.count, extent.datatype.raw);
    Operation::start("MPI_Irecv", buf, room, |buf, request| {
        let start = start_mut(bytes_mut(buf));
        // SAFETY: the extent is that of the vector, which the operation owns from now on.
        unsafe { ffi::MPI_Irecv(start, count, datatype, from, tag, comm.0, request) }
    })
}

/// Begins a barrier.
pub(crate) fn barrier(comm: Comm) -> Result<Operation<Vec<u8>>, CommError> {
    Operation::start("MPI_Ibarrier", Vec::new(), 0, |_, request| {
        // SAFETY: a communicator, and a pointer to a local.
        unsafe { ffi::MPI_Ibarrier(comm.0, request) }
    })
}

/// Begins a broadcast.
pub(crate) fn broadcast<T: Pod>(
    comm: Comm,
    buf: Vec<T>,
    limit: usize,
    root: c_int,
) -> Result<Operation<Vec<T>>, CommError> {
    let extent = Extent::of(size_of_val(buf.as_slice()), limit)?;
    let (count, datatype) = (extent.count, extent.datatype.raw);
    Operation::start("MPI_Ibcast", buf, 0, |buf, request| {
        let start = start_mut(bytes_mut(buf));
        // SAFETY: the extent is that of the vector, which the operation owns from now on.
        unsafe { ffi::MPI_Ibcast(start, count, datatype, root, comm.0, request) }
    })
}

/// What is given, and what is received into.
pub(crate) type Pair<T> = (Vec<T>, Vec<T>);

/// Which collective moves blocks of one length.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blockwise {
    Gather(c_int),
    Scatter(c_int),
    AllGather,
    AllToAll,
}

/// Begins a collective of blocks that are `block` elements long; its caller has checked the lengths that count.
pub(crate) fn blockwise<T: Pod>(
    comm: Comm,
    which: Blockwise,
    buffers: Pair<T>,
    block: usize,
    limit: usize,
) -> Result<Operation<Pair<T>>, CommError> {
    let extent = Extent::of(block * size_of::<T>(), limit)?;
    let (count, datatype) = (extent.count, extent.datatype.raw);
    let call = match which {
        Blockwise::Gather(_) => "MPI_Igather",
        Blockwise::Scatter(_) => "MPI_Iscatter",
        Blockwise::AllGather => "MPI_Iallgather",
        Blockwise::AllToAll => "MPI_Ialltoall",
    };
    Operation::start(call, buffers, 0, |(data, into), request| {
        let (data, into) = (start(bytes(data)), start_mut(bytes_mut(into)));
        match which {
            Blockwise::Gather(root) => {
                // SAFETY: the vectors hold the blocks that count on this rank, and the operation owns them.
                unsafe {
                    ffi::MPI_Igather(data, count, datatype, into, count, datatype, root, comm.0, request)
                }
            }
            Blockwise::Scatter(root) => {
                // SAFETY: as above.
                unsafe {
                    ffi::MPI_Iscatter(data, count, datatype, into, count, datatype, root, comm.0, request)
                }
            }
            Blockwise::AllGather => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Iallgather(data, count, datatype, into, count, datatype, comm.0, request) }
            }
            Blockwise::AllToAll => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Ialltoall(data, count, datatype, into, count, datatype, comm.0, request) }
            }
        }
    })
}

/// Which collective folds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fold {
    /// To this rank; whether it is the own one.
    Reduce(c_int, bool),
    AllReduce,
    Scan,
    Exscan,
}

/// Begins a fold of `buf` in its place, with a built-in operation on the datatype of its elements.
pub(crate) fn fold<T: Pod>(
    comm: Comm,
    which: Fold,
    buf: Vec<T>,
    datatype: &Datatype,
    op: Op,
) -> Result<Operation<Vec<T>>, CommError> {
    let count = c_int::try_from(buf.len()).map_err(|_| {
        CommError::Unsupported("a non-blocking reduction of more than 2147483647 elements".to_owned())
    })?;
    let datatype = datatype.raw;
    let call = match which {
        Fold::Reduce(..) => "MPI_Ireduce",
        Fold::AllReduce => "MPI_Iallreduce",
        Fold::Scan => "MPI_Iscan",
        Fold::Exscan => "MPI_Iexscan",
    };
    Operation::start(call, buf, 0, |buf, request| {
        let (start, own) = (start_mut(bytes_mut(buf)), in_place());
        match which {
            Fold::Reduce(root, is_root) => {
                let (given, taken) = if is_root { (own, start) } else { (start, std::ptr::null_mut()) };
                // SAFETY: the vector has `count` elements of this type, and the operation owns it; only the root's is
                // written to.
                unsafe { ffi::MPI_Ireduce(given, taken, count, datatype, op.0, root, comm.0, request) }
            }
            Fold::AllReduce => {
                // SAFETY: as above, every rank's is written to.
                unsafe { ffi::MPI_Iallreduce(own, start, count, datatype, op.0, comm.0, request) }
            }
            Fold::Scan => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Iscan(own, start, count, datatype, op.0, comm.0, request) }
            }
            Fold::Exscan => {
                // SAFETY: as above.
                unsafe { ffi::MPI_Iexscan(own, start, count, datatype, op.0, comm.0, request) }
            }
        }
    })
}
