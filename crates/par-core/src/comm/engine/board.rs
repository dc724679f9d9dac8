//! A board in words that all ranks share.

use std::ops::Deref;

use super::transport::{Transport, Word};
use crate::comm::{Board, CommError, Rank};
use crate::sync::Ordering;

/// See [`Board`].
pub(super) struct WordBoard<W> {
    words: W,
    rank: Rank,
    width: usize,
    /// Rows begin on cache lines of their own.
    stride: usize,
}

impl<W: Deref<Target = [Word]>> WordBoard<W> {
    pub(super) fn new<T: Transport<Words = W>>(
        transport: &T,
        key: u64,
        width: usize,
    ) -> Result<Self, CommError> {
        let stride = width.next_multiple_of(8);
        let words = transport.shared_words(key, stride * transport.ranks())?;
        Ok(Self { words, rank: transport.rank(), width, stride })
    }

    fn row(&self, rank: Rank, offset: usize, words: usize) -> Result<&[Word], CommError> {
        let end = offset.saturating_add(words);
        if end > self.width || rank >= self.words.len() / self.stride.max(1) {
            return Err(CommError::Invalid(format!(
                "words {offset} to {end} of row {rank} are not on a board with rows of {}",
                self.width
            )));
        }
        let start = rank * self.stride + offset;
        Ok(&self.words[start..start + words])
    }
}

impl<W: Deref<Target = [Word]>> Board for WordBoard<W> {
    fn width(&self) -> usize {
        self.width
    }

    fn write(&self, offset: usize, words: &[u64]) -> Result<(), CommError> {
        for (place, word) in self.row(self.rank, offset, words.len())?.iter().zip(words) {
            place.store(*word, Ordering::Release);
        }
        Ok(())
    }

    fn read(&self, world_rank: Rank, offset: usize, words: &mut [u64]) -> Result<(), CommError> {
        let row = self.row(world_rank, offset, words.len())?;
        for (word, place) in words.iter_mut().zip(row) {
            *word = place.load(Ordering::Acquire);
        }
        Ok(())
    }
}
