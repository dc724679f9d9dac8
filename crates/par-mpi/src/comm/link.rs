//! What par-core's collectives are made of: messages in the hidden twin of a communicator.

use par_core::comm::{CommError, Communicator, Link, Rank, SendMode, Status, Tag};

use super::MpiComm;

/// All messages of collectives have one tag: their order is enough.
const TAG: Tag = Tag(0);

impl Link for MpiComm {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&self, bytes: &[u8], to: Rank) -> Result<(), CommError> {
        self.send_with(SendMode::Standard, bytes, to, TAG)
    }

    fn recv(&self, bytes: &mut [u8], from: Rank) -> Result<(), CommError> {
        let expected = bytes.len();
        as_expected(self.recv_into(bytes, from, TAG), expected)
    }

    fn send_recv(&self, bytes: &[u8], to: Rank, into: &mut [u8], from: Rank) -> Result<(), CommError> {
        let expected = into.len();
        as_expected(Communicator::send_recv(self, bytes, to, TAG, into, from, TAG), expected)
    }
}

fn as_expected(received: Result<Status, CommError>, expected: usize) -> Result<(), CommError> {
    let (from, got) = match received {
        Ok(status) if status.bytes == expected => return Ok(()),
        Ok(status) => (status.source, status.bytes),
        Err(CommError::Truncated { from, got, .. }) => (from, got),
        Err(other) => return Err(other),
    };
    Err(CommError::CollectiveMismatch(vec![format!(
        "rank {from} of the communicator sent {got} bytes where this rank expects {expected}"
    )]))
}
