//! How a rank that is a thread reaches the others.

use std::sync::Arc;
use std::time::Duration;

use par_core::comm::CommError;
use par_core::comm::engine::{Ended, Parcel, Transport};

use super::hub::{FRAGMENT_BYTES, FRAGMENTS, Hub, Words};

/// One rank's end of a [`ThreadWorld`](crate::ThreadWorld): memory that all threads see, so that a vector that is sent
/// moves to its receiver.
pub struct ThreadTransport {
    hub: Arc<Hub>,
    rank: usize,
}

impl ThreadTransport {
    pub(super) fn new(hub: &Arc<Hub>, rank: usize) -> Self {
        Self { hub: Arc::clone(hub), rank }
    }
}

impl std::fmt::Debug for ThreadTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ThreadTransport({} of {})", self.rank, self.hub.ranks)
    }
}

impl Transport for ThreadTransport {
    type Words = Words;

    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.hub.ranks
    }

    fn processors(&self) -> usize {
        self.hub.processors
    }

    fn ring(&self, from: usize, to: usize) -> Words {
        self.hub.pair(from, to).ring()
    }

    fn fragments(&self) -> (usize, usize) {
        (FRAGMENTS, FRAGMENT_BYTES)
    }

    fn write_fragment(&self, to: usize, index: usize, bytes: &[u8]) {
        let mut fragment = self.hub.pair(self.rank, to).fragments[index].lock();
        fragment.clear();
        fragment.extend_from_slice(bytes);
    }

    fn read_fragment(&self, from: usize, index: usize, bytes: &mut [u8]) {
        let fragment = self.hub.pair(from, self.rank).fragments[index].lock();
        bytes.copy_from_slice(&fragment[..bytes.len()]);
    }

    fn gives(&self) -> bool {
        true
    }

    fn give(&self, to: usize, parcel: Box<dyn Parcel>) {
        self.hub.pair(self.rank, to).parcels.push(parcel);
    }

    fn take(&self, from: usize) -> Option<Box<dyn Parcel>> {
        self.hub.pair(from, self.rank).parcels.pop()
    }

    fn sleep(&self, timeout: Duration, ready: &mut dyn FnMut() -> bool) {
        self.hub.sleep(self.rank, timeout, ready);
    }

    fn wake(&self, rank: usize) {
        self.hub.wake(rank);
    }

    fn ended(&self, rank: usize) -> Option<Ended> {
        self.hub.ended(rank).cloned()
    }

    fn shared_words(&self, key: u64, words: usize) -> Result<Words, CommError> {
        Ok(self.hub.shared_words(key, words))
    }
}
