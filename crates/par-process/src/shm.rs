//! Memory that two processes map: the only file of this crate that reads and writes it.
//!
//! A mapping is a sealed memory file (`memfd`): it has no name that could be left behind, it is freed with its last
//! mapping, and because it cannot shrink no access within its length can fault.
//! Who may touch which bytes when is the protocol of [`board`](crate::board), [`segment`](crate::segment) and the engine
//! of communicators; the accesses here are bounds-checked.
#![expect(
    unsafe_code,
    reason = "memory that another process maps too can only be reached through raw pointers"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use memmap2::{Advice, MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

/// A memory file, mapped for reading and writing.
pub(crate) struct Mapping {
    raw: MmapRaw,
}

impl Mapping {
    /// A new memory file of zeros, and the descriptor by which another process finds it.
    pub(crate) fn create(length: usize) -> io::Result<(Self, OwnedFd)> {
        let fd = memfd_create("par-process", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&fd, length as u64)?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let file = File::from(fd);
        let raw = MmapOptions::new().len(length).map_raw(&file)?;
        Ok((Self { raw }, file.into()))
    }

    /// The memory file that the process `pid` has open as `fd`.
    pub(crate) fn open(pid: u32, fd: i32, length: usize) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/fd/{fd}"))?;
        if file.metadata()?.len() < length as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the memory file is shorter than announced",
            ));
        }
        let raw = MmapOptions::new().len(length).map_raw(&file)?;
        Ok(Self { raw })
    }

    /// Has the kernel bring the first `length` bytes in at once, which is cheaper than one page fault for each 4 KiB.
    ///
    /// Kernels before 5.14 refuse, and then it is done fault by fault.
    pub(crate) fn bring_in(&self, length: usize, to_write: bool) {
        let advice = if to_write { Advice::PopulateWrite } else { Advice::PopulateRead };
        let _ = self.raw.advise_range(advice, 0, length.min(self.len()));
    }

    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether so many bytes from `offset` on lie within; no sum that wraps round says yes.
    fn holds(&self, offset: usize, length: usize) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.len())
    }

    /// The atomic word at `offset`, which must be a multiple of 8 within the mapping.
    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        assert!(
            offset.is_multiple_of(8) && self.holds(offset, 8),
            "the word {offset} is outside the mapping"
        );
        // SAFETY: the pointer is within the mapping (asserted), which lives as long as `self`.
        let pointer = unsafe { self.raw.as_mut_ptr().add(offset) };
        // SAFETY: pages are aligned to more than 8, and so is `offset`; every access to this word, on either side,
        // is atomic.
        unsafe { AtomicU64::from_ptr(pointer.cast()) }
    }

    /// The atomic half word at `offset`, which must be a multiple of 4 within the mapping; what the kernel can wait for.
    pub(crate) fn half(&self, offset: usize) -> &AtomicU32 {
        assert!(
            offset.is_multiple_of(4) && self.holds(offset, 4),
            "the half word {offset} is outside the mapping"
        );
        // SAFETY: the pointer is within the mapping (asserted), which lives as long as `self`.
        let pointer = unsafe { self.raw.as_mut_ptr().add(offset) };
        // SAFETY: pages are aligned to more than 4, and so is `offset`; every access to this half word, on either side,
        // is atomic and of this size.
        unsafe { AtomicU32::from_ptr(pointer.cast()) }
    }

    /// Copies bytes out; the caller knows that the other side does not write them now.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        assert!(self.holds(offset, bytes.len()), "the bytes at {offset} are outside the mapping");
        // SAFETY: within the mapping (asserted).
        let source = unsafe { self.raw.as_ptr().add(offset) };
        // SAFETY: both ranges are valid for the length and cannot overlap, since `bytes` is borrowed exclusively.
        unsafe { std::ptr::copy_nonoverlapping(source, bytes.as_mut_ptr(), bytes.len()) }
    }

    /// Copies bytes in; the caller knows that the other side does not touch them now.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(self.holds(offset, bytes.len()), "the bytes at {offset} are outside the mapping");
        // SAFETY: within the mapping (asserted).
        let target = unsafe { self.raw.as_mut_ptr().add(offset) };
        // SAFETY: both ranges are valid for the length and cannot overlap: nobody holds a slice of a board's mapping.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) }
    }

    /// The bytes of a range; the caller knows that nobody writes them while the slice lives.
    pub(crate) fn slice(&self, range: Range<usize>) -> &[u8] {
        assert!(range.start <= range.end && range.end <= self.len(), "{range:?} is outside the mapping");
        // SAFETY: within the mapping (asserted).
        let start = unsafe { self.raw.as_ptr().add(range.start) };
        // SAFETY: valid for the length; a segment is written by its owner only, and only while it is not lent.
        unsafe { std::slice::from_raw_parts(start, range.len()) }
    }

    /// The bytes of a range, to write; the caller knows that the other side does not touch them while the slice lives.
    pub(crate) fn slice_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        assert!(range.start <= range.end && range.end <= self.len(), "{range:?} is outside the mapping");
        // SAFETY: within the mapping (asserted).
        let start = unsafe { self.raw.as_mut_ptr().add(range.start) };
        // SAFETY: valid for the length; borrowed exclusively here, and not lent to the other side.
        unsafe { std::slice::from_raw_parts_mut(start, range.len()) }
    }
}

