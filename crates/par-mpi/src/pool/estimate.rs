//! How long tasks take.

use std::collections::HashMap;
use std::time::Duration;

/// A new measurement that is longer than the mean counts so much, a shorter one less: a worker that holds too much
/// work keeps it from others, one that holds too little idles for a message's way there and back.
const LONGER: f64 = 0.5;
const SHORTER: f64 = 0.125;

/// The exponentially weighted mean run time of every task, by name.
#[derive(Debug, Default)]
pub(super) struct Estimates {
    means: HashMap<String, f64>,
}

impl Estimates {
    /// Nanoseconds that a task of that name is expected to run; `None` until one has.
    pub(super) fn expected(&self, task: &str) -> Option<f64> {
        self.means.get(task).copied()
    }

    pub(super) fn observe(&mut self, task: &str, time: Duration) {
        let time = (time.as_nanos() as f64).max(1.0);
        match self.means.get_mut(task) {
            Some(mean) => {
                let weight = if time > *mean { LONGER } else { SHORTER };
                *mean += weight * (time - *mean);
            }
            None => {
                self.means.insert(task.to_owned(), time);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_counts_for_more_than_a_short_one() {
        let mut estimates = Estimates::default();
        assert_eq!(estimates.expected("task"), None);
        let nanoseconds = Duration::from_nanos;
        estimates.observe("task", nanoseconds(1000));
        assert_eq!(estimates.expected("task"), Some(1000.0));
        estimates.observe("task", nanoseconds(3000));
        assert_eq!(estimates.expected("task"), Some(2000.0));
        estimates.observe("task", nanoseconds(1000));
        assert_eq!(estimates.expected("task"), Some(1875.0));
        assert_eq!(estimates.expected("another"), None);
    }
}
