//! Sets of ranks, without messages.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::{CommError, Rank};

/// Ranks of the world in an order of their own: from groups, communicators are made.
///
/// Nothing here sends a message; every rank that works out the same group has the same.
///
/// # Examples
/// ```
/// use par_core::comm::Group;
///
/// let all = Group::new(&[0, 1, 2, 3, 4, 5])?;
/// let even = all.range_incl(&[(0, 5, 2)])?;
/// assert_eq!(even.members(), [0, 2, 4]);
/// assert_eq!(all.difference(&even).members(), [1, 3, 5]);
/// assert_eq!(even.translate_ranks(&[1, 2], &all)?, [Some(2), Some(4)]);
/// # Ok::<(), par_core::comm::CommError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Group {
    members: Vec<Rank>,
}

/// How alike two groups, or the ranks of two communicators, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Likeness {
    /// The same members in the same order.
    Identical,
    /// The same members in another order.
    Similar,
    /// Other members.
    Unequal,
}

impl Group {
    /// The group of these ranks of the world.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when a rank is named twice.
    pub fn new(members: &[Rank]) -> Result<Self, CommError> {
        let mut sorted = members.to_vec();
        sorted.sort_unstable();
        if let Some([rank, _]) = sorted.array_windows().find(|[rank, next]| rank == next) {
            return Err(CommError::Invalid(format!("rank {rank} is twice in a group")));
        }
        Ok(Self { members: members.to_vec() })
    }

    /// The members' ranks in the world, in the order of their ranks in the group.
    pub fn members(&self) -> &[Rank] {
        &self.members
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The rank in this group of a rank of the world.
    pub fn rank_of(&self, world_rank: Rank) -> Option<Rank> {
        self.members.iter().position(|member| *member == world_rank)
    }

    /// The members of these ranks, in this order.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] when a rank is named twice.
    pub fn incl(&self, ranks: &[Rank]) -> Result<Self, CommError> {
        let members: Result<Vec<Rank>, _> = ranks.iter().map(|rank| self.member(*rank)).collect();
        Self::new(&members?)
    }

    /// The members but those of these ranks, in their order.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] when a rank is named twice.
    pub fn excl(&self, ranks: &[Rank]) -> Result<Self, CommError> {
        Ok(self.difference(&self.incl(ranks)?))
    }

    /// The members whose ranks are in these ranges of first, last and stride; the last one counts, where it is hit.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] when a stride is 0 or a rank is named twice.
    pub fn range_incl(&self, ranges: &[(Rank, Rank, isize)]) -> Result<Self, CommError> {
        self.incl(&ranks_of(ranges)?)
    }

    /// The members but those whose ranks are in these ranges; see [`range_incl`](Self::range_incl).
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`], [`CommError::Invalid`] when a stride is 0 or a rank is named twice.
    pub fn range_excl(&self, ranges: &[(Rank, Rank, isize)]) -> Result<Self, CommError> {
        self.excl(&ranks_of(ranges)?)
    }

    /// All members of this group, then those of the other that are not in this.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let more = other.difference(self).members;
        Self { members: self.members.iter().copied().chain(more).collect() }
    }

    /// The members that are in both, in the order of this one.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let ranks = other.places();
        self.filtered(|member| ranks.contains_key(&member))
    }

    /// The members that are not in the other, in the order of this one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let ranks = other.places();
        self.filtered(|member| !ranks.contains_key(&member))
    }

    /// The ranks that members of these ranks have in another group; `None` where they are not in it.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub fn translate_ranks(&self, ranks: &[Rank], other: &Self) -> Result<Vec<Option<Rank>>, CommError> {
        let places = other.places();
        ranks.iter().map(|rank| Ok(places.get(&self.member(*rank)?).copied())).collect()
    }

    /// How alike two groups are.
    pub fn compare(&self, other: &Self) -> Likeness {
        if self == other {
            return Likeness::Identical;
        }
        let same = self.len() == other.len() && self.difference(other).is_empty();
        if same { Likeness::Similar } else { Likeness::Unequal }
    }

    fn member(&self, rank: Rank) -> Result<Rank, CommError> {
        self.members.get(rank).copied().ok_or(CommError::NoSuchRank { rank, size: self.len() })
    }

    fn filtered(&self, stays: impl Fn(Rank) -> bool) -> Self {
        Self { members: self.members.iter().copied().filter(|member| stays(*member)).collect() }
    }

    fn places(&self) -> HashMap<Rank, Rank> {
        self.members.iter().copied().enumerate().map(|(rank, member)| (member, rank)).collect()
    }
}

fn ranks_of(ranges: &[(Rank, Rank, isize)]) -> Result<Vec<Rank>, CommError> {
    let mut ranks = Vec::new();
    for &(first, last, stride) in ranges {
        let steps = stride.unsigned_abs();
        match stride.cmp(&0) {
            Ordering::Equal => {
                return Err(CommError::Invalid(format!("a range from {first} to {last} in steps of 0")));
            }
            Ordering::Greater if first <= last => ranks.extend((first..=last).step_by(steps)),
            Ordering::Less if last <= first => ranks.extend((last..=first).rev().step_by(steps)),
            _ => {}
        }
    }
    Ok(ranks)
}
