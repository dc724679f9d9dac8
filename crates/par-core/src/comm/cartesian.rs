//! Ranks in a grid.

use super::{CommError, Communicator, Neighbourhood, Rank, Topology};

/// A communicator whose ranks are the points of a grid, row by row.
///
/// Its neighbourhood, of which [`Topology`] has the collectives, is the negative and the positive side of each
/// dimension, in this order.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, compute_dims};
/// use par_core::testing::ModelWorld;
///
/// ModelWorld::new(6).run_fn(|world| {
///     let dims = compute_dims(world.size(), &[0, 0])?;
///     let torus = world.cartesian(&dims, &[true, true], true)?.expect("every rank has a point");
///     let (west, east) = torus.shift(1, 1)?;
///     assert_eq!(west, east, "a row of two points that wraps around");
///     let row = torus.sub(&[false, true])?;
///     assert_eq!((row.dims(), row.comm().size()), (&[2][..], 2));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cartesian<C> {
    comm: C,
    dims: Vec<usize>,
    periods: Vec<bool>,
    around: Neighbourhood,
}

impl<C: Communicator> Cartesian<C> {
    /// The grid on the first ranks of `comm`; the ranks that it has no room for get `None`. A collective.
    #[track_caller]
    pub(super) fn of_first_ranks(
        comm: &C,
        dims: &[usize],
        periods: &[bool],
    ) -> Result<Option<Self>, CommError> {
        CommError::unless_length("the list of periods", periods.len(), dims.len())?;
        let (points, size) = (points(dims)?, comm.size());
        if points == 0 || points > size {
            let reason = format!("a grid of {dims:?} has {points} points, for {size} ranks");
            return Err(CommError::Invalid(reason));
        }
        let color = (comm.rank() < points).then_some(0);
        comm.split(color, 0)?.map(|comm| Self::new(comm, dims, periods)).transpose()
    }

    /// The grid of `dims` points, on a communicator that has exactly as many ranks.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when the numbers do not fit.
    pub fn new(comm: C, dims: &[usize], periods: &[bool]) -> Result<Self, CommError> {
        CommError::unless_length("the list of periods", periods.len(), dims.len())?;
        CommError::unless_length("the grid", points(dims)?, comm.size())?;
        let around = Neighbourhood::of_grid(Vec::new());
        let mut grid = Self { comm, dims: dims.to_vec(), periods: periods.to_vec(), around };
        let mut neighbours = Vec::with_capacity(2 * dims.len());
        for dimension in 0..dims.len() {
            let (negative, positive) = grid.shift(dimension, 1)?;
            neighbours.extend([negative, positive]);
        }
        grid.around = Neighbourhood::of_grid(neighbours);
        Ok(grid)
    }

    /// The communicator of the grid; ranks may differ from those of the one that it was made from.
    pub const fn comm(&self) -> &C {
        &self.comm
    }

    /// How many points there are along each dimension.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Which dimensions wrap around.
    pub fn periods(&self) -> &[bool] {
        &self.periods
    }

    /// The neighbours, negative and positive side of each dimension in turn; `None` is beyond the edge.
    pub fn neighbours(&self) -> &[Option<Rank>] {
        self.around.sources()
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
        // As a step around the dimension, or one that leaves it: a sum of coordinates cannot overflow.
        let dim = self.dims[dimension].cast_signed();
        let step = if self.periods[dimension] { displacement % dim } else { displacement.clamp(-dim, dim) };
        let at = |by: isize| {
            let mut there = here.clone();
            there[dimension] += by;
            self.rank_at(&there)
        };
        Ok((at(-step)?, at(step)?))
    }

