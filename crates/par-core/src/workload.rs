//! A problem, stated once, for every executor.

use std::fmt::{self, Debug};
use std::num::NonZeroUsize;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A problem, not a way to run it: how it splits, what one piece costs, how pieces merge, what is right.
///
/// The value holds *parameters*, never data: it is copied to every worker, so inputs are made (or read) inside
/// [`compute`](Workload::compute) from the chunk's bounds, usually with [`Philox`](crate::Philox) or another
/// generator that can jump ahead.
///
/// # Laws
/// With `parts` fixed, the answer may not depend on the executor or on the number of workers:
/// - `chunks(parts)` yields at most `parts` chunks, in order, that cover the problem without overlap;
/// - `compute` is pure;
/// - `(Partial, merge, identity)` is a monoid: `merge` is associative and keeps order (it need not commute).
///
/// `testing::check_workload` (feature `testing`) tests them.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// use par_core::{Cost, Mismatch, Plan, Runner, SerialExecutor, Workload, split};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct SumOfSquares { n: u64 }
///
/// #[par_core::workload]
/// impl Workload for SumOfSquares {
///     const NAME: &'static str = "sum-of-squares";
///     type Chunk = std::ops::Range<u64>;
///     type Partial = u64;
///     type Output = u64;
///     fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk> { split(0..self.n, parts) }
///     fn compute(&self, chunk: Self::Chunk) -> u64 { chunk.map(|x| x * x).sum() }
///     fn identity(&self) -> u64 { 0 }
///     fn merge(&self, left: u64, right: u64) -> u64 { left + right }
///     fn finish(&self, total: u64) -> u64 { total }
///     fn serial(&self) -> u64 { (0..self.n).map(|x| x * x).sum() }
///     fn verify(&self, output: &u64, reference: &u64) -> Result<(), Mismatch> {
///         Mismatch::unless_equal("sum", output, reference)
///     }
///     fn cost(&self) -> Cost { Cost::operations(2 * self.n) }
/// }
///
/// let workload = SumOfSquares { n: 1000 };
/// let outcome = SerialExecutor::new().run(&workload, Plan::parts(7)?)?;
/// workload.verify(&outcome.output, &workload.serial())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Workload: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The workload's name in reports and on the wire, in kebab-case; changing it is a breaking change.
    const NAME: &'static str;
    /// One piece of the problem: bounds, not data.
    type Chunk: Send + Serialize + DeserializeOwned + 'static;
    /// What one chunk yields; a monoid under [`identity`](Workload::identity) and [`merge`](Workload::merge).
    type Partial: Send + Serialize + DeserializeOwned + 'static;
    /// The answer.
    type Output: Debug + Send + 'static;

    /// Splits the problem into at most `parts` chunks, in order, that cover it without overlap.
    fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk>;
    /// Computes one chunk: pure, and the only part that runs on workers.
    fn compute(&self, chunk: Self::Chunk) -> Self::Partial;
    /// The neutral element of [`merge`](Workload::merge).
    fn identity(&self) -> Self::Partial;
    /// Joins two neighbouring partials; associative, `left` comes before `right` in chunk order.
    fn merge(&self, left: Self::Partial, right: Self::Partial) -> Self::Partial;
    /// Turns the merged partial into the answer.
    fn finish(&self, total: Self::Partial) -> Self::Output;
    /// Solves the whole problem with the best single-threaded code; shares nothing with `compute` and `merge`.
    fn serial(&self) -> Self::Output;
    /// Compares an answer with a reference, or with a published number where one is known.
    ///
    /// # Errors
    /// A [`Mismatch`] that names the first quantity that is wrong, with both values.
    fn verify(&self, output: &Self::Output, reference: &Self::Output) -> Result<(), Mismatch>;
    /// How much work the problem is, for rates and the roofline.
    fn cost(&self) -> Cost;
}

/// How much work a workload is: what rates (Gop/s, GB/s) are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cost {
    /// Operations of the kind that the workload counts (its page says which: flops, keys, nodes, pixels).
    pub operations: u64,
    /// Bytes that must cross the memory bus at the least; 0 where memory does not matter.
    pub bytes: u64,
}

impl Cost {
    /// A workload whose memory traffic does not matter.
    pub const fn operations(operations: u64) -> Self {
        Self { operations, bytes: 0 }
    }

    /// The same work with its least memory traffic, in bytes.
    #[must_use]
    pub const fn with_bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }
}

/// An answer that is wrong: which quantity, what came out, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{quantity} is wrong: got {got}, expected {expected}")]
pub struct Mismatch {
    /// The quantity that was compared, e.g. `"sum X"`.
    pub quantity: String,
    /// What came out.
    pub got: String,
    /// What was expected, with its tolerance where there is one.
    pub expected: String,
}

impl Mismatch {
    /// A mismatch between two values.
    pub fn new(quantity: impl Into<String>, got: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self { quantity: quantity.into(), got: got.to_string(), expected: expected.to_string() }
    }

    /// Passes when the two values are equal.
    ///
    /// # Errors
    /// The mismatch, shown with `Debug`.
    pub fn unless_equal<T: PartialEq + Debug + ?Sized>(
        quantity: &str,
        got: &T,
        expected: &T,
    ) -> Result<(), Self> {
        if got == expected {
            return Ok(());
        }
        Err(Self::new(quantity, format_args!("{got:?}"), format_args!("{expected:?}")))
    }

    /// Passes when `|got − expected| ≤ relative × |expected|`; a NaN or an infinity never passes.
    ///
    /// # Errors
    /// The mismatch, with the tolerance.
    pub fn unless_close(quantity: &str, got: f64, expected: f64, relative: f64) -> Result<(), Self> {
        // Written so that a NaN on either side fails the comparison.
        if (got - expected).abs() <= relative * expected.abs() {
            return Ok(());
        }
        Err(Self::new(
            quantity,
            format_args!("{got:e}"),
            format_args!("{expected:e} (relative {relative:e})"),
        ))
    }

    /// Passes when `condition` holds; `expected` says in words what should have held.
    ///
    /// # Errors
    /// The mismatch.
    pub fn unless(
        condition: bool,
        quantity: &str,
        got: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Result<(), Self> {
        if condition { Ok(()) } else { Err(Self::new(quantity, got, expected)) }
    }
}
