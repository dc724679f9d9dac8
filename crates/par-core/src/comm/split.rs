//! Who is with whom in a divided communicator.

use super::{CommError, Link, Rank, collectives};

/// What a rank gets from dividing a communicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The members, by their ranks in the communicator that was divided, in the order of their new ranks.
    pub members: Vec<Rank>,
    /// The number that the new communicator is known by.
    pub context: u32,
}

/// Divides the ranks of a communicator: those of one `color`, ordered by `key` and then by rank.
///
/// `next_context` is the first number that this rank has not seen in use; all ranks agree on the greatest of theirs,
/// and every color gets two numbers from there on: one for the program's messages, the next for those of collectives.
///
/// # Errors
/// What the link says.
pub fn divide(
    link: &dyn Link,
    color: Option<u32>,
    key: i64,
    next_context: &mut u32,
) -> Result<Option<Share>, CommError> {
    let blocks = super::Blocks::packed(&vec![1; link.size()]);
    let mut all = vec![[0_i64; 3]; link.size()];
    all[link.rank()] = [color.map_or(-1, i64::from), key, i64::from(*next_context)];
    collectives::all_gather(link, &mut all, &blocks)?;

    let mut colors: Vec<i64> = all.iter().map(|[color, ..]| *color).filter(|color| *color >= 0).collect();
    colors.sort_unstable();
    colors.dedup();
    let first = all.iter().map(|[.., next]| *next).max().unwrap_or(0);
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    let too_many = || CommError::Invalid("there are too many communicators".to_owned());
    *next_context = first.checked_add(2 * colors.len() as u32).ok_or_else(too_many)?;

    let Some(color) = color else { return Ok(None) };
    let place = colors.partition_point(|other| *other < i64::from(color));
    let mut members: Vec<Rank> = (0..all.len()).filter(|rank| all[*rank][0] == i64::from(color)).collect();
    members.sort_by_key(|rank| (all[*rank][1], *rank));
    Ok(Some(Share { members, context: first + 2 * place as u32 }))
}
