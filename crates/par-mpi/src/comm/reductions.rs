//! Collectives that fold: MPI's own where no bit of the answer depends on the order, or where MPI's order is wanted.

use par_core::comm::{
    Blocks, CommError, Communicator, Datum, Kind, Rank, Reduction, collectives as made_of_messages,
};

use super::{MpiComm, check};
use crate::native::base::{Datatype, Op, folding};
use crate::native::collectives as native;

/// How a fold is done; the same on all ranks, since they call with the same operation and type.
enum Way {
    /// With an operation of MPI's on a datatype of MPI's.
    Builtin(Datatype, Op),
    /// By MPI, with an operation of the program's.
    User,
    /// By par-core, in its order.
    Messages,
}

impl MpiComm {
    fn way<T: Datum, O: Reduction<T> + ?Sized>(&self, op: &O) -> Way {
        if self.polls() {
            return Way::Messages;
        }
        let native = self.session.settings.native_reductions;
        if (op.is_exact() || native)
            && let Some((datatype, op)) = op.builtin().and_then(|builtin| folding(Kind::of::<T>(), builtin))
        {
            return Way::Builtin(datatype, op);
        }
        if native && size_of::<T>() > 0 { Way::User } else { Way::Messages }
    }

    /// Folds `buf` in pieces that MPI can count; elements do not depend on one another.
    fn in_pieces<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        native: impl Fn(&mut [T], &Datatype, Op) -> Result<(), CommError>,
        messages: impl FnOnce(&mut [T]) -> Result<(), CommError>,
    ) -> Result<(), CommError> {
        let way = self.way(op);
        if matches!(way, Way::Messages) {
            return messages(buf);
        }
        if buf.is_empty() {
            // A root that waits for nobody, as MPI allows it, would be the only surprise.
            return Ok(());
        }
        for piece in buf.chunks_mut(self.limit) {
            match &way {
                Way::Builtin(datatype, op) => native(piece, datatype, *op)?,
                _ => native::with_user_op(op, |datatype, op| native(piece, datatype, op))?,
            }
        }
        Ok(())
    }

    pub(super) fn fold_to<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        let number = self.root(root)?;
        if self.rank != root {
            return self.contribute(buf, op, root);
        }
        self.in_pieces(
            buf,
            op,
            |piece, datatype, op| native::reduce(self.native, piece, datatype, op, number),
            |buf| made_of_messages::reduce(self.link(), buf, op, root),
        )
    }

    /// What a rank that is not the root gives, in the pieces of [`in_pieces`](Self::in_pieces).
    pub(super) fn contribute<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        op: &O,
        root: Rank,
    ) -> Result<(), CommError> {
        let number = self.root(root)?;
        let give = |piece: &[T], datatype: &Datatype, op| {
            native::contribute(self.native, piece, datatype, op, number)
        };
        let way = self.way(op);
        if matches!(way, Way::Messages) {
            return made_of_messages::contribute(self.link(), data, op, root);
        }
        for piece in data.chunks(self.limit) {
            match &way {
                Way::Builtin(datatype, op) => give(piece, datatype, *op)?,
                _ => native::with_user_op(op, |datatype, op| give(piece, datatype, op))?,
            }
        }
        Ok(())
    }

    pub(super) fn fold_all<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        self.in_pieces(
            buf,
            op,
            |piece, datatype, op| native::all_reduce(self.native, piece, datatype, op),
            |buf| made_of_messages::all_reduce(self.link(), buf, op),
        )
    }

    pub(super) fn fold_up_to<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        self.in_pieces(
            buf,
            op,
            |piece, datatype, op| native::scan(self.native, piece, datatype, op),
            |buf| made_of_messages::scan(self.link(), buf, op),
        )
    }

    pub(super) fn fold_below<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        buf: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        // MPI leaves rank 0's undefined, par-core as it was.
        let first = (self.rank == 0).then(|| buf.to_vec());
        self.in_pieces(
            buf,
            op,
            |piece, datatype, op| native::exscan(self.native, piece, datatype, op),
            |buf| made_of_messages::exscan(self.link(), buf, op),
        )?;
        if let Some(first) = first {
            buf.copy_from_slice(&first);
        }
        Ok(())
    }

    pub(super) fn fold_blocks<T: Datum, O: Reduction<T> + ?Sized>(
        &self,
        data: &[T],
        blocks: &Blocks,
        into: &mut [T],
        op: &O,
    ) -> Result<(), CommError> {
        check::blocks(self, "reduced", blocks, data.len(), false)?;
        CommError::unless_length("the receive buffer", into.len(), blocks.counts()[self.rank])?;
        // Every rank gives the same blocks, so all go the same way.
        let (way, Some(counts)) = (self.way(op), check::narrow(self, blocks.counts())) else {
            return made_of_messages::reduce_scatter(self.link(), data, blocks, into, op);
        };
        let gathered: Vec<T>;
        let packed = *blocks == Blocks::packed(blocks.counts());
        let data = if packed {
            data
        } else {
            gathered = (0..blocks.len()).flat_map(|rank| data[blocks.range(rank)].iter().copied()).collect();
            &gathered[..]
        };
        match way {
            Way::Messages => {
                let blocks = Blocks::packed(blocks.counts());
                made_of_messages::reduce_scatter(self.link(), data, &blocks, into, op)
            }
            Way::Builtin(datatype, op) => {
                native::reduce_scatter(self.native, data, into, &counts, &datatype, op)
            }
            Way::User => native::with_user_op(op, |datatype, op| {
                native::reduce_scatter(self.native, data, into, &counts, datatype, op)
            }),
        }
    }
}
