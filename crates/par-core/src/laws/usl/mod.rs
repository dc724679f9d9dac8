//! The universal scalability law, fitted to measured throughputs.

mod least_squares;
mod quadratic;

use std::fmt;
use std::num::NonZeroUsize;

use super::student::half_width_95;

/// A measured throughput.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throughput {
    /// On how many workers.
    pub workers: NonZeroUsize,
    /// Per unit of time, of whatever is counted; only ratios matter.
    pub rate: f64,
}

/// How the two parameters are found; the choice alone can change κ more than twofold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UslMethod {
    /// Gunther's: N/C − 1 is a parabola in N − 1 without a constant term, fitted by linear least squares.
    /// Weighs errors at many workers heavily.
    QuadraticRegression,
    /// Least squares of the throughputs themselves, with X(1) fixed at its measured value (Gauss–Newton).
    LeastSquares,
}

impl fmt::Display for UslMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QuadraticRegression => "quadratic regression",
            Self::LeastSquares => "non-linear least squares, X(1) fixed",
        })
    }
}

/// Where a parameter lies with 95 % confidence; the ends may be outside of what makes sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end; may be infinite.
    pub high: f64,
}

/// A fit of the universal scalability law: the throughput on N workers is
/// X(1) · N / (1 + σ(N − 1) + κN(N − 1)).
///
/// Source: N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 4 to 6.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// use par_core::laws::{Throughput, Usl, UslMethod};
/// // A machine that follows the law with σ = 0.1 and κ = 0.01 exactly.
/// let measured: Vec<Throughput> = [1, 2, 4, 8, 16]
///     .into_iter()
///     .filter_map(NonZeroUsize::new)
///     .map(|workers| {
///         let n = workers.get() as f64;
///         Throughput { workers, rate: 50.0 * n / (1.0 + 0.1 * (n - 1.0) + 0.01 * n * (n - 1.0)) }
///     })
///     .collect();
/// let fit = Usl::fit(&measured, UslMethod::LeastSquares)?;
/// assert!((fit.sigma - 0.1).abs() < 1e-9 && (fit.kappa - 0.01).abs() < 1e-9);
/// assert!((fit.peak.ok_or("no peak")? - 90_f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Usl {
    /// σ, contention: the part of the work that queues.
    pub sigma: f64,
    /// κ, coherency: what every pair of workers costs.
    pub kappa: f64,
    /// X(1), as measured.
    pub single: f64,
    /// How σ and κ were found.
    pub method: UslMethod,
    /// Of σ, from the regression's covariance and Student's t.
    pub sigma_interval: Interval,
    /// Of κ, from the regression's covariance and Student's t.
    pub kappa_interval: Interval,
    /// The number of workers with the highest throughput, sqrt((1 − σ)/κ); `None` where κ is 0 and there is none.
    pub peak: Option<f64>,
    /// The peak at the ends of κ's interval; infinite at the upper end where κ may be 0.
    pub peak_interval: Interval,
    /// Measured minus fitted throughput, in the order of the workers, N = 1 (which is 0) included.
    pub residuals: Vec<f64>,
}

/// Why the data do not carry a fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotIdentifiable {
    /// Without X(1) there is no scale.
    #[error("the scalability law needs a throughput on one worker")]
    NoSingleWorker,
    /// Two parameters need at least three points beside the one that is fixed.
    #[error("the scalability law needs 3 different worker counts above 1, but there are {counts}")]
    TooFewPoints {
        /// Different numbers of workers above 1.
        counts: usize,
    },
    /// A throughput is zero, negative or not a number.
    #[error("a throughput of {rate} cannot be fitted")]
    BadRate {
        /// The throughput.
        rate: f64,
    },
    /// A parameter comes out negative: the data do not follow the law, or noise is larger than what they say.
    #[error(
        "the best fit has contention {sigma:.3e} and coherency {kappa:.3e}, and neither can be negative: \
         measure on more workers, or more often"
    )]
    Negative {
        /// σ.
        sigma: f64,
        /// κ.
        kappa: f64,
    },
    /// The iteration did not settle.
    #[error("the fit of the scalability law does not converge on these data")]
    NoConvergence,
}

/// σ and κ with their variances.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    sigma: f64,
    kappa: f64,
    sigma_variance: f64,
    kappa_variance: f64,
}

