//! A ring of 64-byte slots from one rank to one other.
//!
//! ```text
//! line 0      written by the receiver: [slots read, fragments read, credit given back]
//! line 1      empty, so that no prefetcher pairs the receiver's line with the sender's
//! line 2..    the slots: [head, payload × 7], written by the sender
//! ```
//! A slot's head carries the lap in its top bit: the sender writes 1 in the first lap, 0 in the second, and so on, so the
//! receiver sees from the head alone that a slot is new, and a short message moves one cache line. The receiver tells how
//! far it has read only now and then, and each end keeps what it last saw of the other's numbers, so that a line moves
//! only when there is news in it.
//!
//! Every word is atomic and the code is safe whatever the other end writes: a rank of another process that writes
//! nonsense gets nonsense delivered, and harms no memory.

use std::ops::Deref;

use super::transport::Word;
use crate::sync::Ordering;

const LINE: usize = 8;
/// loom explores every interleaving, so its ring is as short as it can be.
const SLOTS: u64 = if cfg!(loom) { 2 } else { 64 };
/// The receiver tells that it has read so many slots.
const TELL_EVERY: u64 = if cfg!(loom) { 1 } else { SLOTS / 4 };
const FIRST_SLOT: usize = 2 * LINE;
const LAP: u64 = 1 << 63;

/// How many words a ring needs.
pub const RING_WORDS: usize = FIRST_SLOT + SLOTS as usize * LINE;
/// How many words a slot carries besides its head.
pub const PAYLOAD_WORDS: usize = LINE - 1;

const SLOTS_READ: usize = 0;
const FRAGMENTS_READ: usize = 1;
const CREDIT_BACK: usize = 2;

fn slot(position: u64) -> usize {
    FIRST_SLOT + (position % SLOTS) as usize * LINE
}

/// What the top bit of a slot's head is in the lap of `position`.
fn lap(position: u64) -> u64 {
    if (position / SLOTS).is_multiple_of(2) { LAP } else { 0 }
}

/// The end of a ring that writes.
#[derive(Debug)]
pub struct RingSender<W> {
    words: W,
    position: u64,
    /// How many slots the receiver had read when it was last looked at.
    read: u64,
    fragments: u64,
    fragments_read: u64,
    credit: u64,
    credit_back: u64,
}

/// The end of a ring that reads.
#[derive(Debug)]
pub struct RingReceiver<W> {
    words: W,
    position: u64,
    told: u64,
    fragments: u64,
    credit: u64,
    credit_told: u64,
}

impl<W: Deref<Target = [Word]>> RingSender<W> {
    /// The sender's end of a ring in `words`, which are all zero.
    ///
    /// # Panics
    /// When there are fewer than [`RING_WORDS`].
    pub fn new(words: W) -> Self {
        assert!(words.len() >= RING_WORDS, "a ring needs {RING_WORDS} words, and got {}", words.len());
        Self { words, position: 0, read: 0, fragments: 0, fragments_read: 0, credit: 0, credit_back: 0 }
    }

    /// Whether a slot is free.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        if self.position.wrapping_sub(self.read) < SLOTS {
            return true;
        }
        self.read = self.words[SLOTS_READ].load(Ordering::Acquire);
        self.position.wrapping_sub(self.read) < SLOTS
    }

    /// Writes a slot: a head of 63 bits, and payload, of which no more than [`PAYLOAD_WORDS`] are sent. `false`: there is
    /// no room.
    #[inline]
    pub fn push(&mut self, head: u64, payload: &[u64]) -> bool {
        if !self.has_room() {
            return false;
        }
        let start = slot(self.position);
        let words = &self.words[start..start + LINE];
        for (word, value) in words[1..].iter().zip(payload) {
            word.store(*value, Ordering::Relaxed);
        }
        words[0].store((head & !LAP) | lap(self.position), Ordering::Release);
        self.position = self.position.wrapping_add(1);
        true
    }

    /// Which of `count` fragments is the next to be written; `None` while the receiver has to read it still.
    pub fn free_fragment(&mut self, count: usize) -> Option<usize> {
        if self.fragments.wrapping_sub(self.fragments_read) >= count as u64 {
            self.fragments_read = self.words[FRAGMENTS_READ].load(Ordering::Acquire);
        }
        let free = self.fragments.wrapping_sub(self.fragments_read) < count as u64;
        free.then(|| (self.fragments % count as u64) as usize)
    }

    /// The fragment that [`free_fragment`](Self::free_fragment) named is written; a slot that says so follows.
    pub fn use_fragment(&mut self) {
        self.fragments = self.fragments.wrapping_add(1);
    }

    /// Takes `amount` of the credit, of which there is `limit` in all; `false`: so much is not there, nothing was taken.
    #[inline]
    pub fn take_credit(&mut self, amount: u64, limit: u64) -> bool {
        if self.credit.wrapping_sub(self.credit_back).saturating_add(amount) > limit {
            self.credit_back = self.words[CREDIT_BACK].load(Ordering::Relaxed);
            if self.credit.wrapping_sub(self.credit_back).saturating_add(amount) > limit {
                return false;
            }
        }
        self.credit = self.credit.wrapping_add(amount);
        true
    }
}

impl<W: Deref<Target = [Word]>> RingReceiver<W> {
    /// The receiver's end of a ring in `words`, which were all zero when the world began.
    ///
    /// # Panics
    /// When there are fewer than [`RING_WORDS`].
    pub fn new(words: W) -> Self {
        assert!(words.len() >= RING_WORDS, "a ring needs {RING_WORDS} words, and got {}", words.len());
        Self { words, position: 0, told: 0, fragments: 0, credit: 0, credit_told: 0 }
    }

