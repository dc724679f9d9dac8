//! The memory that the ranks of a world share: one memory file, mapped by the parent and by every rank.
//!
//! ```text
//! header     | what it is, and numbers that all look at
//! lives      | a row per rank: how far it is, and what became of it      (life.rs)
//! beds       | a line per rank: whether it sleeps                        (transport.rs)
//! table      | which shared words lie where
//! rings      | one per ordered pair of ranks                             (the engine's)
//! fragments  | some per ordered pair of ranks, for long messages
//! words      | shared words, given out from the front
//! ```
//! The file is as long as all of it together and as large as what was touched: pairs that never talk cost nothing.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use par_core::comm::engine::RING_WORDS;
use rustix::thread::futex;

use super::life::ROW;
use crate::shm::{Mapping, Words};

/// The most ranks of one world; their memory could grow to 17 GiB, if all talked to all.
pub(super) const RANKS_MAX: usize = 256;
/// How many fragments a pair has, and how long each is: together they fit the second cache of either core.
pub(super) const FRAGMENTS: usize = 8;
pub(super) const FRAGMENT: usize = 32 * 1024;

const MAGIC: u64 = u64::from_le_bytes(*b"parworld");
const VERSION: u64 = 1;

const HEADER: usize = 4096;
const AT_VERSION: usize = 8;
const AT_RANKS: usize = 16;
const AT_LENGTH: usize = 24;
const AT_JOINED: usize = 64;
const AT_ENDS: usize = 128;
const AT_NEWS: usize = 192;
const AT_GIVEN: usize = 256;

/// Two lines, so that no prefetcher pairs one rank's with another's.
const BED: usize = 128;
const RING: usize = (RING_WORDS * 8).next_multiple_of(128);
/// How many keys there may be, and the room for their words.
const KEYS: usize = 1024;
const ENTRY: usize = 16;
const WORDS: usize = 1 << 28;

/// The memory of one world.
#[derive(Clone)]
pub(super) struct Memory {
    mapping: Arc<Mapping>,
    ranks: usize,
}

impl Memory {
    /// New memory, and the descriptor by which ranks find it.
    pub(super) fn create(ranks: usize) -> io::Result<(Self, OwnedFd)> {
        let length = length(ranks);
        let (mapping, fd) = Mapping::create(length)?;
        for (at, value) in [(AT_VERSION, VERSION), (AT_RANKS, ranks as u64), (AT_LENGTH, length as u64)] {
            mapping.word(at).store(value, Ordering::Relaxed);
        }
        mapping.word(0).store(MAGIC, Ordering::Release);
        Ok((Self { mapping: Arc::new(mapping), ranks }, fd))
    }