    /// The grids that are left when only the dimensions that `remain` are kept: this rank's row, plane, …
    ///
    /// A collective.
    ///
    /// # Errors
    /// [`CommError::WrongLength`] when `remain` has not one entry per dimension, [`CommError::RankLost`].
    ///
    /// # Panics
    /// Never: a rank with a color is in a communicator.
    ///
    /// # Blocking
    /// Until every rank has called it.
    #[track_caller]
    pub fn sub(&self, remain: &[bool]) -> Result<Self, CommError> {
        CommError::unless_length("the list of dimensions that remain", remain.len(), self.dims.len())?;
        let coords = self.coords(self.comm.rank())?;
        let (mut color, mut key) = (0, 0);
        let (mut dims, mut periods) = (Vec::new(), Vec::new());
        for dimension in 0..self.dims.len() {
            let number = if remain[dimension] { &mut key } else { &mut color };
            *number = *number * self.dims[dimension] + coords[dimension];
            if remain[dimension] {
                dims.push(self.dims[dimension]);
                periods.push(self.periods[dimension]);
            }
        }
        let comm = self.comm.split(Some(color as u32), key as i64)?;
        Self::new(comm.expect("a rank with a color is in a communicator"), &dims, &periods)
    }
}

impl<C: Communicator> Topology for Cartesian<C> {
    type Comm = C;

    fn comm(&self) -> &C {
        &self.comm
    }

    fn neighbourhood(&self) -> &Neighbourhood {
        &self.around
    }
}

/// How many points a grid has.
pub(super) fn points(dims: &[usize]) -> Result<usize, CommError> {
    dims.iter()
        .try_fold(1_usize, |points, dim| points.checked_mul(*dim))
        .ok_or_else(|| CommError::Invalid(format!("a grid of {dims:?} has more points than can be counted")))
}

/// Divides `ranks` over `dims` dimensions as evenly as can be, greatest first; dimensions that are not 0 stay.
///
/// Of all ways, the one whose greatest number is least; of these the one whose second is, and so on. (What MPI's
/// `Dims_create` promises is "as close to each other as possible"; for two dimensions that is the same.)
///
/// # Errors
/// [`CommError::Invalid`] when what is given does not divide `ranks`.
///
/// # Examples
/// ```
/// use par_core::comm::compute_dims;
///
/// assert_eq!(compute_dims(12, &[0, 0])?, [4, 3]);
/// assert_eq!(compute_dims(24, &[0, 0, 0])?, [4, 3, 2]);
/// assert_eq!(compute_dims(6, &[0, 3, 0])?, [2, 3, 1]);
/// # Ok::<(), par_core::comm::CommError>(())
/// ```
pub fn compute_dims(ranks: usize, dims: &[usize]) -> Result<Vec<usize>, CommError> {
    let impossible = || CommError::Invalid(format!("{ranks} ranks do not divide into a grid of {dims:?}"));
    let given: Vec<usize> = dims.iter().copied().filter(|dim| *dim != 0).collect();
    let (given, free) = (points(&given)?, dims.len() - given.len());
    if ranks == 0 || !ranks.is_multiple_of(given) {
        return Err(impossible());
    }
    let mut found = balanced(ranks / given, free, usize::MAX).ok_or_else(impossible)?.into_iter();
    Ok(dims.iter().map(|&dim| if dim == 0 { found.next().unwrap_or(1) } else { dim }).collect())
}

/// `count` factors of `number`, none above `most`, the first one the least that is possible, and so on.
fn balanced(number: usize, count: usize, most: usize) -> Option<Vec<usize>> {
    if count <= 1 {
        return match (count, number) {
            (0, 1) => Some(Vec::new()),
            (1, last) if last <= most => Some(vec![last]),
            _ => None,
        };
    }
    let mut divisors: Vec<usize> = (1..=number.isqrt()).filter(|low| number.is_multiple_of(*low)).collect();
    let above: Vec<usize> = divisors.iter().rev().map(|low| number / low).collect();
    divisors.extend(above);
    // The greatest factor is at least the root, and no other one is greater.
    let enough = |first: &usize| first.checked_pow(count as u32).is_none_or(|power| power >= number);
    divisors.into_iter().filter(|first| enough(first) && *first <= most).find_map(|first| {
        let mut rest = balanced(number / first, count - 1, first)?;
        rest.insert(0, first);
        Some(rest)
    })
}