    /// The head of the oldest slot that was not read yet; it stays where it is.
    #[inline]
    pub fn head(&self) -> Option<u64> {
        let head = self.words[slot(self.position)].load(Ordering::Acquire);
        (head & LAP == lap(self.position)).then_some(head & !LAP)
    }

    /// A word of the payload of the slot that [`head`](Self::head) told of.
    ///
    /// # Panics
    /// When a slot has no such word.
    #[inline]
    pub fn payload(&self, index: usize) -> u64 {
        assert!(index < PAYLOAD_WORDS, "a slot carries {PAYLOAD_WORDS} words");
        self.words[slot(self.position) + 1 + index].load(Ordering::Relaxed)
    }

    /// The slot that [`head`](Self::head) told of is read; `true`: the sender was told, and may wait for that.
    #[inline]
    pub fn pop(&mut self) -> bool {
        self.position = self.position.wrapping_add(1);
        let tell = self.position.wrapping_sub(self.told) >= TELL_EVERY;
        if tell {
            self.told = self.position;
            self.words[SLOTS_READ].store(self.position, Ordering::Release);
        }
        tell
    }

    /// Which of `count` fragments is the next to be read, after a slot told that it was written.
    pub fn next_fragment(&self, count: usize) -> usize {
        (self.fragments % count as u64) as usize
    }

    /// The next fragment is read; the sender, who may wait for that, was told.
    pub fn free_fragment(&mut self) {
        self.fragments = self.fragments.wrapping_add(1);
        self.words[FRAGMENTS_READ].store(self.fragments, Ordering::Release);
    }

    /// Gives credit back; the sender is told when it is a quarter of `limit`.
    #[inline]
    pub fn give_credit(&mut self, amount: u64, limit: u64) {
        self.credit = self.credit.wrapping_add(amount);
        if self.credit.wrapping_sub(self.credit_told) >= limit / 4 {
            self.credit_told = self.credit;
            self.words[CREDIT_BACK].store(self.credit, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn words() -> Arc<[Word]> {
        (0..RING_WORDS).map(|_| Word::new(0)).collect()
    }

    /// Both ends, and what lies between them by the plain rules of a queue.
    fn follow(steps: &[u8]) {
        let words = words();
        let (mut sender, mut receiver) = (RingSender::new(words.clone()), RingReceiver::new(words));
        let (mut model, mut next) = (VecDeque::new(), 0_u64);
        for step in steps {
            if step % 2 == 0 {
                let sent = sender.push(next, &[next, !next]);
                // The sender may believe for a while that what was read was not.
                assert!(sent || model.len() as u64 + TELL_EVERY > SLOTS);
                assert!(!sent || (model.len() as u64) < SLOTS);
                if sent {
                    model.push_back(next);
                    next += 1;
                }
            } else {
                assert_eq!(receiver.head(), model.front().copied());
                if let Some(value) = model.pop_front() {
                    assert_eq!([receiver.payload(0), receiver.payload(1)], [value, !value]);
                    receiver.pop();
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_ring_is_a_queue(steps in proptest::collection::vec(any::<u8>(), 0..2000)) {
            follow(&steps);
        }
    }

    #[test]
    fn laps_are_told_apart() {
        let steps: Vec<u8> = (0..10 * SLOTS).flat_map(|_| [0, 1]).collect();
        follow(&steps);
        let fill: Vec<u8> = (0..5).flat_map(|_| [[0; 70], [1; 70]].concat()).collect();
        follow(&fill);
    }

    #[test]
    fn credit_and_fragments_come_back() {
        let words = words();
        let (mut sender, mut receiver) = (RingSender::new(words.clone()), RingReceiver::new(words));
        assert!(sender.take_credit(60, 100));
        assert!(!sender.take_credit(60, 100));
        receiver.give_credit(60, 100);
        assert!(sender.take_credit(60, 100));
        assert!(!sender.take_credit(u64::MAX, 100));
        for round in 0..5 {
            assert_eq!(sender.free_fragment(2), Some(round % 2));
            sender.use_fragment();
            if round > 0 {
                assert_eq!(sender.free_fragment(2), None);
                assert_eq!(receiver.next_fragment(2), (round + 1) % 2);
                receiver.free_fragment();
            }
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::sync::Arc;

    use loom::thread;

    use super::*;

    #[test]
    fn what_is_seen_is_whole_and_in_order() {
        loom::model(|| {
            let words: Arc<[Word]> = (0..RING_WORDS).map(|_| Word::new(0)).collect();
            let mut receiver = RingReceiver::new(words.clone());
            let other = thread::spawn(move || {
                let mut sender = RingSender::new(words);
                let mut sent = 0;
                for value in 1..=3 {
                    sent += u64::from(sender.push(value, &[10 * value]));
                }
                sent
            });
            let mut seen = 0;
            for _ in 0..3 {
                if let Some(head) = receiver.head() {
                    seen += 1;
                    assert_eq!((head, receiver.payload(0)), (seen, 10 * seen));
                    receiver.pop();
                }
            }
            let sent = other.join().expect("the sender does not panic");
            // Only the last can have found no room, and what was sent can be read to the end.
            assert!(sent >= 2 && seen <= sent);
            while let Some(head) = receiver.head() {
                seen += 1;
                assert_eq!((head, receiver.payload(0)), (seen, 10 * seen));
                receiver.pop();
            }
            assert_eq!(seen, sent);
        });
    }
}
