//! What the ranks of a world share.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam::queue::SegQueue;
use crossbeam::utils::CachePadded;
use par_core::comm::engine::{Ended, Parcel, RING_WORDS, Word};
use parking_lot::{Condvar, Mutex};

/// How many fragments a pair of ranks has; each is allocated when it is first written.
pub(super) const FRAGMENTS: usize = 8;
/// How long a fragment is: half of what the nearest cache of a core holds at most, so that the receiver finds it there.
pub(super) const FRAGMENT_BYTES: usize = 32 << 10;
const WORDS_PER_LINE: usize = 8;

/// Words that ranks share, on cache lines of their own.
#[derive(Debug, Clone)]
pub struct Words {
    shared: Arc<[Word]>,
    start: usize,
    len: usize,
}

impl Words {
    fn zeroed(len: usize) -> Self {
        let shared: Arc<[Word]> = (0..len + WORDS_PER_LINE).map(|_| Word::new(0)).collect();
        let misplaced = shared.as_ptr().addr() / size_of::<Word>() % WORDS_PER_LINE;
        Self { shared, start: (WORDS_PER_LINE - misplaced) % WORDS_PER_LINE, len }
    }
}

impl Deref for Words {
    type Target = [Word];

    fn deref(&self) -> &[Word] {
        &self.shared[self.start..self.start + self.len]
    }
}

/// What one rank sends to one other.
#[derive(Default)]
pub(super) struct Pair {
    ring: OnceLock<Words>,
    /// Only one end at a time touches a fragment, as the engine promises; the lock says so to the compiler.
    pub(super) fragments: [CachePadded<Mutex<Vec<u8>>>; FRAGMENTS],
    pub(super) parcels: SegQueue<Box<dyn Parcel>>,
}

impl Pair {
    pub(super) fn ring(&self) -> Words {
        self.ring.get_or_init(|| Words::zeroed(RING_WORDS)).clone()
    }
}

/// Where a rank sleeps.
#[derive(Default)]
struct Bed {
    asleep: AtomicBool,
    lock: Mutex<()>,
    woken: Condvar,
}

/// What the ranks of a world share.
pub(super) struct Hub {
    pub(super) ranks: usize,
    pub(super) processors: usize,
    pairs: Box<[Pair]>,
    beds: Box<[CachePadded<Bed>]>,
    ended: Box<[CachePadded<OnceLock<Ended>>]>,
    words: Mutex<HashMap<u64, Words>>,
    door: Mutex<Door>,
    moved: Condvar,
}

/// No rank begins before all can.
#[derive(Default)]
struct Door {
    arrived: usize,
    opens: Option<bool>,
}

impl Hub {
    pub(super) fn new(ranks: usize, processors: usize) -> Self {
        Self {
            ranks,
            processors,
            pairs: (0..ranks * ranks).map(|_| Pair::default()).collect(),
            beds: (0..ranks).map(|_| CachePadded::default()).collect(),
            ended: (0..ranks).map(|_| CachePadded::default()).collect(),
            words: Mutex::default(),
            door: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    pub(super) fn pair(&self, from: usize, to: usize) -> &Pair {
        &self.pairs[from * self.ranks + to]
    }

    pub(super) fn ended(&self, rank: usize) -> Option<&Ended> {
        self.ended[rank].get()
    }

    /// A rank takes part no more, and who sleeps has to know.
    pub(super) fn end(&self, rank: usize, ended: Ended) {
        // Whoever was told first was told why.
        self.ended[rank].set(ended).ok();
        for rank in 0..self.ranks {
            self.wake(rank);
        }
    }

    pub(super) fn shared_words(&self, key: u64, words: usize) -> Words {
        self.words.lock().entry(key).or_insert_with(|| Words::zeroed(words)).clone()
    }

    pub(super) fn sleep(&self, rank: usize, timeout: Duration, ready: &mut dyn FnMut() -> bool) {
        let bed = &self.beds[rank];
        bed.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !ready() {
            let mut guard = bed.lock.lock();
            if bed.asleep.load(Ordering::Relaxed) {
                bed.woken.wait_for(&mut guard, timeout);
            }
        }
        bed.asleep.store(false, Ordering::Relaxed);
    }

    pub(super) fn wake(&self, rank: usize) {
        fence(Ordering::SeqCst);
        let bed = &self.beds[rank];
        if bed.asleep.load(Ordering::Relaxed) {
            let _guard = bed.lock.lock();
            bed.asleep.store(false, Ordering::Relaxed);
            bed.woken.notify_one();
        }
    }

    /// A rank is here, and could be prepared or not; whether it begins.
    pub(super) fn arrive(&self, prepared: bool) -> bool {
        let mut door = self.door.lock();
        door.arrived += 1;
        if !prepared {
            door.opens = Some(false);
        } else if door.arrived == self.ranks {
            door.opens.get_or_insert(true);
        }
        self.moved.notify_all();
        loop {
            if let Some(opens) = door.opens {
                return opens;
            }
            self.moved.wait(&mut door);
        }
    }

    /// There will not be as many ranks as there must be.
    pub(super) fn give_up(&self) {
        self.door.lock().opens = Some(false);
        self.moved.notify_all();
    }
}
