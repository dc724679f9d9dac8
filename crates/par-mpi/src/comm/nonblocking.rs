//! Collectives that go on while the rank does something else; their buffers move in and come back.

use std::time::Duration;

use par_core::comm::{CommError, Completed, Datum, Kind, Pending, Rank, Reduction, Request, Status, Tag};

use super::request::finish;
use super::{MpiComm, check};
use crate::native::base::folding;
use crate::native::operation::{self, Blockwise, Fold, Operation};

/// A send that was over when it began.
pub(super) struct Done<'c, T> {
    pub(super) comm: &'c MpiComm,
    pub(super) data: Vec<T>,
    pub(super) status: Status,
}

impl<T: Datum> Pending<T> for Done<'_, T> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(true)
    }

    fn wait(self: Box<Self>) -> Result<Completed<T>, CommError> {
        Ok(Completed { data: self.data, status: self.status })
    }

    fn cancel(self: Box<Self>) -> Result<bool, CommError> {
        Ok(false)
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

/// A collective under way.
struct Together<'c, B: 'static> {
    comm: &'c MpiComm,
    operation: Option<Operation<B>>,
}

/// Buffers of which one is the answer.
trait Answer<T> {
    fn answer(self) -> Vec<T>;
}

impl<T> Answer<T> for Vec<T> {
    fn answer(self) -> Vec<T> {
        self
    }
}

impl<T> Answer<T> for operation::Pair<T> {
    fn answer(self) -> Vec<T> {
        self.1
    }
}

const CONSUMED: &str = "an operation is there until its request is consumed";

impl<T: Datum, B: Answer<T>> Pending<T> for Together<'_, B> {
    fn test(&mut self) -> Result<bool, CommError> {
        Ok(self.operation.as_mut().expect(CONSUMED).test())
    }

    fn wait(mut self: Box<Self>) -> Result<Completed<T>, CommError> {
        finish(self.comm, self.operation.as_mut().expect(CONSUMED), "the wait for a collective")?;
        let operation = self.operation.take().expect(CONSUMED);
        operation.outcome()?;
        let data = operation.into_buffers().map(Answer::answer).unwrap_or_default();
        let status = Status { source: self.comm.rank, tag: Tag(0), bytes: size_of_val(data.as_slice()) };
        Ok(Completed { data, status })
    }

    fn cancel(self: Box<Self>) -> Result<bool, CommError> {
        // A collective cannot be cancelled: it goes on, in memory that is kept for it.
        Ok(false)
    }

    fn pause(&self, waited: Duration) -> Result<(), CommError> {
        self.comm.pause(waited)
    }
}

impl<B: 'static> Drop for Together<'_, B> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation.take() {
            self.comm.session.keep(operation);
        }
    }
}

/// Collectives that do not block.
///
/// Every rank begins them in the same order, as the blocking ones, and a blocking one never meets a non-blocking one.
/// The request's [`Completed::data`] is what this rank receives. They are MPI's own in every case, also while a watch is
/// set, which may then end the wait for them.
impl MpiComm {
    fn together<T: Datum, B: Answer<T> + 'static>(&self, operation: Operation<B>) -> Request<'_, T> {
        Request::new(Together { comm: self, operation: Some(operation) })
    }