    /// The memory that the process `pid` has open as `fd`.
    pub(super) fn open(pid: u32, fd: i32, ranks: usize) -> io::Result<Self> {
        let length = length(ranks);
        let mapping = Mapping::open(pid, fd, length)?;
        let expected =
            [(0, MAGIC), (AT_VERSION, VERSION), (AT_RANKS, ranks as u64), (AT_LENGTH, length as u64)];
        if expected.into_iter().any(|(at, value)| mapping.word(at).load(Ordering::Acquire) != value) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the shared memory is not that of this world, or of another version of this crate",
            ));
        }
        Ok(Self { mapping: Arc::new(mapping), ranks })
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub(super) fn ranks(&self) -> usize {
        self.ranks
    }

    /// Where the row of a rank's life begins.
    pub(super) fn row(&self, rank: usize) -> usize {
        assert!(rank < self.ranks, "there is no rank {rank} in a world of {}", self.ranks);
        HEADER + rank * ROW
    }

    /// Counts ends, for their order.
    pub(super) fn ends(&self) -> &AtomicU64 {
        self.mapping.word(AT_ENDS)
    }

    /// Counts ends that can be read of: another number means that it is worth looking.
    pub(super) fn news(&self) -> &AtomicU64 {
        self.mapping.word(AT_NEWS)
    }

    /// Whether all ranks have joined, ever.
    pub(super) fn all_have_joined(&self) -> bool {
        self.joined().load(Ordering::Acquire) as usize >= self.ranks
    }

    fn joined(&self) -> &AtomicU32 {
        self.mapping.half(AT_JOINED)
    }

    /// One more has joined; returns when all have. The parent ends whoever waits here for one that never comes.
    pub(super) fn join(&self) {
        let mut joined = self.joined().fetch_add(1, Ordering::AcqRel) + 1;
        if joined as usize == self.ranks {
            let _ = futex::wake(self.joined(), futex::Flags::empty(), i32::MAX as u32);
            return;
        }
        while (joined as usize) < self.ranks {
            // Interrupted, or the number is another: look again.
            let _ = futex::wait(self.joined(), futex::Flags::empty(), joined, None);
            joined = self.joined().load(Ordering::Acquire);
        }
    }

    /// Not 0 while that rank sleeps.
    pub(super) fn bed(&self, rank: usize) -> &AtomicU32 {
        assert!(rank < self.ranks, "there is no rank {rank} in a world of {}", self.ranks);
        self.mapping.half(beds(self.ranks) + rank * BED)
    }

    /// Wakes a rank if it sleeps.
    pub(super) fn wake(&self, rank: usize) {
        fence(Ordering::SeqCst);
        let bed = self.bed(rank);
        if bed.load(Ordering::Relaxed) != 0 && bed.swap(0, Ordering::Relaxed) != 0 {
            let _ = futex::wake(bed, futex::Flags::empty(), 1);
        }
    }

    /// Wakes whoever sleeps, also before all have joined: the last to join may have died before it woke the others.
    pub(super) fn wake_all(&self) {
        let _ = futex::wake(self.joined(), futex::Flags::empty(), i32::MAX as u32);
        (0..self.ranks).for_each(|rank| self.wake(rank));
    }

    /// The ring for what `from` sends to `to`.
    pub(super) fn ring(&self, from: usize, to: usize) -> Words {
        Words::new(&self.mapping, rings(self.ranks) + self.pair(from, to) * RING, RING_WORDS)
    }

    /// Where a fragment begins.
    pub(super) fn fragment(&self, from: usize, to: usize, index: usize) -> usize {
        assert!(index < FRAGMENTS, "a pair of ranks has {FRAGMENTS} fragments");
        fragments(self.ranks) + (self.pair(from, to) * FRAGMENTS + index) * FRAGMENT
    }

    fn pair(&self, from: usize, to: usize) -> usize {
        assert!(
            from < self.ranks && to < self.ranks,
            "there is no pair {from}, {to} in a world of {}",
            self.ranks
        );
        from * self.ranks + to
    }

    /// The words of a key, the same for all who ask; `None`: there is no room.
    ///
    /// Nobody waits for anybody here: of those who ask at once all take room, and one is right.
    pub(super) fn shared_words(&self, key: u64, count: usize) -> Option<Words> {
        let wanted = key.checked_add(1)?;
        let bytes = count.checked_mul(8)?.checked_next_multiple_of(128)? as u64;
        let entries = (0..KEYS).map(|entry| table(self.ranks) + entry * ENTRY);
        let entry = entries.into_iter().find(|at| {
            let claim =
                self.mapping.word(*at).compare_exchange(0, wanted, Ordering::AcqRel, Ordering::Acquire);
            claim.is_ok() || claim == Err(wanted)
        })?;
        let place = self.mapping.word(entry + 8);
        let mut offset = place.load(Ordering::Acquire);
        if offset == 0 {
            let given = self.mapping.word(AT_GIVEN);
            // Not by addition, so that asking for too much leaves what there is to others.
            let room = |given: u64| given.checked_add(bytes).filter(|end| *end <= WORDS as u64);
            let mine = given.fetch_update(Ordering::AcqRel, Ordering::Acquire, room).ok()?;
            let mine = words(self.ranks) as u64 + mine;
            offset = match place.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => mine,
                Err(theirs) => theirs,
            };
        }
        // Whatever stands there: never outside.
        let end = (offset as usize).checked_add(count.checked_mul(8)?)?;
        (offset.is_multiple_of(64) && end <= self.mapping.len())
            .then(|| Words::new(&self.mapping, offset as usize, count))
    }
}

const fn beds(ranks: usize) -> usize {
    (HEADER + ranks * ROW).next_multiple_of(4096)
}

const fn table(ranks: usize) -> usize {
    (beds(ranks) + ranks * BED).next_multiple_of(4096)
}

const fn rings(ranks: usize) -> usize {
    (table(ranks) + KEYS * ENTRY).next_multiple_of(4096)
}

const fn fragments(ranks: usize) -> usize {
    (rings(ranks) + ranks * ranks * RING).next_multiple_of(4096)
}

const fn words(ranks: usize) -> usize {
    fragments(ranks) + ranks * ranks * FRAGMENTS * FRAGMENT
}

