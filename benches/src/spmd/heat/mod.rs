//! `heat`: diffusion of heat in a square plate, with halo exchange.

mod examine;
mod kernel;
mod serial;

use par_core::comm::{CommError, Communicator, Spmd};
use par_core::{Cost, Mismatch};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

use super::field::Field;
use super::halo::Halo;
use super::watch::Watch;
use super::{Patch, Ranked, SerialTime, SpmdWorkload};

/// Half waves along rows and columns: different ones, so that an exchange of the axes shows.
const MODES: [f64; 2] = [1.0, 2.0];
/// κ·Δt/h². The scheme is stable, and obeys a maximum principle, up to one quarter.
const MESH_RATIO: f64 = 0.2;

/// `u_t = u_xx + u_yy` on the unit square with a cold edge, from sin(πx)·sin(2πy), by the explicit five-point scheme
/// (forward in time, centred in space) on n×n inner points, h = 1/(n+1), Δt = h²/5.
///
/// The regime is neighbours: each rank has a patch of a Cartesian grid of ranks and exchanges edges before every step.
/// Every element is computed by the same operations in the same order whoever has it, so the answer has the same bits
/// for any number of ranks.
///
/// It is checked twice. A product of sines is an eigenvector of the scheme, so after k steps every element must be
/// λᵏ times what it was, to rounding: this finds a lost, old or misplaced element. And it must be near the solution of
/// the differential equation, e^(−5π²t)·sin(πx)·sin(2πy), within the bound `t·(Δt/2·max|u_tt| + h²/12·(max|u_xxxx| +
/// max|u_yyyy|))` that the maximum principle gives (Morton and Mayers, *Numerical Solution of Partial Differential
/// Equations*, 2nd ed., section 2.6 and 3.1): the error falls with the square of h.
///
/// Operations count updates of an element; bytes are one read and one write of each per step.
///
/// # Examples
/// ```
/// use par_benches::spmd::{Heat, SpmdWorkload};
/// use par_core::testing::ModelWorld;
/// let heat = Heat::new(30, 20)?;
/// let parts: Vec<_> = ModelWorld::new(3).run(&heat)?.into_iter().map(|rank| rank.part).collect();
/// heat.verify(&parts)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat {
    n: u32,
    steps: u32,
}

/// Why there is no such plate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeatError {
    /// No points, or more than an ordinary memory has room for.
    #[error("{0}×{0} points are not possible; choose from 1 to 32768 along each side")]
    Points(u32),
}

/// What a rank finds in its patch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeatPart {
    /// Which patch.
    pub patch: Patch,
    /// The greatest distance from what the scheme must give; NaN where there is one.
    pub off_scheme: f64,
    /// The greatest distance from the solution of the differential equation; NaN where there is one.
    pub off_solution: f64,
    /// A number that depends on every bit and its place; those of all ranks add up.
    pub digest: u64,
}

impl Heat {
    /// The size for tests: 64² points, 50 steps.
    pub const fn test() -> Self {
        Self { n: 64, steps: 50 }
    }

    /// The size for a first look: 1000² points, 100 steps.
    pub const fn quick() -> Self {
        Self { n: 1000, steps: 100 }
    }

    /// The size for measurements: 4000² points, 100 steps.
    pub const fn bench() -> Self {
        Self { n: 4000, steps: 100 }
    }

    /// `n`×`n` inner points, `steps` steps.
    ///
    /// # Errors
    /// [`HeatError::Points`] unless `n` is in 1..=32768.
    pub const fn new(n: u32, steps: u32) -> Result<Self, HeatError> {
        if n == 0 || n > 32_768 {
            return Err(HeatError::Points(n));
        }
        Ok(Self { n, steps })
    }

    const fn side(&self) -> usize {
        self.n as usize
    }

    fn spacing(&self) -> f64 {
        1.0 / (f64::from(self.n) + 1.0)
    }

    /// The time that the steps make up.
    fn time(&self) -> f64 {
        f64::from(self.steps) * MESH_RATIO * self.spacing().powi(2)
    }

