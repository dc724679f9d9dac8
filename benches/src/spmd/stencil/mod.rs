//! `stencil`: a star of radius 2 over a matrix, with halo exchange.

mod examine;
mod kernel;
mod serial;

use par_core::comm::{CommError, Communicator, Spmd};
use par_core::{Cost, Mismatch};
use serde::{Deserialize, Serialize};

use super::field::Field;
use super::halo::Halo;
use super::watch::Watch;
use super::{Patch, Ranked, SerialTime, SpmdWorkload};

/// How far the star reaches.
const RADIUS: usize = 2;
/// Its weights at distance 1 and 2, 1/(2·d·R): it differentiates along both axes.
const WEIGHTS: [f64; RADIUS] = [0.25, 0.125];
/// What PRK allows for the norm.
const TOLERANCE: f64 = 1e-8;

/// The star stencil of the Parallel Research Kernels (PRK): out += W·in, in += 1, I + 1 times over, where at first
/// in\[i\]\[j\] = i + j and out = 0.
///
/// The regime is neighbours: each rank has a patch of a Cartesian grid of ranks, and computes what needs no neighbour
/// while the edges, two elements deep, are on their way. Only points at least two from the edge are active.
/// Every element is computed by the same operations in the same order whoever has it, so the answer has the same bits
/// for any number of ranks.
///
/// It is checked against PRK's closed formula: the L1 norm of out per active point is 2(I+1), to 1e-8; and so is every
/// active element by itself, while the others are 0, and every element of in is i + j + I + 1.
///
/// Operations count floating-point operations as PRK does, 2·(4R+1) for each active point and 1 for each point, per
/// iteration; bytes are one read and one write of in and of out.
///
/// # Examples
/// ```
/// use par_benches::spmd::{SpmdWorkload, Stencil};
/// use par_core::testing::ModelWorld;
/// let stencil = Stencil::new(30, 4)?;
/// let parts: Vec<_> = ModelWorld::new(4).run(&stencil)?.into_iter().map(|rank| rank.part).collect();
/// stencil.verify(&parts)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stencil {
    n: u32,
    iterations: u32,
}

/// Why there is no such stencil.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StencilError {
    /// No active point, or more points than an ordinary memory has room for.
    #[error("a {0}×{0} matrix is not possible; choose an order from 5 to 32768")]
    Order(u32),
    /// The sums would no longer be small against 2^53.
    #[error("{0} iterations are not possible; choose at most 1000000")]
    Iterations(u32),
}

/// What a rank finds in its patch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StencilPart {
    /// Which patch.
    pub patch: Patch,
    /// Σ|out| over the active points; NaN where there is one.
    pub norm: f64,
    /// How many points are active.
    pub active: u64,
    /// The greatest distance of an element of out or in from what it must be; NaN where there is one.
    pub worst: f64,
    /// A number that depends on every bit of out and its place; those of all ranks add up.
    pub digest: u64,
}

impl Stencil {
    /// The size for tests: 200², one warm-up and nine iterations.
    pub const fn test() -> Self {
        Self { n: 200, iterations: 9 }
    }

    /// The size for a first look: 1000², one warm-up and 19 iterations.
    pub const fn quick() -> Self {
        Self { n: 1000, iterations: 19 }
    }

    /// The size for measurements: 4000², one warm-up and 29 iterations.
    pub const fn bench() -> Self {
        Self { n: 4000, iterations: 29 }
    }

    /// An `n`×`n` matrix, one iteration to warm up and `iterations` more; all of them count.
    ///
    /// # Errors
    /// [`StencilError::Order`] unless `n` is in 5..=32768, [`StencilError::Iterations`] above a million.
    pub const fn new(n: u32, iterations: u32) -> Result<Self, StencilError> {
        if n < 5 || n > 32_768 {
            return Err(StencilError::Order(n));
        }
        if iterations > 1_000_000 {
            return Err(StencilError::Iterations(iterations));
        }
        Ok(Self { n, iterations })
    }

    const fn side(&self) -> usize {
        self.n as usize
    }

    /// The rows, or the columns, of active points.
    const fn active(&self) -> std::ops::Range<usize> {
        RADIUS..self.side() - RADIUS
    }

    fn active_points(&self) -> u64 {
        (self.active().len() as u64).pow(2)
    }

    /// What every active element must be.
    fn expected(&self) -> f64 {
        2.0 * (f64::from(self.iterations) + 1.0)
    }
}

impl Spmd for Stencil {
    const NAME: &'static str = "stencil";
    type Output = Ranked<StencilPart>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let mut watch = Watch::start(world)?;
        let mut halo = Halo::divide(world, self.side(), RADIUS)?;
        let patch = halo.patch().clone();
        let (mut input, mut out) = watch.setup(|| {
            let input = Field::new(&patch, RADIUS, |row, col| (row + col) as f64);
            (input, Field::new(&patch, 0, |_, _| 0.0))
        });
        let regions = kernel::Regions::of(&patch, &self.active());
        for _ in 0..=self.iterations {
            let exchange = watch.transfer(|| halo.begin(&input))?;
            watch.compute(|| regions.inner(&input, &mut out));
            watch.transfer(|| exchange.finish(&mut input))?;
            watch.compute(|| {
                regions.outer(&input, &mut out);
                kernel::increment(&mut input);
            });
        }
        watch.stop();
        for (to, messages, bytes) in halo.sent() {
            watch.sent(to, messages, bytes);
        }
        let start = patch.rows.start;
        let part = self.examine(&patch, |row| (out.row(row - start), input.row(row - start)));
        Ok(watch.yields(part))
    }
}

impl SpmdWorkload for Stencil {
    type Part = StencilPart;

    fn checked_against(&self) -> &'static str {
        "PRK stencil norm, every element"
    }

    fn cost(&self) -> Cost {
        let (iterations, points) = (u64::from(self.iterations) + 1, u64::from(self.n).pow(2));
        let flops = 2 * (4 * RADIUS as u64 + 1) * self.active_points() + points;
        Cost::operations(iterations * flops).with_bytes(iterations * 32 * points)
    }

    fn verify(&self, parts: &[StencilPart]) -> Result<(), Mismatch> {
        Patch::unless_tiled(self.side(), parts.iter().map(|part| &part.patch))?;
        let active: u64 = parts.iter().map(|part| part.active).sum();
        Mismatch::unless_equal("number of active points", &active, &self.active_points())?;
        let norm: f64 = parts.iter().map(|part| part.norm).sum();
        Mismatch::unless_close("L1 norm per active point", norm / active as f64, self.expected(), TOLERANCE)?;
        for StencilPart { patch, worst, .. } in parts {
            // Written so that a NaN fails.
            Mismatch::unless(
                *worst <= TOLERANCE,
                "distance of an element from the formula",
                format_args!("{worst:e} in rows {:?}, columns {:?}", patch.rows, patch.cols),
                format_args!("at most {TOLERANCE:e}"),
            )?;
        }
        Ok(())
    }

    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>> {
        let ((out, input), time) = SerialTime::of(|| serial::solve(self));
        let n = self.side();
        let part = self.examine(&Patch::square(n), |row| (&out[row * n..][..n], &input[row * n..][..n]));
        Some(self.verify(&[part]).map(|()| time))
    }
}
