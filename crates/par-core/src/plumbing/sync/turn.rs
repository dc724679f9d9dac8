//! What a party gets when all have come.

/// One party's turn at a barrier: which one it was.
///
/// # Examples
/// ```
/// use par_core::plumbing::sync::BarrierTurn;
///
/// let turn = BarrierTurn::new(0, 1);
/// assert_eq!((turn.index(), turn.is_leader()), (0, true));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BarrierTurn {
    index: usize,
    parties: usize,
}

impl BarrierTurn {
    /// The turn of the party that came after so many others, at a barrier for so many parties.
    pub const fn new(index: usize, parties: usize) -> Self {
        Self { index, parties }
    }

    /// The place in the order in which the parties came: from 0, and no two in one phase have the same.
    pub const fn index(self) -> usize {
        self.index
    }

    /// Whether this party came last, which one does in every phase; it ran the action.
    pub const fn is_leader(self) -> bool {
        self.index + 1 == self.parties
    }
}
