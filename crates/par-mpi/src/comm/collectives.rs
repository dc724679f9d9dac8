//! Collectives that move blocks: MPI's own, unless waits are polled.

use par_core::comm::{Blocks, CommError, Communicator, Datum, Rank, collectives as made_of_messages};

use super::{MpiComm, check};
use crate::native::collectives as native;

impl MpiComm {
    pub(super) fn meet(&self) -> Result<(), CommError> {
        if self.polls() { made_of_messages::barrier(self.link()) } else { native::barrier(self.native) }
    }

    pub(super) fn broadcast_from<T: Datum>(&self, buf: &mut [T], root: Rank) -> Result<(), CommError> {
        let number = self.root(root)?;
        if self.polls() {
            return made_of_messages::broadcast(self.link(), buf, root);
        }
        native::broadcast(self.native, buf, self.limit, number)
    }

    pub(super) fn scatter_from<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        let number = self.root(root)?;
        if self.rank == root {
            check::per_rank(self, "what the root scatters", data.len(), into.len())?;
        }
        if self.polls() {
            return made_of_messages::scatter(self.link(), data, &self.even(into.len()), into, root);
        }
        native::scatter(self.native, data, into, self.limit, number)
    }

    /// Made of messages, from the root to each: only the root knows the lengths, so the others could not tell whether MPI
    /// can count them, and MPI libraries send one message to each, too.
    pub(super) fn scatter_blocks<T: Datum>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        check::at_root(self, "scattered", blocks, data.len(), into.len(), root)?;
        made_of_messages::scatter(self.link(), data, blocks, into, root)
    }

    pub(super) fn gather_to<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        root: Rank,
    ) -> Result<(), CommError> {
        let number = self.root(root)?;
        if self.rank == root {
            check::per_rank(self, "what the root gathers into", into.len(), data.len())?;
        }
        if self.polls() {
            return made_of_messages::gather(self.link(), data, into, &self.even(data.len()), root);
        }
        native::gather(self.native, data, into, self.limit, number)
    }

    /// As [`scatter_blocks`](Self::scatter_blocks), the other way.
    pub(super) fn gather_blocks<T: Datum>(
        &self,
        data: &[T],
        into: &mut [T],
        blocks: &Blocks,
        root: Rank,
    ) -> Result<(), CommError> {
        check::at_root(self, "received", blocks, into.len(), data.len(), root)?;
        made_of_messages::gather(self.link(), data, into, blocks, root)
    }

    pub(super) fn all_gather_even<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        check::per_rank(self, "what is gathered into", into.len(), data.len())?;
        if self.polls() {
            into[self.rank * data.len()..][..data.len()].copy_from_slice(data);
            return made_of_messages::all_gather(self.link(), into, &self.even(data.len()));
        }
        native::all_gather(self.native, Some(data), into, data.len(), self.limit)
    }

    pub(super) fn all_gather_blocks<T: Datum>(
        &self,
        buf: &mut [T],
        blocks: &Blocks,
    ) -> Result<(), CommError> {
        check::blocks(self, "received", blocks, buf.len(), true)?;
        // Every rank gives the same blocks, so all go the same way.
        match check::places(self, blocks) {
            Some(places) if !self.polls() => native::all_gather_v(self.native, buf, &places),
            _ => made_of_messages::all_gather(self.link(), buf, blocks),
        }
    }

    pub(super) fn all_to_all_even<T: Datum>(&self, data: &[T], into: &mut [T]) -> Result<(), CommError> {
        let count = data.len() / self.size;
        check::per_rank(self, "what is sent to all", data.len(), count)?;
        CommError::unless_length("what is received from all", into.len(), data.len())?;
        if self.polls() {
            let blocks = self.even(count);
            return made_of_messages::all_to_all(self.link(), data, &blocks, into, &blocks);
        }
        native::all_to_all(self.native, Some(data), into, count, self.limit)
    }

    pub(super) fn transpose<T: Datum>(&self, buf: &mut [T]) -> Result<(), CommError> {
        let count = buf.len() / self.size;
        check::per_rank(self, "what is sent to all", buf.len(), count)?;
        if self.polls() {
            let (given, blocks) = (buf.to_vec(), self.even(count));
            return made_of_messages::all_to_all(self.link(), &given, &blocks, buf, &blocks);
        }
        native::all_to_all(self.native, None, buf, count, self.limit)
    }

    pub(super) fn all_to_all_blocks<T: Datum>(
        &self,
        data: &[T],
        given: &Blocks,
        into: &mut [T],
        taken: &Blocks,
    ) -> Result<(), CommError> {
        check::blocks(self, "sent", given, data.len(), false)?;
        check::blocks(self, "received", taken, into.len(), true)?;
        let own = (given.counts()[self.rank], taken.counts()[self.rank]);
        CommError::unless_length("what this rank sends itself", own.0, own.1)?;
        if self.polls() {
            return made_of_messages::all_to_all(self.link(), data, given, into, taken);
        }
        native::all_to_all_v(self.native, data, given, into, taken, self.limit)
    }

    fn even(&self, block: usize) -> Blocks {
        Blocks::packed(&vec![block; self.size])
    }
}
