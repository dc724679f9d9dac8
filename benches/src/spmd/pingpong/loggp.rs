//! The LogGP model of a pair of ranks, fitted to what was measured.

use par_core::Philox;
use serde::{Deserialize, Serialize};

use super::overheads::BYTES;
use super::sizes::SizeTimes;

/// Resamples of the bootstrap.
const DRAWS: usize = 500;
/// Of fewer values not even the whole range holds the median in 95 of 100 cases: 1 − 2/2ⁿ.
const BATCHES_MIN: usize = 6;
/// G is the slope over messages that are at least so long.
const LONG: usize = 64 << 10;
/// And over so many lengths.
const LONG_LENGTHS_MIN: usize = 4;
/// The seed of the bootstrap: the same times give the same intervals.
const SEED: u64 = 0x004c_6f67_4750;

/// Times of 8-byte messages besides round trips, in nanoseconds, one per batch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overheads {
    /// What a send takes the sender.
    pub send_ns: Vec<f64>,
    /// What a receive takes the receiver, when the message has come.
    pub receive_ns: Vec<f64>,
    /// From one message to the next.
    pub gap_ns: Vec<f64>,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Where it lies in 95 of 100 cases.
    pub ci95: [f64; 2],
}

/// A parameter of the model: its value, or why the data do not carry one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Parameter {
    /// The data carry it.
    Known(Estimate),
    /// They do not.
    NotIdentifiable {
        /// Why.
        reason: String,
    },
}

/// The parameters of LogGP, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogGp {
    /// The length of the messages that latency, overheads and gap are of.
    pub bytes: u64,
    /// L: what is neither rank's work.
    pub latency: Parameter,
    /// `o_s`: what a send takes the sender.
    pub send_overhead: Parameter,
    /// `o_r`: what a receive takes the receiver.
    pub receive_overhead: Parameter,
    /// g: the least time between two messages.
    pub gap: Parameter,
    /// G: the time for each further byte of a long message.
    pub gap_per_byte: Parameter,
}

impl Parameter {
    /// The value, where there is one.
    pub const fn estimate(&self) -> Option<Estimate> {
        match self {
            Self::Known(estimate) => Some(*estimate),
            Self::NotIdentifiable { .. } => None,
        }
    }

    fn unknown(reason: impl Into<String>) -> Self {
        Self::NotIdentifiable { reason: reason.into() }
    }

    /// Only what is certainly positive is a time.
    fn positive(estimate: Option<Estimate>, too_few: &str) -> Self {
        match estimate {
            None => Self::unknown(too_few),
            Some(Estimate { value, ci95: [low, high] })
                if !(low > 0.0 && value.is_finite() && high.is_finite()) =>
            {
                Self::unknown(format!("the 95 % interval reaches down to {low:.2} ns"))
            }
            Some(estimate) => Self::Known(estimate),
        }
    }
}

