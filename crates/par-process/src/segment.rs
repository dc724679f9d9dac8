//! Large payloads: segments of shared memory, lent to the other side and given back.
//!
//! ```text
//! owner: idle ──take──▶ being written ──lend──▶ lent ──Release message──▶ idle, or freed (Forget message)
//! peer:                                 view ──last share of its bytes is dropped──▶ Release message
//! ```
//! Whoever sends owns the segment. A segment is written only while it is not lent, and the peer only reads it, so the
//! bytes under a view never change. The peer keeps its mapping until it is told to forget it: what costs time in shared
//! memory is not the copy but the first touch of each page, so both the pages and the mappings are used again.
//! The idle segments of an owner are bounded; the largest go first.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::shm::Mapping;
use crate::wire::SegmentRef;

/// Payloads from this size on travel in segments.
pub(crate) const INLINE_MAX: usize = 64 * 1024;
/// More idle segments than this are not worth their descriptors.
const IDLE_MAX: usize = 32;

/// A segment that is not lent: its owner may write it.
pub(crate) struct Segment {
    id: u32,
    mapping: Mapping,
    fd: OwnedFd,
}

impl Segment {
    /// The first `length` bytes, to write.
    pub(crate) fn buffer(&mut self, length: usize) -> &mut [u8] {
        self.mapping.slice_mut(0..length)
    }
}

/// The segments that one side owns, towards one peer.
pub(crate) struct Outgoing {
    inner: Mutex<Owned>,
    idle_bytes_max: usize,
}

#[derive(Default)]
struct Owned {
    next: u32,
    idle: Vec<Segment>,
    idle_bytes: usize,
    lent: HashMap<u32, Segment>,
}

impl Outgoing {
    pub(crate) fn new(idle_bytes_max: usize) -> Self {
        Self { inner: Mutex::default(), idle_bytes_max }
    }

    fn lock(&self) -> MutexGuard<'_, Owned> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A segment of at least `length` bytes: the smallest idle one that fits, else a new one.
    pub(crate) fn take(&self, length: usize) -> io::Result<Segment> {
        let id = {
            let mut owned = self.lock();
            let fits = |segment: &(usize, &Segment)| segment.1.mapping.len() >= length;
            let best =
                owned.idle.iter().enumerate().filter(fits).min_by_key(|(_, segment)| segment.mapping.len());
            if let Some((index, _)) = best {
                let segment = owned.idle.swap_remove(index);
                owned.idle_bytes -= segment.mapping.len();
                return Ok(segment);
            }
            owned.next += 1;
            owned.next
        };
        let (mapping, fd) = Mapping::create(capacity_for(length))?;
        Ok(Segment { id, mapping, fd })
    }

    /// Marks a written segment as lent, and says how the peer finds it.
    pub(crate) fn lend(&self, segment: Segment, length: usize) -> SegmentRef {
        let reference = SegmentRef {
            id: segment.id,
            fd: segment.fd.as_raw_fd(),
            capacity: segment.mapping.len() as u64,
            length: length as u64,
        };
        self.lock().lent.insert(segment.id, segment);
        reference
    }

    /// A segment comes back; yields those that the peer is to forget.
    pub(crate) fn released(&self, id: u32) -> Vec<u32> {
        let mut owned = self.lock();
        if let Some(segment) = owned.lent.remove(&id) {
            owned.idle_bytes += segment.mapping.len();
            owned.idle.push(segment);
        }
        let mut forgotten = Vec::new();
        while owned.idle_bytes > self.idle_bytes_max || owned.idle.len() > IDLE_MAX {
            let Some((largest, _)) =
                owned.idle.iter().enumerate().max_by_key(|(_, segment)| segment.mapping.len())
            else {
                break;
            };
            let segment = owned.idle.swap_remove(largest);
            owned.idle_bytes -= segment.mapping.len();
            forgotten.push(segment.id);
        }
        forgotten
    }

