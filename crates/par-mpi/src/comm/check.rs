//! What is checked before MPI is called, and what its 32-bit counts can say.

use std::ffi::c_int;

use par_core::comm::{Blocks, CommError, Rank};

use super::MpiComm;
use crate::native::collectives::Places;

/// Blocks fit a buffer and the number of ranks; those that are received into do not overlap.
pub(super) fn blocks(
    comm: &MpiComm,
    what: &str,
    blocks: &Blocks,
    buffer: usize,
    received: bool,
) -> Result<(), CommError> {
    CommError::unless_length(&format!("the list of blocks that are {what}"), blocks.len(), comm.size)?;
    if blocks.extent() > buffer {
        return Err(CommError::WrongLength {
            what: format!("the buffer of what is {what}"),
            got: buffer,
            expected: blocks.extent(),
        });
    }
    if received && blocks.overlap() {
        return Err(CommError::Invalid("the blocks that are received overlap".to_owned()));
    }
    Ok(())
}

/// A buffer holds one block per rank.
pub(super) fn per_rank(comm: &MpiComm, what: &str, got: usize, block: usize) -> Result<(), CommError> {
    CommError::unless_length(what, got, block * comm.size)
}

/// Counts and displacements in MPI's 32 bits; `None` when they do not fit.
pub(super) fn places(comm: &MpiComm, blocks: &Blocks) -> Option<Places> {
    Some(Places {
        counts: narrow(comm, blocks.counts())?,
        displacements: narrow(comm, blocks.displacements())?,
    })
}

/// Numbers of elements in MPI's 32 bits; `None` when one does not fit.
pub(super) fn narrow(comm: &MpiComm, numbers: &[usize]) -> Option<Vec<c_int>> {
    let fits = |number: &usize| c_int::try_from(*number).ok().filter(|_| *number <= comm.limit);
    numbers.iter().map(fits).collect()
}

/// At the root, blocks fit `buffer` and its own is `own` elements long.
pub(super) fn at_root(
    comm: &MpiComm,
    what: &str,
    given: &Blocks,
    buffer: usize,
    own: usize,
    root: Rank,
) -> Result<(), CommError> {
    CommError::unless_rank(root, comm.size)?;
    if comm.rank != root {
        return Ok(());
    }
    blocks(comm, what, given, buffer, what == "received")?;
    CommError::unless_length("the root's own block", own, given.counts()[root])
}
