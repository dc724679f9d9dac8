//! The board: shared memory in which a pool and one worker note what became of each call.
//!
//! ```text
//! header: waiting u64 | blocked u64 | beat u64 | waits u64
//! slot:   state u64 = call id << 2 | FREE, QUEUED, BEGUN or DONE | length u64 | progress u64 | reply bytes
//!
//!            pool: post                worker: claim              worker: finish
//! FREE ───────────────────▶ QUEUED ───────────────────▶ BEGUN ───────────────────▶ DONE
//!   ▲                          │                                                     │
//!   └──────pool: recall────────┘◀───────────────────pool: take──────────────────────┘
//! ```
//! - `claim` and `recall` are compare-and-swaps on the whole word, id included, so a call is either begun or taken back
//!   and never both, whatever the other side is doing: even a worker that is stopped.
//! - The board outlives the worker. When it dies, the pool reads in it exactly which call it was running, which it had
//!   finished (small replies stand in the slot itself), and which it had not begun.
//! - `waiting` is set by the pool before it sleeps; a worker that finishes a call clears it and, if it was set, rings.
//!   Both sides order these two steps sequentially consistently, so a ring is never missed, and a busy pool is not rung.
//!
//! Nothing here ever waits, so it cannot deadlock.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{Ordering, fence};
use std::{fmt, io};

use bytes::Bytes;

use crate::shm::Mapping;

/// How many calls a worker may hold: its window, and those that are blocked in nested waits below it.
pub(crate) const SLOTS: usize = 512;
/// Replies up to this size stand in the slot.
pub(crate) const REPLY_MAX: usize = STRIDE - DATA;

const HEADER: usize = 128;
const STRIDE: usize = 256;
const DATA: usize = 24;
const LENGTH: usize = HEADER + SLOTS * STRIDE;

const WAITING: usize = 0;
const BLOCKED: usize = 8;
const BEAT: usize = 16;
const WAITS: usize = 24;

const FREE: u64 = 0;
const QUEUED: u64 = 1;
const BEGUN: u64 = 2;
const DONE: u64 = 3;

/// The board between the pool and one worker; both sides hold one of these.
pub(crate) struct Board {
    mapping: Mapping,
    /// Kept by the pool, for the worker to open.
    fd: Option<OwnedFd>,
}

const fn slot_at(slot: u16) -> usize {
    HEADER + slot as usize * STRIDE
}

impl Board {
    pub(crate) fn create() -> io::Result<Self> {
        let (mapping, fd) = Mapping::create(LENGTH)?;
        Ok(Self { mapping, fd: Some(fd) })
    }

    pub(crate) fn open(pid: u32, fd: i32) -> io::Result<Self> {
        Ok(Self { mapping: Mapping::open(pid, fd, LENGTH)?, fd: None })
    }