/// Fits the parameters: `o_s`, `o_r` and g are medians over batches; G is the Theil–Sen slope of the median one-way times
/// of messages from 64 KiB on (the median of the slopes of all pairs, which a few bad lengths do not move);
/// L is half of the round trip of 8 B less `o_s`, `o_r` and 7·G. Intervals are percentiles of a bootstrap over batches.
///
/// A parameter whose interval reaches 0 is not identifiable: where ranks share a memory, for one, the overheads can be
/// the whole of the way, and there is no L to be seen. Nor is one with fewer than six batches, or, for G, four lengths.
pub fn fit_loggp(sizes: &[SizeTimes], overheads: &Overheads) -> LogGp {
    let mut draws = Draws { generator: Philox::new(SEED), next: 0 };
    let mut of = |values: &[f64]| {
        let one = [values];
        bootstrap(&one, &mut draws, |drawn| median(&drawn[0]))
    };
    let few = "fewer than six batches";
    let send = of(&overheads.send_ns);
    let receive = of(&overheads.receive_ns);
    let gap = of(&overheads.gap_ns);
    let long: Vec<&SizeTimes> = sizes.iter().filter(|size| size.bytes >= LONG).collect();
    let per_byte = if long.len() < LONG_LENGTHS_MIN {
        Parameter::unknown(format!("fewer than {LONG_LENGTHS_MIN} lengths from {} KiB on", LONG >> 10))
    } else {
        let times: Vec<&[f64]> = long.iter().map(|size| size.round_trip_ns.as_slice()).collect();
        let slope = bootstrap(&times, &mut draws, |drawn| {
            let points = long.iter().zip(drawn);
            let points: Option<Vec<(f64, f64)>> =
                points.map(|(size, times)| Some((size.bytes as f64, median(times)? / 2.0))).collect();
            slope(&points?)
        });
        Parameter::positive(slope, few)
    };
    let latency = sizes.iter().find(|size| size.bytes == BYTES).map_or_else(
        || Parameter::unknown(format!("no messages of {BYTES} B were timed")),
        |size| {
            let further = per_byte.estimate().map_or(0.0, |estimate| estimate.value * (BYTES - 1) as f64);
            let samples = [&size.round_trip_ns[..], &overheads.send_ns, &overheads.receive_ns];
            let rest = bootstrap(&samples, &mut draws, |drawn| {
                Some(median(&drawn[0])? / 2.0 - median(&drawn[1])? - median(&drawn[2])? - further)
            });
            match Parameter::positive(rest, few) {
                Parameter::NotIdentifiable { .. } if rest.is_some() => {
                    Parameter::unknown("the overheads of the two ranks cover the whole way")
                }
                known => known,
            }
        },
    );
    LogGp {
        bytes: BYTES as u64,
        latency,
        send_overhead: Parameter::positive(send, few),
        receive_overhead: Parameter::positive(receive, few),
        gap: Parameter::positive(gap, few),
        gap_per_byte: per_byte,
    }
}

/// Half of the median round trip, with its interval where there are batches enough.
pub(super) fn one_way(size: &SizeTimes) -> (f64, Option<[f64; 2]>) {
    let mut draws = Draws { generator: Philox::new(SEED), next: 0 };
    let half = |drawn: &[Vec<f64>]| Some(median(&drawn[0])? / 2.0);
    let interval = bootstrap(&[&size.round_trip_ns], &mut draws, half);
    let value = median(&size.round_trip_ns).map_or(f64::NAN, |ns| ns / 2.0);
    (value, interval.map(|estimate| estimate.ci95))
}

/// A statistic of several samples, with its percentile interval when each is drawn from by itself; `None` where one
/// has fewer than [`BATCHES_MIN`] values.
fn bootstrap(
    samples: &[&[f64]],
    draws: &mut Draws,
    statistic: impl Fn(&[Vec<f64>]) -> Option<f64>,
) -> Option<Estimate> {
    if samples.iter().any(|sample| sample.len() < BATCHES_MIN) {
        return None;
    }
    let whole: Vec<Vec<f64>> = samples.iter().map(|sample| sample.to_vec()).collect();
    let value = statistic(&whole)?;
    let mut found: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn: Vec<Vec<f64>> =
                samples.iter().map(|sample| sample.iter().map(|_| draws.one_of(sample)).collect()).collect();
            statistic(&drawn)
        })
        .collect::<Option<_>>()?;
    found.sort_unstable_by(f64::total_cmp);
    let at = |quantile: f64| found[((DRAWS - 1) as f64 * quantile).round() as usize];
    Some(Estimate { value, ci95: [at(0.025), at(0.975)] })
}

/// Theil and Sen's: the median of the slopes of all pairs of points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::new();
    for (index, (x, y)) in points.iter().enumerate() {
        slopes.extend(points[..index].iter().map(|(before, below)| (y - below) / (x - before)));
    }
    median(&slopes)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Random choices.
struct Draws {
    generator: Philox,
    next: u64,
}

impl Draws {
    fn one_of(&mut self, values: &[f64]) -> f64 {
        let [word, ..] = self.generator.block(self.next);
        self.next += 1;
        values[((u64::from(word) * values.len() as u64) >> 32) as usize]
    }
}
