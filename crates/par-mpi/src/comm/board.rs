//! What ranks may know of one another without a message: a window of one-sided MPI.

use std::cell::RefCell;
use std::rc::Rc;

use par_core::comm::{Board, CommError, Rank};

use super::MpiComm;
use crate::native::window::Window;
use crate::world::Session;

/// One row per rank, each in the memory of its rank.
///
/// It lives until MPI ends: giving a window back needs all ranks, and some may have failed.
struct MpiBoard {
    window: Rc<RefCell<Option<Window>>>,
    rank: Rank,
    width: usize,
    /// Rows are asked for by ranks of the world.
    ranks: Vec<Option<Rank>>,
    _session: Rc<Session>,
}

impl MpiComm {
    pub(super) fn make_board(&self, width: usize) -> Result<Rc<dyn Board>, CommError> {
        let window = Window::allocate(self.hidden(), width * size_of::<u64>(), size_of::<u64>())?;
        window.lock_all()?;
        self.meet()?;
        let window = Rc::new(RefCell::new(Some(window)));
        let last = Rc::clone(&window);
        self.session.at_end(move || {
            if let Some(window) = last.take() {
                window.unlock_all().ok();
                window.free();
            }
        });
        let world = self.members.iter().max().map_or(0, |most| most + 1);
        let mut ranks = vec![None; world];
        for (rank, member) in self.members.iter().enumerate() {
            ranks[*member] = Some(rank);
        }
        Ok(Rc::new(MpiBoard { window, rank: self.rank, width, ranks, _session: Rc::clone(&self.session) }))
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

const OPEN: &str = "a board's window is open for as long as the session that the board owns a share of";

impl Board for MpiBoard {
    fn width(&self) -> usize {
        self.width
    }

    fn write(&self, offset: usize, words: &[u64]) -> Result<(), CommError> {
        self.check(offset, words.len())?;
        let window = self.window.borrow();
        window.as_ref().expect(OPEN).put(words, self.rank, offset)
    }

    fn read(&self, world_rank: Rank, offset: usize, words: &mut [u64]) -> Result<(), CommError> {
        self.check(offset, words.len())?;
        let size = self.ranks.len();
        let there = self.ranks.get(world_rank).copied().flatten();
        let rank = there.ok_or(CommError::NoSuchRank { rank: world_rank, size })?;
        let window = self.window.borrow();
        window.as_ref().expect(OPEN).get(words, rank, offset)
    }
}
