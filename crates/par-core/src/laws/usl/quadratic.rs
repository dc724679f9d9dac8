//! Gunther's regression: linear in its parameters.

use super::{Estimate, NotIdentifiable, PARAMETERS, solve};

/// Fits N/C − 1 = σ·(N − 1) + κ·N(N − 1); both terms vanish at N = 1, so there is no constant term.
///
/// This is Gunther's parabola a·x² + b·x in x = N − 1, with κ = a and σ = b − a; written in σ and κ themselves the
/// covariance is theirs.
pub(super) fn fit(relative: &[(f64, f64)]) -> Result<Estimate, NotIdentifiable> {
    let rows = || relative.iter().map(|&(n, capacity)| ([n - 1.0, n * (n - 1.0)], n / capacity - 1.0));
    let mut normal = [0.0; 3];
    let mut right = [0.0; 2];
    for ([u, v], y) in rows() {
        normal[0] += u * u;
        normal[1] += u * v;
        normal[2] += v * v;
        right[0] += u * y;
        right[1] += v * y;
    }
    let solved = solve(normal, right).ok_or(NotIdentifiable::NoConvergence)?;
    let [sigma, kappa] = solved.x;
    let squares: f64 = rows().map(|([u, v], y)| (y - sigma * u - kappa * v).powi(2)).sum();
    let variance = squares / (relative.len() - PARAMETERS) as f64;
    let [sigma_variance, kappa_variance] = solved.inverse_diagonal.map(|entry| entry * variance);
    Ok(Estimate { sigma, kappa, sigma_variance, kappa_variance })
}
