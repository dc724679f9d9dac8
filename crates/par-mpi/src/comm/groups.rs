//! Communicators made of others.

use par_core::comm::{CommError, Rank};

use super::MpiComm;
use crate::native::base::int;
use crate::native::collectives as native;

impl MpiComm {
    /// The communicator of these ranks of this one, in this order; they alone call it, all with the same list
    /// (`Comm_create_group`).
    ///
    /// # Errors
    /// [`CommError::Invalid`] when this rank is not one of them or a rank is there twice,
    /// [`CommError::NoSuchRank`].
    ///
    /// # Blocking
    /// Until all of them have called it.
    ///
    /// # Panics
    /// Never: the ranks of a communicator fit C's `int`.
    pub fn of_members(&self, members: &[Rank]) -> Result<Self, CommError> {
        for rank in members {
            CommError::unless_rank(*rank, self.size)?;
        }
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) || sorted.binary_search(&self.rank).is_err() {
            return Err(CommError::Invalid(format!(
                "a group of {members:?} must have rank {}, who makes it, and each rank once",
                self.rank
            )));
        }
        let tag = self.groups.get();
        self.groups.set((tag + 1) % (1 << 14));
        let made = self.native.of_members(members, i32::from(tag))?;
        self.made(made.expect("a member of a group is in its communicator"))
    }

    /// MPI's colors and keys have 31 and 32 bits, so each rank gives their places among those of all.
    pub(super) fn split_by(&self, color: Option<u32>, key: i64) -> Result<Option<Self>, CommError> {
        let mut all = vec![[0_u64; 2]; self.size];
        all[self.rank] = [color.map_or(u64::MAX, u64::from), key.cast_unsigned()];
        native::all_gather(self.hidden(), None, &mut all, 1, self.limit)?;
        let of_color: Vec<i64> = all
            .iter()
            .filter(|[other, _]| *other == all[self.rank][0])
            .map(|[_, key]| key.cast_signed())
            .collect();
        let place = of_color.iter().filter(|other| **other < key).count();
        let first = all.iter().position(|[other, _]| *other == all[self.rank][0]);
        let color = color.and(first).map(int);
        self.native.split(color, int(place))?.map(|made| self.made(made)).transpose()
    }

    pub(super) fn split_by_memory(&self) -> Result<Self, CommError> {
        let made = self.native.split_shared()?;
        self.made(made.expect("every rank shares memory with itself at least"))
    }

    pub(super) fn grid(
        &self,
        dims: &[usize],
        periods: &[bool],
        reorder: bool,
    ) -> Result<Option<Self>, CommError> {
        let dims: Vec<_> = dims.iter().map(|dim| int(*dim)).collect();
        let periods: Vec<_> = periods.iter().map(|periodic| i32::from(*periodic)).collect();
        self.native.cartesian(&dims, &periods, reorder)?.map(|made| self.made(made)).transpose()
    }
}
