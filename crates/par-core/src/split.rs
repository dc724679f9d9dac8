//! Even splitting of ranges.

use std::num::NonZeroUsize;
use std::ops::Range;

/// Cuts a range of indices into at most `parts` contiguous, non-empty ranges, in order, whose lengths differ by
/// at most one; the longer ones come first.
///
/// An empty range yields no chunk at all.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// let parts = NonZeroUsize::new(3).ok_or("zero")?;
/// assert_eq!(par_core::split(0..10, parts), [0..4, 4..7, 7..10]);
/// assert_eq!(par_core::split(0..2, parts), [0..1, 1..2]);
/// assert!(par_core::split(5..5, parts).is_empty());
/// # Ok::<(), &str>(())
/// ```
pub fn split(range: Range<u64>, parts: NonZeroUsize) -> Vec<Range<u64>> {
    let length = range.end.saturating_sub(range.start);
    let parts = (parts.get() as u64).min(length);
    let mut start = range.start;
    (0..parts)
        .map(|index| {
            let end = start + length / parts + u64::from(index < length % parts);
            let chunk = start..end;
            start = end;
            chunk
        })
        .collect()
}
