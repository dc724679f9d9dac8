//! Axes: where a value lies, and which values get a tick.

/// From values to positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// Values `low..high` to positions `from..to`.
    pub(super) fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high, from, to, log: false }
    }

    /// The same over the logarithms of positive values.
    pub(super) fn log(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low: low.ln(), high: high.ln(), from, to, log: true }
    }

    /// The position of `value`, within the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let share = if self.high > self.low { (value - self.low) / (self.high - self.low) } else { 0.5 };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

/// Round values from 0 to `high` with a step of 1, 2 or 5: at most six.
pub(super) fn round_ticks(high: f64) -> Vec<f64> {
    let rough = high / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    (0..=6).map(|index| f64::from(index) * step).take_while(|tick| *tick <= high * 1.001).collect()
}

/// Powers of ten within `low..=high`.
pub(super) fn decades(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    (first..=last).map(|power| 10_f64.powi(power)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Scale, decades, round_ticks};

    #[test]
    fn positions() {
        let scale = Scale::linear(0.0, 2.0, 100.0, 0.0);
        assert!((scale.at(0.5) - 75.0).abs() < 1e-9);
        assert!(scale.at(9.0).abs() < 1e-9, "nothing leaves the axis");
        assert!((Scale::log(1.0, 4.0, 0.0, 100.0).at(2.0) - 50.0).abs() < 1e-9);
        assert!((Scale::log(2.0, 2.0, 0.0, 100.0).at(2.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(round_ticks(1.0).len(), 6);
        assert_eq!(round_ticks(2.1), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(round_ticks(16.0), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(decades(300.0, 2e6), [1e3, 1e4, 1e5, 1e6]);
    }
}