/// Atomic words of a mapping, which they keep.
#[derive(Clone)]
pub(crate) struct Words {
    first: *const AtomicU64,
    count: usize,
    _mapping: Arc<Mapping>,
}

impl Words {
    /// The `count` words from `offset` on, a multiple of 8; they must lie within the mapping.
    pub(crate) fn new(mapping: &Arc<Mapping>, offset: usize, count: usize) -> Self {
        let bytes = count.checked_mul(8).expect("what lies in memory has a length");
        let end = offset.checked_add(bytes).expect("what lies in memory has an end");
        assert!(
            offset.is_multiple_of(8) && end <= mapping.len(),
            "the words at {offset} are outside the mapping"
        );
        // SAFETY: within the mapping (asserted), or one past its end where there are no words.
        let first = unsafe { mapping.raw.as_mut_ptr().add(offset) };
        Self { first: first.cast_const().cast(), count, _mapping: Arc::clone(mapping) }
    }
}

impl std::ops::Deref for Words {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: checked by `new`, aligned to 8 as pages and the offset are; the mapping lives as long as `self`, and
        // every access to these words, on either side, is atomic.
        unsafe { std::slice::from_raw_parts(self.first, self.count) }
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({})", self.count)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn two_mappings_of_one_file_share_its_bytes() -> io::Result<()> {
        let (mut one, fd) = Mapping::create(8192)?;
        let two = Mapping::open(std::process::id(), fd.as_raw_fd(), 8192)?;
        one.slice_mut(100..104).copy_from_slice(b"here");
        let mut copy = [0; 4];
        two.read(100, &mut copy);
        assert_eq!(&copy, b"here");
        two.word(8).store(7, Ordering::Release);
        assert_eq!(one.word(8).load(Ordering::Acquire), 7);
        assert!(Mapping::open(std::process::id(), fd.as_raw_fd(), 8193).is_err());
        Ok(())
    }

    #[test]
    fn words_keep_their_mapping() -> io::Result<()> {
        let (mapping, fd) = Mapping::create(4096)?;
        let other = Mapping::open(std::process::id(), fd.as_raw_fd(), 4096)?;
        let words = Words::new(&Arc::new(mapping), 64, 8);
        words[1].store(9, Ordering::Release);
        assert_eq!((words.len(), other.word(72).load(Ordering::Acquire)), (8, 9));
        Ok(())
    }

    #[test]
    #[should_panic(expected = "outside the mapping")]
    fn no_words_lie_outside() {
        let (mapping, _fd) = Mapping::create(4096).expect("a page of memory");
        let _ = Words::new(&Arc::new(mapping), 4088, 2);
    }

    #[test]
    #[should_panic(expected = "outside the mapping")]
    fn nothing_outside_is_reached() {
        let (mapping, _fd) = Mapping::create(4096).expect("a page of memory");
        mapping.slice(4000..4097);
    }

    #[test]
    #[should_panic(expected = "outside the mapping")]
    fn no_offset_wraps_round() {
        let (mapping, _fd) = Mapping::create(4096).expect("a page of memory");
        mapping.word(usize::MAX - 7);
    }

    #[test]
    #[should_panic(expected = "outside the mapping")]
    fn no_copy_wraps_round() {
        let (mapping, _fd) = Mapping::create(4096).expect("a page of memory");
        mapping.write(usize::MAX - 3, &[0; 8]);
    }
}
