//! What is checked before MPI is called, and what its 32-bit counts can say.

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
pub(super) fn places(blocks: &Blocks) -> Option<Places> {
    let narrow = |numbers: &[usize]| -> Option<Vec<i32>> {
        numbers.iter().map(|number| i32::try_from(*number).ok()).collect()
    };
    Some(Places { counts: narrow(blocks.counts())?, displacements: narrow(blocks.displacements())? })
}

/// As [`places`], where a rank alone cannot choose another way.
pub(super) fn narrow_places(blocks: &Blocks) -> Result<Places, CommError> {
    places(blocks).ok_or_else(too_many)
}

/// A block of one's own in MPI's 32 bits.
pub(super) fn narrow_count(elements: usize) -> Result<(), CommError> {
    if i32::try_from(elements).is_ok() { Ok(()) } else { Err(too_many()) }
}

fn too_many() -> CommError {
    CommError::Unsupported(
        "MPI counts the elements of blocks of different lengths with 32 bits, and these are more: use elements of \
         more bytes, blocks of one length, or values"
            .to_owned(),
    )
}

/// Empty lists, where they do not count.
pub(super) fn no_places() -> Places {
    Places { counts: Vec::new(), displacements: Vec::new() }
}

/// At the root, blocks fit `buffer` and its own is `own` elements long; yields them for MPI.
pub(super) fn at_root(
    comm: &MpiComm,
    what: &str,
    given: &Blocks,
    buffer: usize,
    own: usize,
    root: Rank,
) -> Result<Places, CommError> {
    CommError::unless_rank(root, comm.size)?;
    narrow_count(own)?;
    if comm.rank != root {
        return Ok(no_places());
    }
    blocks(comm, what, given, buffer, what == "received")?;
    CommError::unless_length("the root's own block", own, given.counts()[root])?;
    narrow_places(given)
}
