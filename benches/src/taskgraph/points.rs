//! A small set of points.

use std::ops::Range;

/// A set of points, in ascending order: up to three ranges, without any allocation, since it is made once per
/// task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Points {
    ranges: [Range<u32>; 3],
}

impl Points {
    /// The union of ranges, which may overlap or be empty.
    pub(super) fn union(mut ranges: [Range<u32>; 3]) -> Self {
        ranges.sort_unstable_by_key(|range| range.start);
        let mut covered = 0;
        for range in &mut ranges {
            if range.start >= range.end {
                *range = 0..0;
                continue;
            }
            range.start = range.start.max(covered);
            covered = covered.max(range.end);
            range.end = range.end.max(range.start);
        }
        Self { ranges }
    }

    /// Those points that lie in `bounds`.
    pub(super) fn within(self, bounds: &Range<u32>) -> Self {
        let clip = |range: Range<u32>| {
            let start = range.start.max(bounds.start);
            start..range.end.min(bounds.end).max(start)
        };
        Self { ranges: self.ranges.map(clip) }
    }

    /// Whether `point` is one of them.
    pub fn contains(&self, point: u32) -> bool {
        self.ranges.iter().any(|range| range.contains(&point))
    }
}

impl Iterator for Points {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.ranges.iter_mut().find_map(Iterator::next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = self.ranges.iter().map(ExactSizeIterator::len).sum();
        (length, Some(length))
    }
}

impl ExactSizeIterator for Points {}