/// The data, checked: X(1), and the throughputs relative to it on more workers, as (N, C).
#[derive(Debug)]
struct Data {
    single: f64,
    relative: Vec<(f64, f64)>,
}

const LEAST_COUNTS: usize = 3;
const PARAMETERS: usize = 2;

impl Usl {
    /// Fits the law; several throughputs on the same number of workers are all used, X(1) is their mean.
    ///
    /// # Errors
    /// [`NotIdentifiable`], where the data do not carry a fit.
    pub fn fit(measured: &[Throughput], method: UslMethod) -> Result<Self, NotIdentifiable> {
        let data = Data::new(measured)?;
        let Estimate { sigma, kappa, sigma_variance, kappa_variance } = match method {
            UslMethod::QuadraticRegression => quadratic::fit(&data.relative)?,
            UslMethod::LeastSquares => least_squares::fit(&data.relative)?,
        };
        if !(sigma >= 0.0 && kappa >= 0.0) {
            return Err(NotIdentifiable::Negative { sigma, kappa });
        }
        let t = half_width_95(data.relative.len() - PARAMETERS);
        let interval = |value: f64, variance: f64| {
            let half = t * variance.sqrt();
            Interval { low: value - half, high: value + half }
        };
        let kappa_interval = interval(kappa, kappa_variance);
        let peak_at = |kappa: f64| (kappa > 0.0).then(|| ((1.0 - sigma).max(0.0) / kappa).sqrt());
        let mut fit = Self {
            sigma,
            kappa,
            single: data.single,
            method,
            sigma_interval: interval(sigma, sigma_variance),
            kappa_interval,
            peak: peak_at(kappa),
            peak_interval: Interval {
                low: peak_at(kappa_interval.high).unwrap_or(f64::INFINITY),
                high: peak_at(kappa_interval.low).unwrap_or(f64::INFINITY),
            },
            residuals: Vec::new(),
        };
        let mut in_order = measured.to_vec();
        in_order.sort_by_key(|point| point.workers);
        fit.residuals = in_order
            .iter()
            .map(|point| point.rate - fit.single * fit.throughput_ratio(point.workers))
            .collect();
        Ok(fit)
    }

    /// What the law predicts for `workers`: the throughput relative to X(1).
    pub fn throughput_ratio(&self, workers: NonZeroUsize) -> f64 {
        capacity(workers.get() as f64, self.sigma, self.kappa)
    }
}

/// C(N) of the law.
fn capacity(n: f64, sigma: f64, kappa: f64) -> f64 {
    n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

impl Data {
    fn new(measured: &[Throughput]) -> Result<Self, NotIdentifiable> {
        if let Some(bad) = measured.iter().find(|point| !(point.rate > 0.0 && point.rate.is_finite())) {
            return Err(NotIdentifiable::BadRate { rate: bad.rate });
        }
        let (one, more): (Vec<Throughput>, Vec<_>) =
            measured.iter().partition(|point| point.workers == NonZeroUsize::MIN);
        if one.is_empty() {
            return Err(NotIdentifiable::NoSingleWorker);
        }
        let single = one.iter().map(|point| point.rate).sum::<f64>() / one.len() as f64;
        let mut counts: Vec<_> = more.iter().map(|point| point.workers).collect();
        counts.sort_unstable();
        counts.dedup();
        if counts.len() < LEAST_COUNTS {
            return Err(NotIdentifiable::TooFewPoints { counts: counts.len() });
        }
        let relative = more.iter().map(|point| (point.workers.get() as f64, point.rate / single)).collect();
        Ok(Self { single, relative })
    }
}

/// The solution of a symmetric 2×2 system, and the diagonal of the inverse matrix.
struct Solved {
    x: [f64; 2],
    inverse_diagonal: [f64; 2],
}

/// Solves [[a, b], [b, d]] x = y; `None` where the matrix is singular.
fn solve([a, b, d]: [f64; 3], y: [f64; 2]) -> Option<Solved> {
    let determinant = a * d - b * b;
    // Relative, because the entries grow with the fourth power of N.
    if determinant.is_nan() || determinant.abs() <= f64::EPSILON * (a * d).abs() {
        return None;
    }
    Some(Solved {
        x: [(d * y[0] - b * y[1]) / determinant, (a * y[1] - b * y[0]) / determinant],
        inverse_diagonal: [d / determinant, a / determinant],
    })
}

#[cfg(test)]
mod tests;