const fn length(ranks: usize) -> usize {
    words(ranks) + WORDS
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::world::life::State;

    #[test]
    fn a_large_world_costs_what_is_touched() -> io::Result<()> {
        let (memory, fd) = Memory::create(RANKS_MAX)?;
        memory.ring(255, 255)[0].store(1, Ordering::Relaxed);
        memory.mapping().write(memory.fragment(3, 4, FRAGMENTS - 1), &vec![1; FRAGMENT]);
        let blocks = std::fs::File::from(fd).metadata()?.blocks();
        assert!(blocks * 512 < 1 << 20, "{blocks} blocks are in use");
        Ok(())
    }

    #[test]
    fn regions_do_not_overlap() -> io::Result<()> {
        for ranks in [1, 2, 7, RANKS_MAX] {
            let (memory, _fd) = Memory::create(ranks)?;
            let last = ranks - 1;
            assert!(memory.row(last) + ROW <= beds(ranks));
            assert!(beds(ranks) + ranks * BED <= table(ranks));
            assert!(rings(ranks) + ranks * ranks * RING <= fragments(ranks));
            assert!(memory.fragment(last, last, FRAGMENTS - 1) + FRAGMENT <= words(ranks));
        }
        Ok(())
    }

    #[test]
    fn a_foreign_memory_is_refused() -> io::Result<()> {
        let pid = std::process::id();
        let (memory, fd) = Memory::create(3)?;
        assert!(Memory::open(pid, fd.as_raw_fd(), 3).is_ok());
        assert!(Memory::open(pid, fd.as_raw_fd(), 2).is_err(), "another number of ranks");
        assert!(Memory::open(pid, fd.as_raw_fd(), 4).is_err(), "a longer memory");
        memory.mapping().word(AT_VERSION).store(VERSION + 1, Ordering::Relaxed);
        assert!(Memory::open(pid, fd.as_raw_fd(), 3).is_err(), "another version");
        Ok(())
    }

    #[test]
    fn shared_words_are_the_same_for_all_who_ask() -> io::Result<()> {
        let (memory, fd) = Memory::create(2)?;
        let other = Memory::open(std::process::id(), fd.as_raw_fd(), 2)?;
        let ours = memory.shared_words(5, 10).expect("there is room");
        let more = other.shared_words(6, 1 << 20).expect("there is room");
        let theirs = other.shared_words(5, 10).expect("there is room");
        ours[9].store(42, Ordering::Relaxed);
        more[0].store(1, Ordering::Relaxed);
        assert_eq!(theirs[9].load(Ordering::Relaxed), 42);
        assert!(memory.shared_words(7, WORDS).is_none(), "too much");
        assert!(memory.shared_words(8, 1).is_some(), "and others are not the poorer for it");
        Ok(())
    }

    #[test]
    fn who_joins_goes_on_though_the_last_one_died_there() -> io::Result<()> {
        let (memory, _fd) = Memory::create(2)?;
        let (other, (send, joined)) = (memory.clone(), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            other.join();
            send.send(())
        });
        while memory.joined().load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        // Not to synchronise: so that it sleeps, most likely; where it does not yet, it will see the number.
        std::thread::sleep(std::time::Duration::from_millis(20));
        memory.joined().fetch_add(1, Ordering::AcqRel);
        memory.wake_all();
        assert!(joined.recv_timeout(std::time::Duration::from_secs(10)).is_ok(), "it sleeps still");
        Ok(())
    }

    #[test]
    fn nonsense_in_the_memory_harms_nobody() -> io::Result<()> {
        let (memory, _fd) = Memory::create(2)?;
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..200 {
            for at in (HEADER..rings(2)).step_by(8) {
                random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                let word = if round % 2 == 0 { random } else { random >> (random % 60) };
                memory.mapping().word(at).store(word, Ordering::Relaxed);
            }
            for rank in 0..2 {
                let _ = (memory.state(rank), memory.order(rank), memory.reason(rank));
                memory.wake(rank);
            }
            for key in 0..4 {
                if let Some(words) = memory.shared_words(key, 100) {
                    words[99].store(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn ends_have_an_order_and_a_reason_that_fits() -> io::Result<()> {
        let (memory, _fd) = Memory::create(3)?;
        assert_eq!((memory.state(1), memory.reason(1)), (State::Absent, None));
        memory.set_ended(2, State::Failed, "it failed: no");
        memory.set_ended(1, State::Lost, &"ü".repeat(1000));
        assert!(memory.order(2) < memory.order(1));
        assert_eq!(memory.reason(2).as_deref(), Some("it failed: no"));
        assert!(memory.reason(1).is_some_and(|reason| reason.len() < ROW && reason.ends_with('ü')));
        Ok(())
    }
}