    /// Begins a [`barrier`](par_core::comm::Communicator::barrier).
    ///
    /// # Errors
    /// [`CommError::Native`].
    pub fn ibarrier(&self) -> Result<Request<'_, u8>, CommError> {
        Ok(self.together(operation::barrier(self.native)?))
    }

    /// Begins a [`broadcast`](par_core::comm::Communicator::broadcast); every rank gives a buffer of the same length.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub fn ibroadcast<T: Datum>(&self, buf: Vec<T>, root: Rank) -> Result<Request<'_, T>, CommError> {
        let root = self.root(root)?;
        Ok(self.together(operation::broadcast(self.native, buf, self.limit, root)?))
    }

    /// Begins a [`gather`](par_core::comm::Communicator::gather); ranks other than the root get nothing.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub fn igather<T: Datum>(&self, data: Vec<T>, root: Rank) -> Result<Request<'_, T>, CommError> {
        let number = self.root(root)?;
        let (block, blocks) = (data.len(), if self.rank == root { self.size } else { 0 });
        self.blockwise(Blockwise::Gather(number), data, block, blocks)
    }

    /// Begins a [`scatter`](par_core::comm::Communicator::scatter) of blocks of `block` elements; `data` counts at the
    /// root alone.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::WrongLength`] when the root's `data` is not one block per rank.
    pub fn iscatter<T: Datum>(
        &self,
        data: Vec<T>,
        block: usize,
        root: Rank,
    ) -> Result<Request<'_, T>, CommError> {
        let number = self.root(root)?;
        if self.rank == root {
            check::per_rank(self, "what the root scatters", data.len(), block)?;
        }
        self.blockwise(Blockwise::Scatter(number), data, block, 1)
    }

    /// Begins an [`all_gather`](par_core::comm::Communicator::all_gather).
    ///
    /// # Errors
    /// [`CommError::Native`].
    pub fn iall_gather<T: Datum>(&self, data: Vec<T>) -> Result<Request<'_, T>, CommError> {
        let block = data.len();
        self.blockwise(Blockwise::AllGather, data, block, self.size)
    }

    /// Begins an [`all_to_all`](par_core::comm::Communicator::all_to_all).
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `data` does not divide by the number of ranks.
    pub fn iall_to_all<T: Datum>(&self, data: Vec<T>) -> Result<Request<'_, T>, CommError> {
        let block = data.len() / self.size;
        check::per_rank(self, "what is sent to all", data.len(), block)?;
        self.blockwise(Blockwise::AllToAll, data, block, self.size)
    }

    /// Begins a [`reduce`](par_core::comm::Communicator::reduce), in MPI's own order; ranks other than the root get
    /// their own elements back.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Unsupported`] for operations and elements that MPI has not built in.
    pub fn ireduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: Vec<T>,
        op: &O,
        root: Rank,
    ) -> Result<Request<'_, T>, CommError> {
        let number = self.root(root)?;
        self.fold(Fold::Reduce(number, self.rank == root), data, op)
    }

    /// Begins an [`all_reduce`](par_core::comm::Communicator::all_reduce), in MPI's own order.
    ///
    /// # Errors
    /// [`CommError::Unsupported`] for operations and elements that MPI has not built in.
    pub fn iall_reduce<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: Vec<T>,
        op: &O,
    ) -> Result<Request<'_, T>, CommError> {
        self.fold(Fold::AllReduce, data, op)
    }

    /// Begins a [`scan`](par_core::comm::Communicator::scan), in MPI's own order.
    ///
    /// # Errors
    /// [`CommError::Unsupported`] for operations and elements that MPI has not built in.
    pub fn iscan<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: Vec<T>,
        op: &O,
    ) -> Result<Request<'_, T>, CommError> {
        self.fold(Fold::Scan, data, op)
    }

    /// Begins an [`exscan`](par_core::comm::Communicator::exscan), in MPI's own order; what rank 0 gets is undefined.
    ///
    /// # Errors
    /// [`CommError::Unsupported`] for operations and elements that MPI has not built in.
    pub fn iexscan<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: Vec<T>,
        op: &O,
    ) -> Result<Request<'_, T>, CommError> {
        self.fold(Fold::Exscan, data, op)
    }

    fn blockwise<T: Datum>(
        &self,
        which: Blockwise,
        data: Vec<T>,
        block: usize,
        blocks: usize,
    ) -> Result<Request<'_, T>, CommError> {
        let into = vec![T::zeroed(); block * blocks];
        Ok(self.together(operation::blockwise(self.native, which, (data, into), block, self.limit)?))
    }

    fn fold<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        which: Fold,
        data: Vec<T>,
        op: &O,
    ) -> Result<Request<'_, T>, CommError> {
        let Some((datatype, op)) = op.builtin().and_then(|builtin| folding(Kind::of::<T>(), builtin)) else {
            return Err(CommError::Unsupported(format!(
                "a non-blocking reduction needs an operation and elements that MPI has built in, not {} of {}: use the \
                 blocking one",
                op.name(),
                std::any::type_name::<T>()
            )));
        };
        let folded = operation::fold(self.native, which, data, &datatype, op)?;
        Ok(self.together(folded))
    }
}
