//! Medians, bootstrap intervals and what may be concluded from them.
//!
//! Sources: Efron and Tibshirani, *An Introduction to the Bootstrap* (percentile interval);
//! Karp and Flatt, CACM 33(5), 1990 (experimentally determined serial fraction).

use super::random::SplitMix64;
use super::row::Verdict;

const RESAMPLES: usize = 2000;
/// Of fewer values not even the whole range holds the median in 95 of 100 cases: 1 - 2/2^n.
pub(super) const LEAST: usize = 6;

/// The middle value, or the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The geometric mean of positive values.
pub(super) fn geometric_mean(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64).exp())
}

/// The percentile bootstrap's 95 % interval of the median; `None` for fewer than [`LEAST`] values.
pub(super) fn median_interval(values: &[f64], rng: &mut SplitMix64) -> Option<[f64; 2]> {
    interval(values.len(), || median(&resample(values, rng)))
}

/// The 95 % interval of `median(above) / median(below)`, each drawn from by itself.
pub(super) fn ratio_interval(above: &[f64], below: &[f64], rng: &mut SplitMix64) -> Option<[f64; 2]> {
    interval(above.len().min(below.len()), || {
        Some(median(&resample(above, rng))? / median(&resample(below, rng))?)
    })
}

/// A ratio of two configurations, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) ci95: Option<[f64; 2]>,
}

/// `above / below`, paired by round: the ratio of the medians within each round, then their median.
///
/// With fewer than [`LEAST`] common rounds the pairs carry no interval; then the samples do.
pub(super) fn paired_ratio(above: &[Vec<f64>], below: &[Vec<f64>], rng: &mut SplitMix64) -> Option<Ratio> {
    let ratios: Vec<f64> =
        above.iter().zip(below).filter_map(|(a, b)| Some(median(a)? / median(b)?)).collect();
    let ci95 = if ratios.len() >= LEAST {
        median_interval(&ratios, rng)
    } else {
        ratio_interval(&above.concat(), &below.concat(), rng)
    };
    Some(Ratio { median: median(&ratios)?, ci95 })
}

/// How far from 1 an A/A interval reaches, as a factor minus one, alike in both directions.
pub(super) fn noise_floor(ratio: &Ratio) -> Option<f64> {
    ratio.ci95.map(|[low, high]| {
        [low, high, ratio.median].into_iter().map(|r| r.max(1.0 / r) - 1.0).fold(0.0, f64::max)
    })
}

/// What a speedup with its interval allows to say beside a noise floor.
pub(super) fn verdict(ratio: &Ratio, floor: Option<f64>) -> Verdict {
    let (Some([low, high]), Some(floor)) = (ratio.ci95, floor) else { return Verdict::Unknown };
    let band = 1.0 + floor;
    if low <= 1.0 && high >= 1.0 {
        Verdict::NoDifference
    } else if ratio.median > band {
        Verdict::Faster
    } else if ratio.median < 1.0 / band {
        Verdict::Slower
    } else {
        Verdict::NoDifference
    }
}

/// The serial fraction that would explain this speedup; `None` for one worker.
pub(super) fn karp_flatt(speedup: f64, workers: usize) -> Option<f64> {
    let share = 1.0 / workers as f64;
    (workers > 1).then(|| (1.0 / speedup - share) / (1.0 - share))
}

fn resample(values: &[f64], rng: &mut SplitMix64) -> Vec<f64> {
    values.iter().map(|_| values[rng.below(values.len())]).collect()
}

fn interval(count: usize, mut draw: impl FnMut() -> Option<f64>) -> Option<[f64; 2]> {
    if count < LEAST {
        return None;
    }
    let mut draws = (0..RESAMPLES).map(|_| draw()).collect::<Option<Vec<f64>>>()?;
    draws.sort_by(f64::total_cmp);
    let at = |quantile: f64| draws[((RESAMPLES - 1) as f64 * quantile).round() as usize];
    Some([at(0.025), at(0.975)])
}

#[cfg(test)]
mod tests {
    use super::{
        Ratio, geometric_mean, karp_flatt, median, median_interval, noise_floor, paired_ratio, verdict,
    };
    use crate::bench_all::random::SplitMix64;
    use crate::bench_all::row::Verdict;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert!((geometric_mean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
    }

    /// The median of 1..=99 has the exact 95 % order-statistic interval [40, 60] (binomial, n = 99).
    #[test]
    fn the_bootstrap_agrees_with_order_statistics() {
        let values: Vec<f64> = (1..=99).map(f64::from).collect();
        let [low, high] = median_interval(&values, &mut SplitMix64::new(7)).unwrap();
        assert!((low - 40.0).abs() <= 2.0 && (high - 60.0).abs() <= 2.0, "[{low}, {high}]");
        assert_eq!(median_interval(&values[..5], &mut SplitMix64::new(7)), None);
    }

    #[test]
    fn an_interval_covers_the_truth_nearly_always() {
        let mut rng = SplitMix64::new(99);
        let covered = (0..200).filter(|_| {
            let values: Vec<f64> = (0..30).map(|_| rng.below(1_000_001) as f64).collect();
            let [low, high] = median_interval(&values, &mut SplitMix64::new(3)).unwrap();
            low <= 500_000.0 && 500_000.0 <= high
        });
        let covered = covered.count();
        assert!((178..=200).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn pairs_cancel_drift() {
        // Both become twice as slow during the run; the ratio within a round stays 2.
        let slow: Vec<Vec<f64>> = (0..10).map(|round| vec![200.0 + 20.0 * f64::from(round)]).collect();
        let fast: Vec<Vec<f64>> = slow.iter().map(|round| vec![round[0] / 2.0]).collect();
        let ratio = paired_ratio(&slow, &fast, &mut SplitMix64::new(1)).unwrap();
        assert_eq!(ratio, Ratio { median: 2.0, ci95: Some([2.0, 2.0]) });
    }

    #[test]
    fn the_floor_is_symmetric() {
        let floor = |low, high| noise_floor(&Ratio { median: 1.0, ci95: Some([low, high]) }).unwrap();
        assert!((floor(0.99, 1.02) - 0.02).abs() < 1e-12);
        assert!((floor(0.5, 1.02) - 1.0).abs() < 1e-12);
        assert_eq!(noise_floor(&Ratio { median: 1.0, ci95: None }), None);
    }

    #[test]
    fn verdicts() {
        let judge = |median, low, high| verdict(&Ratio { median, ci95: Some([low, high]) }, Some(0.03));
        assert_eq!(judge(2.0, 1.9, 2.1), Verdict::Faster);
        assert_eq!(judge(0.5, 0.4, 0.6), Verdict::Slower);
        assert_eq!(judge(1.2, 0.9, 1.5), Verdict::NoDifference);
        assert_eq!(judge(1.02, 1.01, 1.03), Verdict::NoDifference);
        assert_eq!(judge(0.98, 0.97, 0.99), Verdict::NoDifference);
        assert_eq!(verdict(&Ratio { median: 2.0, ci95: None }, Some(0.0)), Verdict::Unknown);
        assert_eq!(verdict(&Ratio { median: 2.0, ci95: Some([2.0, 2.0]) }, None), Verdict::Unknown);
    }

    #[test]
    fn serial_fractions() {
        assert_eq!(karp_flatt(1.0, 1), None);
        assert!(karp_flatt(4.0, 4).unwrap().abs() < 1e-12);
        // Amdahl with f = 0.1 on 8 workers: S = 1/(0.1 + 0.9/8).
        assert!((karp_flatt(1.0 / (0.1 + 0.9 / 8.0), 8).unwrap() - 0.1).abs() < 1e-12);
    }
}
