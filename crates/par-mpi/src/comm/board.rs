//! What ranks may know of one another without a message: a window of one-sided MPI.

use std::rc::Rc;

use par_core::comm::{Board, CommError, Rank};

use super::MpiComm;
use crate::window::Memory;

/// One row per rank, each in the memory of its rank.
///
struct MpiBoard {
    memory: Memory,
    rank: Rank,
    width: usize,
    /// Rows are asked for by ranks of the world.
    ranks: Vec<Option<Rank>>,
}

impl MpiComm {
    pub(super) fn make_board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        let memory = Memory::allocate(self, width * size_of::<u64>(), size_of::<u64>())?;
        memory.with(crate::native::window::Window::lock_all)?;
        self.meet()?;
        let world = self.members.iter().max().map_or(0, |most| most + 1);
        let mut ranks = vec![None; world];
        for (rank, member) in self.members.iter().enumerate() {
            ranks[*member] = Some(rank);
        }
        Ok(Rc::new(MpiBoard { memory, rank: self.rank, width, ranks }))
    }
}

impl MpiBoard {
    fn check(&self, offset: usize, words: usize) -> Result<(), CommError> {
        if offset.checked_add(words).is_some_and(|end| end <= self.width) {
            return Ok(());
        }
        Err(CommError::Invalid(format!(
            "{words} words from {offset} on do not fit a board of rows of {}",
            self.width
        )))
    }
}

impl Board for MpiBoard {
    fn width(&self) -> usize {
        self.width
    }

    fn write(&self, offset: usize, words: &[u64]) -> Result<(), CommError> {
        self.check(offset, words.len())?;
        self.memory.with(|window| window.put(words, self.rank, offset))
    }

    fn read(&self, world_rank: Rank, offset: usize, words: &mut [u64]) -> Result<(), CommError> {
        self.check(offset, words.len())?;
        let size = self.ranks.len();
        let there = self.ranks.get(world_rank).copied().flatten();
        let rank = there.ok_or(CommError::NoSuchRank { rank: world_rank, size })?;
        self.memory.with(|window| window.get(words, rank, offset))
    }
}
