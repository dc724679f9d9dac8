//! Ranks in a grid.

use super::{CommError, Communicator, Rank};

/// A communicator whose ranks are the points of a grid, row by row.
#[derive(Debug)]
pub struct Cartesian<C> {
    comm: C,
    dims: Vec<usize>,
    periods: Vec<bool>,
}

impl<C: Communicator> Cartesian<C> {
    /// The grid of `dims` points, on a communicator that has exactly as many ranks.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the numbers do not fit.
    pub fn new(comm: C, dims: &[usize], periods: &[bool]) -> Result<Self, CommError> {
        CommError::unless_length("the list of periods", periods.len(), dims.len())?;
        CommError::unless_length("the grid", dims.iter().product(), comm.size())?;
        Ok(Self { comm, dims: dims.to_vec(), periods: periods.to_vec() })
    }

    /// The communicator of the grid; ranks may differ from those of the one that it was made from.
    pub const fn comm(&self) -> &C {
        &self.comm
    }

    /// How many points there are along each dimension.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Where `rank` is.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub fn coords(&self, rank: Rank) -> Result<Vec<usize>, CommError> {
        CommError::unless_rank(rank, self.comm.size())?;
        let mut rest = rank;
        let mut coords: Vec<usize> = self
            .dims
            .iter()
            .rev()
            .map(|dim| {
                let coord = rest % dim;
                rest /= dim;
                coord
            })
            .collect();
        coords.reverse();
        Ok(coords)
    }

    /// Who is at `coords`; along periodic dimensions they wrap around, elsewhere `None` is beyond the edge.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when there are not as many coordinates as dimensions.
    pub fn rank_at(&self, coords: &[isize]) -> Result<Option<Rank>, CommError> {
        CommError::unless_length("the list of coordinates", coords.len(), self.dims.len())?;
        let mut rank = 0;
        for ((&coord, &dim), &periodic) in coords.iter().zip(&self.dims).zip(&self.periods) {
            let wrapped = coord.rem_euclid(dim.cast_signed());
            if wrapped != coord && !periodic {
                return Ok(None);
            }
            rank = rank * dim + wrapped.cast_unsigned();
        }
        Ok(Some(rank))
    }

    /// The neighbours `displacement` steps away along a dimension: where a shift comes from, and where it goes.
    ///
    /// # Errors
    /// [`CommError::Invalid`] when there is no such dimension.
    pub fn shift(
        &self,
        dimension: usize,
        displacement: isize,
    ) -> Result<(Option<Rank>, Option<Rank>), CommError> {
        if dimension >= self.dims.len() {
            return Err(CommError::Invalid(format!(
                "there is no dimension {dimension} in a grid of {}",
                self.dims.len()
            )));
        }
        let here: Vec<isize> = self.coords(self.comm.rank())?.into_iter().map(usize::cast_signed).collect();
        let at = |by: isize| {
            let mut there = here.clone();
            there[dimension] += by;
            self.rank_at(&there)
        };
        Ok((at(-displacement)?, at(displacement)?))
    }
}

/// Divides `ranks` over `dims` dimensions as evenly as can be, greatest first; dimensions that are not 0 stay.
///
/// # Errors
/// [`CommError::Invalid`] when what is given does not divide `ranks`.
pub fn compute_dims(ranks: usize, dims: &[usize]) -> Result<Vec<usize>, CommError> {
    let given: usize = dims.iter().filter(|dim| **dim != 0).product();
    let free = dims.iter().filter(|dim| **dim == 0).count();
    if ranks == 0 || given == 0 || !ranks.is_multiple_of(given) || (free == 0 && ranks != given) {
        return Err(CommError::Invalid(format!("{ranks} ranks do not divide into a grid of {dims:?}")));
    }
    let mut found = vec![1; free];
    let mut factors = Vec::new();
    let (mut rest, mut prime) = (ranks / given, 2);
    while rest > 1 {
        while rest.is_multiple_of(prime) {
            factors.push(prime);
            rest /= prime;
        }
        prime += 1;
    }
    for factor in factors.into_iter().rev() {
        if let Some(least) = found.iter_mut().min() {
            *least *= factor;
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    let mut found = found.into_iter();
    Ok(dims.iter().map(|&dim| if dim == 0 { found.next().unwrap_or(1) } else { dim }).collect())
}
