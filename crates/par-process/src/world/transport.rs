//! How one rank reaches the others: the shared memory, as the engine of communicators wants it.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use par_core::comm::engine::{Ended, Transport};
use par_core::comm::{CommError, Rank};
use rustix::thread::futex;

use super::life::State;
use super::memory::{FRAGMENT, FRAGMENTS, Memory};
use crate::shm::Words;

/// One rank's way to the others, in the memory that they share.
pub struct ProcessTransport {
    memory: Memory,
    rank: Rank,
    processors: usize,
    /// What [`Memory::news`] was when this rank last looked who has ended.
    news: Cell<u64>,
}

impl std::fmt::Debug for ProcessTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProcessTransport({} of {})", self.rank, self.memory.ranks())
    }
}

impl ProcessTransport {
    pub(super) fn new(memory: &Memory, rank: Rank) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { memory: memory.clone(), rank, processors, news: Cell::new(0) }
    }
}

impl Transport for ProcessTransport {
    type Words = SharedWords;

    fn rank(&self) -> Rank {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.memory.ranks()
    }

    fn processors(&self) -> usize {
        self.processors
    }

    fn ring(&self, from: Rank, to: Rank) -> SharedWords {
        SharedWords(self.memory.ring(from, to))
    }

    fn fragments(&self) -> (usize, usize) {
        (FRAGMENTS, FRAGMENT)
    }

    fn write_fragment(&self, to: Rank, index: usize, bytes: &[u8]) {
        assert!(bytes.len() <= FRAGMENT, "{} bytes do not fit a fragment", bytes.len());
        self.memory.mapping().write(self.memory.fragment(self.rank, to, index), bytes);
    }

    fn read_fragment(&self, from: Rank, index: usize, bytes: &mut [u8]) {
        assert!(bytes.len() <= FRAGMENT, "{} bytes are no fragment", bytes.len());
        self.memory.mapping().read(self.memory.fragment(from, self.rank, index), bytes);
    }

    fn sleep(&self, timeout: Duration, ready: &mut dyn FnMut() -> bool) {
        let bed = self.memory.bed(self.rank);
        bed.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // Somebody may have ended, and have woken all, before this rank lay down.
        let news = self.memory.news().load(Ordering::Acquire);
        if !ready() && news == self.news.replace(news) {
            let timeout = futex::Timespec {
                tv_sec: timeout.as_secs().min(i64::MAX as u64) as i64,
                tv_nsec: i64::from(timeout.subsec_nanos()),
            };
            // Woken, interrupted, the time is over, or somebody was faster: the engine looks in any case.
            let _ = futex::wait(bed, futex::Flags::empty(), 1, Some(&timeout));
        }
        bed.store(0, Ordering::Relaxed);
    }

    fn wake(&self, rank: Rank) {
        self.memory.wake(rank);
    }

    fn ended(&self, rank: Rank) -> Option<Ended> {
        let state = self.memory.state(rank);
        if !state.is_end() {
            return None;
        }
        let reason = self.memory.reason(rank).unwrap_or_default();
        Some(Ended { failed: state != State::Finished, reason })
    }

    fn shared_words(&self, key: u64, words: usize) -> Result<SharedWords, CommError> {
        let no_room = || {
            CommError::Unsupported(format!(
                "the memory of this world has no room for {words} more words that all ranks share"
            ))
        };
        self.memory.shared_words(key, words).map(SharedWords).ok_or_else(no_room)
    }
}

/// Words that ranks share.
#[derive(Debug, Clone)]
pub struct SharedWords(Words);

impl std::ops::Deref for SharedWords {
    type Target = [std::sync::atomic::AtomicU64];

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
