//! The published data of a ray tracer, and data that carry no fit.

use super::*;

/// Gunther, "Guerrilla Capacity Planning": a ray tracer on an SGI Origin 2000.
const RAY_TRACER: [(usize, f64); 11] = [
    (1, 20.0),
    (4, 78.0),
    (8, 130.0),
    (12, 170.0),
    (16, 190.0),
    (20, 200.0),
    (24, 210.0),
    (28, 230.0),
    (32, 260.0),
    (48, 280.0),
    (64, 310.0),
];

fn measured(points: &[(usize, f64)]) -> Vec<Throughput> {
    let one = |&(workers, rate)| Throughput { workers: NonZeroUsize::new(workers).expect("not zero"), rate };
    points.iter().map(one).collect()
}

/// Equal to as many digits as are published.
fn assert_digits(got: f64, published: f64, unit: f64) {
    assert!((got - published).abs() <= 0.5 * unit, "{got} is not {published}");
}

#[test]
fn both_methods_give_the_published_parameters() {
    let data = measured(&RAY_TRACER);
    let quadratic = Usl::fit(&data, UslMethod::QuadraticRegression).expect("a fit");
    assert_digits(quadratic.sigma, 0.050_023_9, 1e-7);
    assert_digits(quadratic.kappa, 4.708_22e-6, 1e-11);
    let squares = Usl::fit(&data, UslMethod::LeastSquares).expect("a fit");
    assert_digits(squares.sigma, 0.049_797_3, 1e-7);
    // The published minimum is that of an iteration which stopped at a relative 1e-5; ours goes on to 1.143444e-5.
    assert_digits(squares.kappa, 1.143_45e-5, 2e-10);
    let peak = squares.peak.expect("κ is positive");
    assert_digits(peak, ((1.0 - squares.sigma) / squares.kappa).sqrt(), 1e-9);
}

#[test]
fn intervals_hold_the_estimate_and_say_where_there_may_be_no_peak() {
    for method in [UslMethod::QuadraticRegression, UslMethod::LeastSquares] {
        let fit = Usl::fit(&measured(&RAY_TRACER), method).expect("a fit");
        assert!(fit.sigma_interval.low < fit.sigma && fit.sigma < fit.sigma_interval.high);
        assert!(fit.kappa_interval.low < 0.0, "{method}: these data do not exclude κ = 0");
        assert!(fit.peak_interval.high.is_infinite());
        assert_eq!(fit.residuals.len(), RAY_TRACER.len());
        assert!(fit.residuals[0].abs() < 1e-12, "X(1) is fixed");
    }
}

#[test]
fn least_squares_is_a_minimum() {
    let data = Data::new(&measured(&RAY_TRACER)).expect("good data");
    let fit = least_squares::fit(&data.relative).expect("a fit");
    let squares = |sigma, kappa| -> f64 {
        data.relative.iter().map(|&(n, c): &(f64, f64)| (c - capacity(n, sigma, kappa)).powi(2)).sum()
    };
    let best = squares(fit.sigma, fit.kappa);
    for (ds, dk) in [(1e-5, 0.0), (-1e-5, 0.0), (0.0, 1e-7), (0.0, -1e-7), (1e-5, -1e-7)] {
        assert!(squares(fit.sigma + ds, fit.kappa + dk) > best);
    }
}

#[test]
fn data_without_a_fit_say_why() {
    let fit = |points: &[(usize, f64)]| Usl::fit(&measured(points), UslMethod::QuadraticRegression);
    assert_eq!(fit(&[(2, 1.0), (3, 2.0), (4, 2.0)]), Err(NotIdentifiable::NoSingleWorker));
    let repeated = fit(&[(1, 1.0), (2, 1.9), (2, 1.8), (2, 1.7), (4, 3.0)]);
    assert_eq!(repeated, Err(NotIdentifiable::TooFewPoints { counts: 2 }));
    assert!(matches!(fit(&[(1, 1.0), (2, f64::NAN)]), Err(NotIdentifiable::BadRate { .. })));
    assert_eq!(fit(&[(1, 1.0), (2, 0.0)]), Err(NotIdentifiable::BadRate { rate: 0.0 }));
    // A curve that bends upwards: more workers make each one faster.
    let upwards = fit(&[(1, 1.0), (2, 1.5), (3, 2.5), (4, 4.0)]);
    assert!(matches!(upwards, Err(NotIdentifiable::Negative { kappa, .. }) if kappa < 0.0), "{upwards:?}");
}
