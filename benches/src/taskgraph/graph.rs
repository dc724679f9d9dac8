//! A graph of one pattern: which tasks there are, and what depends on what.

use std::ops::Range;

use par_core::Mismatch;
use serde::{Deserialize, Serialize};

use super::{Pattern, Points, siphash};

/// A task graph: `steps` rows of up to `width` tasks.
///
/// The definitions, and so the counts, are those of Task Bench, with `random_nearest` at radix 3, period 3,
/// fraction 1/4 and graph number 0.
/// Where Task Bench has no graph (`fft` of width 1, `stencil_1d_periodic` below width 3, where a point would depend
/// on another twice) a dependence is counted once.
///
/// # Examples
/// ```
/// use par_benches::taskgraph::{Graph, Pattern};
/// let graph = Graph::new(Pattern::Stencil1d, 100, 4)?;
/// assert_eq!(graph.dependencies(1, 0).collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(graph.dependents(0, 2).collect::<Vec<_>>(), [1, 2, 3]);
/// assert_eq!((graph.tasks(), graph.dependences()), (400, 99 * (3 * 4 - 2)));
/// # Ok::<(), par_benches::taskgraph::GraphError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Graph {
    pattern: Pattern,
    steps: u32,
    width: u32,
}

/// A graph without tasks, or too wide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// One of the two sides is out of range.
    #[error("no task graph of {steps} steps and width {width}; choose both from 1 to {max}", max = Graph::MAX_SIDE)]
    Size {
        /// The steps that were asked for.
        steps: u32,
        /// The width that was asked for.
        width: u32,
    },
}

/// What a task hands on: who made it. A task that gets anything but the stamps of its dependences is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// The step of the task that made it.
    pub step: u32,
    /// The point of the task that made it.
    pub point: u32,
}

// `random_nearest`: Task Bench's defaults.
const RADIX: u32 = 3;
const PERIOD: u32 = 3;
const FRACTION: f64 = 0.25;
/// The bytes 1, 2, … 15, 0.
const HASH_KEY: [u64; 2] = [0x0807_0605_0403_0201, 0x000f_0e0d_0c0b_0a09];

impl Graph {
    /// The largest number of steps, and of points.
    pub const MAX_SIDE: u32 = 1 << 24;

    /// A graph of `steps` steps and at most `width` tasks in each.
    ///
    /// # Errors
    /// [`GraphError::Size`] unless both are between 1 and [`MAX_SIDE`](Self::MAX_SIDE).
    pub const fn new(pattern: Pattern, steps: u32, width: u32) -> Result<Self, GraphError> {
        if steps == 0 || width == 0 || steps > Self::MAX_SIDE || width > Self::MAX_SIDE {
            return Err(GraphError::Size { steps, width });
        }
        Ok(Self { pattern, steps, width })
    }

    /// The pattern of its dependences.
    pub const fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// The number of steps.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The largest number of tasks in a step.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// The points that have a task at a step: all `0..width`, but for `tree`, which grows, and `dom`, whose points
    /// come and go from the left. Empty beyond the last step.
    pub fn points_at(&self, step: u32) -> Range<u32> {
        let width = self.width;
        if step >= self.steps {
            return 0..0;
        }
        match self.pattern {
            Pattern::Tree => 0..width.min(1_u32.checked_shl(step).unwrap_or(u32::MAX)),
            Pattern::Dom => {
                let first = (step + width).saturating_sub(self.steps);
                first..first + width.min(step + 1).min(self.steps - step)
            }
            _ => 0..width,
        }
    }

    /// How many tasks a step has.
    pub fn width_at(&self, step: u32) -> u32 {
        self.points_at(step).len() as u32
    }

    /// The points of step `step − 1` that a task depends on, ascending; none at step 0.
    pub fn dependencies(&self, step: u32, point: u32) -> Points {
        if step == 0 || !self.points_at(step).contains(&point) {
            return Points::default();
        }
        let before = match self.pattern {
            Pattern::Tree => Points::union([point / 2..point / 2 + 1, 0..0, 0..0]),
            Pattern::Dom => Points::union([point.saturating_sub(1)..point + 1, 0..0, 0..0]),
            Pattern::RandomNearest => self.nearest(point, |other| connected(step, other, point)),
            _ => self.symmetric(step, point),
        };
        before.within(&self.points_at(step - 1))
    }

