//! Times that can be compared on a noisy machine.

use std::fmt;
use std::time::{Duration, Instant};

/// Something to be timed: one call is one sample.
pub type Contender<'c> = (&'static str, Box<dyn FnMut() + 'c>);

/// The times of several contenders, taken in turns so that the machine's moods hit all of them alike.
///
/// The first contender is what the others are compared with. A ratio is the median of the ratios within a round.
#[derive(Debug, Clone)]
pub struct Paired {
    names: Vec<&'static str>,
    /// One row per round, one column per contender.
    rounds: Vec<Vec<Duration>>,
}

impl Paired {
    /// Runs every contender once to warm up, and then once per round, beginning with another one in each round.
    ///
    /// # Panics
    /// When there is no contender.
    pub fn measure(rounds: usize, mut contenders: Vec<Contender<'_>>) -> Self {
        assert!(!contenders.is_empty(), "there is nothing to compare");
        let names: Vec<_> = contenders.iter().map(|(name, _)| *name).collect();
        for (_, warm_up) in &mut contenders {
            warm_up();
        }
        let measured = (0..rounds).map(|round| {
            let mut times = vec![Duration::ZERO; names.len()];
            for turn in 0..names.len() {
                let index = (round + turn) % names.len();
                let begun = Instant::now();
                contenders[index].1();
                times[index] = begun.elapsed();
            }
            times
        });
        Self { rounds: measured.collect(), names }
    }

    /// The median time of a contender.
    pub fn median(&self, contender: usize) -> Duration {
        let times = self.rounds.iter().map(|round| round[contender].as_secs_f64());
        Duration::from_secs_f64(median(times.collect()))
    }

    /// The median ratio of a contender's time to another's; below 1 is faster.
    pub fn ratio(&self, contender: usize, other: usize) -> f64 {
        let ratio = |round: &Vec<Duration>| round[contender].as_secs_f64() / round[other].as_secs_f64();
        median(self.rounds.iter().map(ratio).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

impl fmt::Display for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            let median = format!("{:.3?}", self.median(index));
            writeln!(f, "  {name:44} {median:>12}   {:6.2} × {}", self.ratio(index, 0), self.names[0])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_medians_of_rounds() {
        let millis = |ms: [u64; 2]| ms.map(Duration::from_millis).to_vec();
        let rounds = vec![millis([10, 20]), millis([100, 150]), millis([1, 4])];
        let paired = Paired { names: vec!["one", "two"], rounds };
        assert!((paired.ratio(1, 0) - 2.0).abs() < 1e-9);
        assert_eq!(paired.median(1), Duration::from_millis(20));
    }

    #[test]
    fn everybody_runs_in_every_round_and_once_before() {
        let mut counts = [0; 2];
        let [one, two] = &mut counts;
        Paired::measure(5, vec![("one", Box::new(|| *one += 1)), ("two", Box::new(|| *two += 1))]);
        assert_eq!(counts, [6, 6]);
    }
}
