//! How a buffer is divided among ranks.

use std::ops::Range;

use super::CommError;

/// One block per rank inside a buffer: how many elements, and where.
///
/// What MPI's collectives with variable counts take as `counts` and `displs`.
///
/// # Examples
/// ```
/// use par_core::comm::Blocks;
///
/// let blocks = Blocks::packed(&[2, 0, 3]);
/// assert_eq!(blocks.range(2), 2..5);
/// assert_eq!(blocks.extent(), 5);
/// assert_eq!(Blocks::even(7, 3), Blocks::packed(&[3, 2, 2]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    counts: Vec<usize>,
    displacements: Vec<usize>,
}

impl Blocks {
    /// Blocks one after the other, without gaps.
    pub fn packed(counts: &[usize]) -> Self {
        let starts = counts.iter().scan(0, |next, count| {
            let start = *next;
            *next += count;
            Some(start)
        });
        Self { displacements: starts.collect(), counts: counts.to_vec() }
    }

    /// `total` elements over `ranks` ranks as evenly as can be: the first ones get one more.
    pub fn even(total: usize, ranks: usize) -> Self {
        let counts: Vec<usize> =
            (0..ranks).map(|rank| total / ranks + usize::from(rank < total % ranks)).collect();
        Self::packed(&counts)
    }

    /// Blocks at places of one's own; they may leave gaps, and where they are received into, must not overlap.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when there are not as many displacements as counts.
    pub fn placed(counts: &[usize], displacements: &[usize]) -> Result<Self, CommError> {
        CommError::unless_length("displacements", displacements.len(), counts.len())?;
        Ok(Self { counts: counts.to_vec(), displacements: displacements.to_vec() })
    }

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many elements each block has.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Where each block begins.
    pub fn displacements(&self) -> &[usize] {
        &self.displacements
    }

    /// Where the block of `rank` is.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn range(&self, rank: usize) -> Range<usize> {
        let start = self.displacements[rank];
        start..start.saturating_add(self.counts[rank])
    }

    /// The length of the shortest buffer that holds all blocks.
    pub fn extent(&self) -> usize {
        (0..self.len()).map(|rank| self.range(rank).end).max().unwrap_or(0)
    }

    /// Whether two blocks share an element.
    pub fn overlap(&self) -> bool {
        let mut ranges: Vec<_> = (0..self.len()).map(|rank| self.range(rank)).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        ranges.windows(2).any(|pair| pair[0].end > pair[1].start)
    }
}