    /// sin(mode·π·x) at the point with that index.
    fn sine(&self, mode: f64, index: usize) -> f64 {
        (mode * PI * (index + 1) as f64 * self.spacing()).sin()
    }

    /// What the scheme multiplies the initial values by, in all steps together.
    fn scheme_factor(&self) -> f64 {
        let half = |mode: f64| (mode * PI * self.spacing() / 2.0).sin().powi(2);
        let per_step = 1.0 - 4.0 * MESH_RATIO * (half(MODES[0]) + half(MODES[1]));
        per_step.powi(self.steps as i32)
    }

    /// What the differential equation multiplies them by.
    fn solution_factor(&self) -> f64 {
        (-PI * PI * (MODES[0].powi(2) + MODES[1].powi(2)) * self.time()).exp()
    }

    /// How far the scheme may be from the differential equation.
    pub fn error_bound(&self) -> f64 {
        let [p, q] = MODES.map(|mode| (mode * PI).powi(2));
        let (h, step) = (self.spacing(), MESH_RATIO * self.spacing().powi(2));
        let truncation = step / 2.0 * (p + q).powi(2) + h * h / 12.0 * (p * p + q * q);
        self.time() * truncation + self.rounding()
    }

    /// What rounding may come to: a few units for each step, and for the sines themselves.
    fn rounding(&self) -> f64 {
        8.0 * f64::EPSILON * (f64::from(self.steps) + 8.0)
    }
}

impl Spmd for Heat {
    const NAME: &'static str = "heat";
    type Output = Ranked<HeatPart>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let mut watch = Watch::start(world)?;
        let mut halo = Halo::divide(world, self.side(), 1)?;
        let patch = halo.patch().clone();
        let mut field = watch.setup(|| {
            let cols: Vec<f64> = patch.cols.clone().map(|col| self.sine(MODES[1], col)).collect();
            let rows: Vec<f64> = patch.rows.clone().map(|row| self.sine(MODES[0], row)).collect();
            Field::new(&patch, 1, |row, col| rows[row - patch.rows.start] * cols[col - patch.cols.start])
        });
        let mut sweep = kernel::Sweep::new(&field);
        for _ in 0..self.steps {
            watch.transfer(|| halo.begin(&field)?.finish(&mut field))?;
            watch.compute(|| sweep.step(&mut field));
        }
        watch.stop();
        for (to, messages, bytes) in halo.sent() {
            watch.sent(to, messages, bytes);
        }
        let part = self.examine(&patch, |row| field.row(row - patch.rows.start));
        Ok(watch.yields(part))
    }
}

impl SpmdWorkload for Heat {
    type Part = HeatPart;

    fn checked_against(&self) -> &'static str {
        "eigenvector of the scheme, analytic solution"
    }

    fn cost(&self) -> Cost {
        let updates = u64::from(self.n).pow(2) * u64::from(self.steps);
        Cost::operations(updates).with_bytes(16 * updates)
    }

    fn verify(&self, parts: &[HeatPart]) -> Result<(), Mismatch> {
        Patch::unless_tiled(self.side(), parts.iter().map(|part| &part.patch))?;
        for part in parts {
            let within = |what, distance: f64, bound: f64| {
                // Written so that a NaN fails.
                Mismatch::unless(
                    distance <= bound,
                    what,
                    format_args!("{distance:e} in rows {:?}, columns {:?}", part.patch.rows, part.patch.cols),
                    format_args!("at most {bound:e}"),
                )
            };
            within("distance from the scheme's eigenvector", part.off_scheme, self.rounding())?;
            within("distance from the analytic solution", part.off_solution, self.error_bound())?;
        }
        Ok(())
    }

    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>> {
        let (plate, time) = SerialTime::of(|| serial::solve(self));
        let (n, stride) = (self.side(), self.side() + 2);
        let part = self.examine(&Patch::square(n), |row| &plate[(row + 1) * stride + 1..][..n]);
        Some(self.verify(&[part]).map(|()| time))
    }
}
