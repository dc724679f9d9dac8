//! Least squares of the throughputs: not linear in the parameters.

use super::{Estimate, NotIdentifiable, PARAMETERS, capacity, quadratic, solve};

const ITERATIONS: usize = 200;
/// A step that changes no parameter by more than this part of its scale is the last.
const SETTLED: f64 = 1e-12;

/// Gauss–Newton, from the regression's solution; a step that makes the sum of squares larger is halved.
pub(super) fn fit(relative: &[(f64, f64)]) -> Result<Estimate, NotIdentifiable> {
    let start = quadratic::fit(relative)?;
    let mut at = [start.sigma.max(0.0), start.kappa.max(0.0)];
    for _ in 0..ITERATIONS {
        let (normal, right) = linearised(relative, at);
        let step = solve(normal, right).ok_or(NotIdentifiable::NoConvergence)?.x;
        let best = squares(relative, at);
        let halved = (0..60).map(|halvings| 0.5_f64.powi(halvings));
        let next = halved
            .map(|scale| [at[0] + scale * step[0], at[1] + scale * step[1]])
            .find(|next| squares(relative, *next) <= best);
        let Some(next) = next else { break };
        let moved = (next[0] - at[0]).abs() > SETTLED * (at[0].abs() + 1e-9)
            || (next[1] - at[1]).abs() > SETTLED * (at[1].abs() + 1e-9);
        at = next;
        if !moved {
            return estimate(relative, at);
        }
    }
    // No step was an improvement any more, or each was a minute one: what is left is rounding.
    estimate(relative, at)
}

fn estimate(relative: &[(f64, f64)], at: [f64; 2]) -> Result<Estimate, NotIdentifiable> {
    let (normal, right) = linearised(relative, at);
    let inverse = solve(normal, right).ok_or(NotIdentifiable::NoConvergence)?.inverse_diagonal;
    let variance = squares(relative, at) / (relative.len() - PARAMETERS) as f64;
    if !variance.is_finite() {
        return Err(NotIdentifiable::NoConvergence);
    }
    let [sigma_variance, kappa_variance] = inverse.map(|entry| entry * variance);
    Ok(Estimate { sigma: at[0], kappa: at[1], sigma_variance, kappa_variance })
}

/// The normal equations of the law's tangent: with C = N/D, ∂C/∂σ = −N(N − 1)/D² and ∂C/∂κ = −N²(N − 1)/D².
fn linearised(relative: &[(f64, f64)], [sigma, kappa]: [f64; 2]) -> ([f64; 3], [f64; 2]) {
    let mut normal = [0.0; 3];
    let mut right = [0.0; 2];
    for &(n, measured) in relative {
        let fitted = capacity(n, sigma, kappa);
        let u = -fitted * fitted * (n - 1.0) / n;
        let v = u * n;
        let residual = measured - fitted;
        normal[0] += u * u;
        normal[1] += u * v;
        normal[2] += v * v;
        right[0] += u * residual;
        right[1] += v * residual;
    }
    (normal, right)
}

fn squares(relative: &[(f64, f64)], [sigma, kappa]: [f64; 2]) -> f64 {
    relative.iter().map(|&(n, measured)| (measured - capacity(n, sigma, kappa)).powi(2)).sum()
}
