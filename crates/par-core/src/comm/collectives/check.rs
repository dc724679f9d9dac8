//! What every world checks before it sends anything.

use crate::comm::{Blocks, CommError, Communicator, Rank};

/// Blocks fit a buffer and the number of ranks; those that are `received` into do not overlap.
pub(crate) fn blocks(
    comm: &impl Communicator,
    what: &str,
    blocks: &Blocks,
    buffer: usize,
) -> Result<(), CommError> {
    CommError::unless_length(&format!("the list of blocks that are {what}"), blocks.len(), comm.size())?;
    if blocks.extent() > buffer {
        return Err(CommError::WrongLength {
            what: format!("the buffer of what is {what}"),
            got: buffer,
            expected: blocks.extent(),
        });
    }
    if what == "received" && blocks.overlap() {
        return Err(CommError::Invalid("the blocks that are received overlap".to_owned()));
    }
    Ok(())
}

pub(crate) fn scatter(
    comm: &impl Communicator,
    data: usize,
    scattered: &Blocks,
    into: usize,
    root: Rank,
) -> Result<(), CommError> {
    CommError::unless_rank(root, comm.size())?;
    if comm.rank() != root {
        return Ok(());
    }
    blocks(comm, "scattered", scattered, data)?;
    CommError::unless_length("the receive buffer", into, scattered.counts()[root])
}

pub(crate) fn gather(
    comm: &impl Communicator,
    data: usize,
    into: usize,
    gathered: &Blocks,
    root: Rank,
) -> Result<(), CommError> {
    CommError::unless_rank(root, comm.size())?;
    if comm.rank() != root {
        return Ok(());
    }
    blocks(comm, "received", gathered, into)?;
    CommError::unless_length("what this rank gives", data, gathered.counts()[root])
}

pub(crate) fn all_to_all(
    comm: &impl Communicator,
    data: usize,
    send_blocks: &Blocks,
    into: usize,
    receive_blocks: &Blocks,
) -> Result<(), CommError> {
    blocks(comm, "sent", send_blocks, data)?;
    blocks(comm, "received", receive_blocks, into)?;
    let (given, taken) = (send_blocks.counts()[comm.rank()], receive_blocks.counts()[comm.rank()]);
    CommError::unless_length("what this rank sends itself", given, taken)
}

pub(crate) fn gather_even(
    comm: &impl Communicator,
    data: usize,
    into: usize,
    root: Rank,
) -> Result<(), CommError> {
    CommError::unless_rank(root, comm.size())?;
    if comm.rank() != root {
        return Ok(());
    }
    CommError::unless_length("the root's receive buffer", into, data * comm.size())
}

pub(crate) fn all_to_all_even(comm: &impl Communicator, data: usize, into: usize) -> Result<(), CommError> {
    let even = data / comm.size() * comm.size();
    CommError::unless_length("what is sent to all", data, even)?;
    CommError::unless_length("what is received from all", into, data)
}

pub(crate) fn scatter_even(
    comm: &impl Communicator,
    data: usize,
    into: usize,
    root: Rank,
) -> Result<(), CommError> {
    CommError::unless_rank(root, comm.size())?;
    if comm.rank() != root {
        return Ok(());
    }
    CommError::unless_length("what is scattered", data, into * comm.size())
}