    pub(crate) fn fd(&self) -> i32 {
        self.fd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    fn swap(&self, slot: u16, id: u64, from: u64, to: u64) -> bool {
        let word = self.mapping.word(slot_at(slot));
        let to = if to == FREE { FREE } else { id << 2 | to };
        word.compare_exchange(id << 2 | from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn state(&self, slot: u16, id: u64) -> u64 {
        let word = self.mapping.word(slot_at(slot)).load(Ordering::Acquire);
        if word >> 2 == id { word & 3 } else { FREE }
    }

    // What the pool does.

    /// FREE → QUEUED, before the call is sent.
    pub(crate) fn post(&self, slot: u16, id: u64) {
        let at = slot_at(slot);
        self.mapping.word(at + 16).store(0, Ordering::Relaxed);
        self.mapping.word(at).store(id << 2 | QUEUED, Ordering::Release);
    }

    /// QUEUED → FREE: `true` if the worker has not begun the call and now never will.
    pub(crate) fn recall(&self, slot: u16, id: u64) -> bool {
        self.swap(slot, id, QUEUED, FREE)
    }

    /// Whether the worker has begun the call, and has not finished it in the slot.
    pub(crate) fn has_begun(&self, slot: u16, id: u64) -> bool {
        self.state(slot, id) == BEGUN
    }

    /// The reply, if it stands in the slot.
    pub(crate) fn take(&self, slot: u16, id: u64) -> Option<Bytes> {
        if self.state(slot, id) != DONE {
            return None;
        }
        let at = slot_at(slot);
        let length = self.mapping.word(at + 8).load(Ordering::Relaxed).min(REPLY_MAX as u64);
        let mut reply = vec![0; length as usize];
        self.mapping.read(at + DATA, &mut reply);
        self.clear(slot);
        Some(reply.into())
    }

    /// Any state → FREE, once the reply came as a message.
    pub(crate) fn clear(&self, slot: u16) {
        self.mapping.word(slot_at(slot)).store(FREE, Ordering::Release);
    }

    /// Says whether the pool is about to sleep; to be followed by one more look at the slots.
    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.mapping.word(WAITING).store(u64::from(waiting), Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// How many calls of the worker are blocked in waits for others.
    pub(crate) fn blocked(&self) -> usize {
        self.mapping.word(BLOCKED).load(Ordering::Acquire) as usize
    }

    /// How many waits for others its calls have begun, ever: another number means that the worker may have room.
    pub(crate) fn waits(&self) -> u64 {
        self.mapping.word(WAITS).load(Ordering::SeqCst)
    }

    /// A number that changes while the worker is scheduled at all.
    pub(crate) fn beat(&self) -> u64 {
        self.mapping.word(BEAT).load(Ordering::Relaxed)
    }

    /// How far the call says it is.
    pub(crate) fn progress(&self, slot: u16) -> f32 {
        f32::from_bits(self.mapping.word(slot_at(slot) + 16).load(Ordering::Relaxed) as u32)
    }

    // What the worker does.

    /// QUEUED → BEGUN: `false` if the call was taken back.
    pub(crate) fn claim(&self, slot: u16, id: u64) -> bool {
        usize::from(slot) < SLOTS && self.swap(slot, id, QUEUED, BEGUN)
    }

    /// BEGUN → DONE, with the reply, which must fit.
    pub(crate) fn finish(&self, slot: u16, id: u64, reply: &[u8]) {
        let at = slot_at(slot);
        self.mapping.write(at + DATA, &reply[..reply.len().min(REPLY_MAX)]);
        self.mapping.word(at + 8).store(reply.len() as u64, Ordering::Relaxed);
        self.mapping.word(at).store(id << 2 | DONE, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Whether the pool must be rung, because it sleeps or is about to.
    pub(crate) fn must_ring(&self) -> bool {
        let waiting = self.mapping.word(WAITING);
        waiting.load(Ordering::SeqCst) != 0 && waiting.swap(0, Ordering::SeqCst) != 0
    }

    pub(crate) fn block(&self) {
        self.mapping.word(BLOCKED).fetch_add(1, Ordering::SeqCst);
        self.mapping.word(WAITS).fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    pub(crate) fn unblock(&self) {
        self.mapping.word(BLOCKED).fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn heartbeat(&self) {
        self.mapping.word(BEAT).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn set_progress(&self, slot: u16, progress: f32) {
        self.mapping.word(slot_at(slot) + 16).store(u64::from(progress.to_bits()), Ordering::Relaxed);
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("blocked", &self.blocked()).field("beat", &self.beat()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_begun_or_taken_back_but_never_both() -> io::Result<()> {
        let pool = Board::create()?;
        let worker = Board::open(std::process::id(), pool.fd())?;
        pool.post(3, 17);
        assert!(worker.claim(3, 17) && pool.has_begun(3, 17) && !pool.recall(3, 17));
        worker.finish(3, 17, b"reply");
        assert!(!pool.has_begun(3, 17));
        assert_eq!(pool.take(3, 17).as_deref(), Some(&b"reply"[..]));
        assert_eq!(pool.take(3, 17), None);

        pool.post(3, 18);
        assert!(!worker.claim(3, 17), "the slot is another call's now");
        assert!(pool.recall(3, 18) && !worker.claim(3, 18));
        Ok(())
    }

    #[test]
    fn only_a_waiting_pool_is_rung_and_only_once() -> io::Result<()> {
        let pool = Board::create()?;
        let worker = Board::open(std::process::id(), pool.fd())?;
        assert!(!worker.must_ring());
        pool.set_waiting(true);
        assert!(worker.must_ring() && !worker.must_ring());
        Ok(())
    }
}