    /// A segment that was taken and not lent goes back.
    pub(crate) fn put_back(&self, segment: Segment) {
        let mut owned = self.lock();
        owned.idle_bytes += segment.mapping.len();
        owned.idle.push(segment);
    }
}

/// Rounded up to an eighth of a power of two, so that payloads of about the same size share segments.
fn capacity_for(length: usize) -> usize {
    let step = (length.next_power_of_two() / 8).max(INLINE_MAX);
    length.div_ceil(step) * step
}

/// What is told the number of a segment that is not looked at any more.
pub(crate) type Release = Arc<dyn Fn(u32) + Send + Sync>;

/// The peer's segments, as far as this side has mapped them.
pub(crate) struct Incoming {
    pid: u32,
    mapped: Mutex<HashMap<u32, Arc<Mapping>>>,
    release: Release,
}

impl Incoming {
    /// The segments of the process `pid`.
    pub(crate) fn new(pid: u32, release: Release) -> Self {
        Self { pid, mapped: Mutex::default(), release }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Arc<Mapping>>> {
        self.mapped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a lent segment, without a copy; it is given back when the last share of them is dropped.
    pub(crate) fn view(&self, reference: &SegmentRef) -> io::Result<Bytes> {
        let (capacity, length) = (reference.capacity as usize, reference.length as usize);
        let known = self.lock().get(&reference.id).cloned();
        let mapping = if let Some(mapping) = known {
            mapping
        } else {
            let mapping = Arc::new(Mapping::open(self.pid, reference.fd, capacity)?);
            self.lock().insert(reference.id, Arc::clone(&mapping));
            mapping
        };
        if length > mapping.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the payload is longer than its segment"));
        }
        let release = Arc::clone(&self.release);
        Ok(Bytes::from_owner(View { mapping, length, id: reference.id, release }))
    }

    /// The owner has freed the segment.
    pub(crate) fn forget(&self, id: u32) {
        self.lock().remove(&id);
    }
}

/// A lent segment that this side looks at.
struct View {
    mapping: Arc<Mapping>,
    length: usize,
    id: u32,
    release: Release,
}

impl AsRef<[u8]> for View {
    fn as_ref(&self) -> &[u8] {
        self.mapping.slice(0..self.length)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        (self.release)(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_not_used_again_while_a_share_of_its_bytes_lives() -> io::Result<()> {
        let owner = Arc::new(Outgoing::new(1 << 20));
        let giving_back = Arc::clone(&owner);
        let release: Release = Arc::new(move |id| drop(giving_back.released(id)));
        let peer = Incoming::new(std::process::id(), release);

        let mut segment = owner.take(100_000)?;
        segment.buffer(100_000).fill(7);
        let first = segment.id;
        let view = peer.view(&owner.lend(segment, 100_000))?;
        let share = view.slice(500..600);
        drop(view);
        assert_ne!(owner.take(100_000)?.id, first, "it is still looked at");
        assert!(share.iter().all(|byte| *byte == 7));
        drop(share);
        assert_eq!(owner.take(100_000)?.id, first);
        Ok(())
    }

    #[test]
    fn idle_segments_are_bounded() -> io::Result<()> {
        let owner = Outgoing::new(3 << 20);
        let mut references = Vec::new();
        for _ in 0..5 {
            references.push(owner.lend(owner.take(1 << 20)?, 1 << 20));
        }
        let forgotten: usize = references.iter().map(|reference| owner.released(reference.id).len()).sum();
        assert_eq!(forgotten, 2);
        assert!(owner.lock().idle_bytes <= 3 << 20);
        Ok(())
    }

    #[test]
    fn capacities_fit_and_waste_little() {
        for length in [INLINE_MAX, 100_000, 1 << 20, (1 << 26) + 66] {
            let capacity = capacity_for(length);
            assert!(
                capacity >= length && capacity <= length + length / 4 + INLINE_MAX,
                "{length} in {capacity}"
            );
        }
    }
}