    /// The points of step `step + 1` that depend on a task, ascending; none at the last step.
    pub fn dependents(&self, step: u32, point: u32) -> Points {
        let next = self.points_at(step + 1);
        if !self.points_at(step).contains(&point) {
            return Points::default();
        }
        let after = match self.pattern {
            Pattern::Tree => Points::union([2 * point..2 * point + 2, 0..0, 0..0]),
            Pattern::Dom => Points::union([point..point + 2, 0..0, 0..0]),
            Pattern::RandomNearest => self.nearest(point, |other| connected(step + 1, point, other)),
            _ => self.symmetric(step + 1, point),
        };
        after.within(&next)
    }

    /// The patterns in which p depends on q exactly when q depends on p; `step` is the later of the two.
    fn symmetric(&self, step: u32, point: u32) -> Points {
        let width = self.width;
        let around = point.saturating_sub(1)..width.min(point + 2);
        Points::union(match self.pattern {
            Pattern::NoComm => [point..point + 1, 0..0, 0..0],
            Pattern::Stencil1d => [around, 0..0, 0..0],
            Pattern::Stencil1dPeriodic => {
                let from_right = if point == 0 { width - 1..width } else { 0..0 };
                let from_left = if point + 1 == width { 0..1 } else { 0..0 };
                [from_left, around, from_right]
            }
            Pattern::Fft => {
                // ceil(log2(width)) distances, one after the other; of width 1 there is none.
                let distances = self.width.next_power_of_two().trailing_zeros();
                let distance =
                    (step + distances).checked_sub(1).map_or(0, |s| s.checked_rem(distances).unwrap_or(0));
                let apart = 1 << distance;
                let left = point.checked_sub(apart).map_or(0..0, |left| left..left + 1);
                [left, point..point + 1, point + apart..point + apart + 1]
            }
            Pattern::AllToAll => [0..width, 0..0, 0..0],
            Pattern::Trivial | Pattern::Tree | Pattern::Dom | Pattern::RandomNearest => [0..0, 0..0, 0..0],
        })
    }

    /// The points at most radix / 2 away that are connected.
    fn nearest(&self, point: u32, connected: impl Fn(u32) -> bool) -> Points {
        const REACH: u32 = RADIX / 2;
        let each = [point.checked_sub(REACH), Some(point), Some(point + REACH)];
        Points::union(each.map(|other| match other {
            Some(other) if other < self.width && connected(other) => other..other + 1,
            _ => 0..0,
        }))
    }

    /// The number of tasks.
    pub fn tasks(&self) -> u64 {
        (0..self.steps).map(|step| u64::from(self.width_at(step))).sum()
    }

    /// The number of dependences: what all tasks together receive.
    pub fn dependences(&self) -> u64 {
        (1..self.steps)
            .flat_map(|step| {
                self.points_at(step).map(move |point| self.dependencies(step, point).len() as u64)
            })
            .sum()
    }

    /// Passes when a task got exactly the stamps of its dependences, in ascending order of points.
    ///
    /// # Errors
    /// The mismatch: a stamp that is missing, foreign, stale or out of order.
    pub fn check_inputs(&self, step: u32, point: u32, inputs: &[Stamp]) -> Result<(), Mismatch> {
        let right = self
            .dependencies(step, point)
            .map(|point| Stamp { step: step.wrapping_sub(1), point })
            .eq(inputs.iter().copied());
        Mismatch::unless(
            right,
            "inputs of a task",
            format_args!("{inputs:?} at step {step}, point {point}"),
            format_args!(
                "points {:?} of the step before",
                self.dependencies(step, point).collect::<Vec<_>>()
            ),
        )
    }
}

/// Whether task (`step`, `to`) of `random_nearest` depends on `from`.
fn connected(step: u32, from: u32, to: u32) -> bool {
    let words = [0, RADIX, step % PERIOD, from, to].map(u64::from);
    from == to || (siphash::hash(&words, HASH_KEY) as f64) * 2.0_f64.powi(-64) < FRACTION
}
