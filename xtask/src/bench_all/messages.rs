//! What bench programs say of single messages: times by length, the LogGP model of them, and who sent what to whom.

use serde::{Deserialize, Serialize};

use super::random::SplitMix64;
use super::rounds::Measured;
use super::row::{LatencyRow, TrafficRow};
use super::statistics::{self, LEAST};

/// One sweep over message lengths: a `latency` line.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Latency {
    pub(super) workload: String,
    pub(super) executor: String,
    pub(super) workers: usize,
    pub(super) points: Vec<LatencyPoint>,
    pub(super) loggp: Option<LogGp>,
    pub(super) verified: bool,
}

/// How long a message of one length is under way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct LatencyPoint {
    pub(super) bytes: u64,
    pub(super) one_way_ns: f64,
    pub(super) ci95_ns: Option<[f64; 2]>,
}

/// The parameters of LogGP, in nanoseconds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct LogGp {
    /// The length of the messages that latency, overheads and gap are of.
    pub(super) bytes: u64,
    pub(super) latency: Parameter,
    pub(super) send_overhead: Parameter,
    pub(super) receive_overhead: Parameter,
    pub(super) gap: Parameter,
    pub(super) gap_per_byte: Parameter,
}

/// A value with its 95 % interval, or why there is none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Parameter {
    Known { value: f64, ci95: [f64; 2] },
    NotIdentifiable { reason: String },
}

/// Who sent how much to whom, `[from][to]`: a `traffic` line.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Traffic {
    pub(super) workload: String,
    pub(super) executor: String,
    pub(super) workers: usize,
    pub(super) messages: Vec<Vec<u64>>,
    pub(super) bytes: Vec<Vec<u64>>,
}

impl Latency {
    /// Passes when the line is what was asked for and makes sense.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, workload: &str, executor: &str, workers: usize) -> Result<(), String> {
        if (self.workload.as_str(), self.executor.as_str(), self.workers) != (workload, executor, workers) {
            return Err("printed times of messages of something else".to_owned());
        }
        if !self.verified {
            return Err("printed times of messages that were not verified".to_owned());
        }
        if self.points.is_empty() || !self.points.is_sorted_by(|a, b| a.bytes < b.bytes) {
            return Err("printed times of messages that are not in order of length".to_owned());
        }
        let time = |ns: f64| ns.is_finite() && ns > 0.0;
        if let Some(bad) = self.points.iter().find(|point| !time(point.one_way_ns)) {
            return Err(format!("printed a time of {} ns for a message of {} B", bad.one_way_ns, bad.bytes));
        }
        let ends = self.points.iter().filter_map(|point| point.ci95_ns);
        let parameters = self.loggp.iter().flat_map(LogGp::all).filter_map(Parameter::known);
        let mut ends = ends.chain(parameters.map(|(_, ci95)| ci95));
        if ends.any(|[low, high]| !(time(low) && time(high) && low <= high)) {
            return Err("printed an interval that is none".to_owned());
        }
        Ok(())
    }
}

impl Traffic {
    /// Passes when the line is what was asked for and makes sense.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, workload: &str, executor: &str, workers: usize) -> Result<(), String> {
        if (self.workload.as_str(), self.executor.as_str(), self.workers) != (workload, executor, workers) {
            return Err("printed the traffic of something else".to_owned());
        }
        let is_square =
            |matrix: &[Vec<u64>]| matrix.len() == workers && matrix.iter().all(|row| row.len() == workers);
        if is_square(&self.messages) && is_square(&self.bytes) {
            Ok(())
        } else {
            Err(format!("printed a traffic matrix that has not {workers} rows of {workers}"))
        }
    }
}

impl Parameter {
    pub(super) fn known(&self) -> Option<(f64, [f64; 2])> {
        match self {
            Self::Known { value, ci95 } => Some((*value, *ci95)),
            Self::NotIdentifiable { .. } => None,
        }
    }

    /// One parameter of several sweeps: the median of the values, its interval that of the bootstrap over sweeps; of few
    /// sweeps, from the lowest end of theirs to the highest. Where most sweeps do not carry it, nor do all.
    fn of_sweeps(sweeps: &[&Self], rng: &mut SplitMix64) -> Self {
        let known: Vec<(f64, [f64; 2])> = sweeps.iter().filter_map(|sweep| sweep.known()).collect();
        let values: Vec<f64> = known.iter().map(|(value, _)| *value).collect();
        let why = sweeps.iter().find_map(|sweep| match sweep {
            Self::NotIdentifiable { reason } => Some(reason.clone()),
            Self::Known { .. } => None,
        });
        match (statistics::median(&values), why) {
            (Some(value), _) if 2 * values.len() > sweeps.len() => {
                let hull = known.iter().fold([f64::INFINITY, 0.0_f64], |[low, high], (_, ci95)| {
                    [low.min(ci95[0]), high.max(ci95[1])]
                });
                Self::Known { value, ci95: statistics::median_interval(&values, rng).unwrap_or(hull) }
            }
            (_, Some(reason)) if sweeps.len() > 1 => {
                let without = sweeps.len() - values.len();
                Self::NotIdentifiable { reason: format!("in {without} of {} sweeps: {reason}", sweeps.len()) }
            }
            (_, reason) => Self::NotIdentifiable { reason: reason.unwrap_or_default() },
        }
    }
}

impl LogGp {
    /// L, `o_s`, `o_r`, g and G.
    pub(super) fn all(&self) -> [&Parameter; 5] {
        [&self.latency, &self.send_overhead, &self.receive_overhead, &self.gap, &self.gap_per_byte]
    }

    fn of_sweeps(sweeps: &[&Self], rng: &mut SplitMix64) -> Option<Self> {
        let bytes = sweeps.first()?.bytes;
        let mut of = |pick: fn(&Self) -> &Parameter| {
            let all: Vec<&Parameter> = sweeps.iter().map(|sweep| pick(sweep)).collect();
            Parameter::of_sweeps(&all, rng)
        };
        Some(Self {
            bytes,
            latency: of(|sweep| &sweep.latency),
            send_overhead: of(|sweep| &sweep.send_overhead),
            receive_overhead: of(|sweep| &sweep.receive_overhead),
            gap: of(|sweep| &sweep.gap),
            gap_per_byte: of(|sweep| &sweep.gap_per_byte),
        })
    }
}

/// The sweeps of one configuration as one row: medians over sweeps.
pub(super) fn latency_row(workload: &str, this: &Measured, seed: u64) -> Option<LatencyRow> {
    let first = this.latencies.first()?;
    let executor = &this.config.executor;
    let mut rng = SplitMix64::named(
        seed,
        &format!("latency {workload} {} {} {}", executor.paradigm, executor.name, this.config.workers),
    );
    let points = first.points.iter().map(|point| {
        let same = this.latencies.iter().flat_map(|sweep| &sweep.points).filter(|p| p.bytes == point.bytes);
        let values: Vec<f64> = same.map(|point| point.one_way_ns).collect();
        let alone = point.ci95_ns.filter(|_| values.len() == 1);
        LatencyPoint {
            bytes: point.bytes,
            one_way_ns: statistics::median(&values).unwrap_or(point.one_way_ns),
            ci95_ns: if values.len() < LEAST {
                alone
            } else {
                statistics::median_interval(&values, &mut rng)
            },
        }
    });
    let points = points.collect();
    let loggps: Vec<&LogGp> = this.latencies.iter().filter_map(|sweep| sweep.loggp.as_ref()).collect();
    Some(LatencyRow {
        workload: workload.to_owned(),
        paradigm: executor.paradigm.clone(),
        executor: executor.name.clone(),
        workers: this.config.workers,
        sweeps: this.latencies.len(),
        points,
        loggp: LogGp::of_sweeps(&loggps, &mut rng),
    })
}

/// The traffic of one configuration, which is the same in every repetition.
pub(super) fn traffic_row(workload: &str, this: &Measured) -> Option<TrafficRow> {
    let traffic = this.traffic.as_ref()?;
    Some(TrafficRow {
        workload: workload.to_owned(),
        paradigm: this.config.executor.paradigm.clone(),
        executor: this.config.executor.name.clone(),
        workers: this.config.workers,
        messages: traffic.messages.clone(),
        bytes: traffic.bytes.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Latency, Parameter, Traffic};
    use crate::bench_all::random::SplitMix64;

    fn latency(points: &str, loggp: &str, verified: bool) -> Result<(), String> {
        let line = format!(
            r#"{{"workload":"pingpong","executor":"world","workers":2,"points":{points},"loggp":{loggp},"verified":{verified}}}"#
        );
        let latency: Latency = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        latency.check("pingpong", "world", 2)
    }

    #[test]
    fn times_of_messages_must_make_sense() {
        let good =
            r#"[{"bytes":0,"one_way_ns":90.5,"ci95_ns":[90,91]},{"bytes":8,"one_way_ns":91,"ci95_ns":null}]"#;
        assert_eq!(latency(good, "null", true), Ok(()));
        assert!(latency(good, "null", false).unwrap_err().contains("not verified"));
        for (bad, why) in [
            ("[]", "order"),
            (
                r#"[{"bytes":8,"one_way_ns":1,"ci95_ns":null},{"bytes":8,"one_way_ns":1,"ci95_ns":null}]"#,
                "order",
            ),
            (r#"[{"bytes":8,"one_way_ns":0,"ci95_ns":null}]"#, "0 ns"),
            (r#"[{"bytes":8,"one_way_ns":-1,"ci95_ns":null}]"#, "-1 ns"),
            (r#"[{"bytes":8,"one_way_ns":null,"ci95_ns":null}]"#, "invalid type"),
            (r#"[{"bytes":8,"one_way_ns":1,"ci95_ns":[2,1]}]"#, "interval"),
            (r#"[{"bytes":-8,"one_way_ns":1,"ci95_ns":null}]"#, "invalid value"),
            (r#"[{"one_way_ns":1,"ci95_ns":null}]"#, "bytes"),
        ] {
            let said = latency(bad, "null", true).unwrap_err();
            assert!(said.contains(why), "{said} for {bad}");
        }
    }

    #[test]
    fn parameters_are_values_or_reasons() {
        let points = r#"[{"bytes":8,"one_way_ns":91,"ci95_ns":null}]"#;
        let with = |gap: &str| {
            let known = r#"{"value":1.5,"ci95":[1,2]}"#;
            let loggp = format!(
                r#"{{"bytes":8,"latency":{known},"send_overhead":{known},"receive_overhead":{known},"gap":{gap},"gap_per_byte":{known}}}"#
            );
            latency(points, &loggp, true)
        };
        assert_eq!(with(r#"{"value":0.5,"ci95":[0.4,0.7]}"#), Ok(()));
        assert_eq!(with(r#"{"reason":"too few"}"#), Ok(()));
        for bad in [
            "{}",
            "null",
            r#"{"value":null,"ci95":[1,2]}"#,
            r#"{"value":1}"#,
            r#"{"value":1,"ci95":[-1,2]}"#,
            r#"{"value":1,"ci95":[3,2]}"#,
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
        assert!(latency(points, r#"{"bytes":8}"#, true).is_err());
    }

    #[test]
    fn a_traffic_matrix_is_square() {
        let traffic = |messages: &str, bytes: &str| {
            let line = format!(
                r#"{{"workload":"heat","executor":"world","workers":2,"messages":{messages},"bytes":{bytes}}}"#
            );
            let traffic: Traffic = serde_json::from_str(&line).map_err(|error| error.to_string())?;
            traffic.check("heat", "world", 2)
        };
        assert_eq!(traffic("[[0,1],[1,0]]", "[[0,8],[8,0]]"), Ok(()));
        for (messages, bytes) in [
            ("[[0,1],[1,0]]", "[[0,8]]"),
            ("[[0,1],[1]]", "[[0,8],[8,0]]"),
            ("[]", "[]"),
            ("[[0,1],[1,0]]", "[[0,-8],[8,0]]"),
            ("[[0,1],[1,0]]", "null"),
        ] {
            assert!(traffic(messages, bytes).is_err(), "{messages} {bytes}");
        }
        let other = r#"{"workload":"heat","executor":"other","workers":2,"messages":[[0,1],[1,0]],"bytes":[[0,8],[8,0]]}"#;
        let other: Traffic = serde_json::from_str(other).unwrap();
        assert!(other.check("heat", "world", 2).is_err() && other.check("heat", "other", 3).is_err());
    }

    #[test]
    fn sweeps_are_pooled_and_a_minority_does_not_count() {
        let known = |value: f64| Parameter::Known { value, ci95: [value - 1.0, value + 1.0] };
        let unknown = Parameter::NotIdentifiable { reason: "too flat".to_owned() };
        let pool = |sweeps: &[&Parameter]| Parameter::of_sweeps(sweeps, &mut SplitMix64::new(1));
        let (ten, twelve, twenty) = (known(10.0), known(12.0), known(20.0));
        assert_eq!(
            pool(&[&ten, &unknown, &twelve]),
            Parameter::Known { value: 11.0, ci95: [9.0, 13.0] },
            "few sweeps: from end to end"
        );
        let Parameter::Known { value, ci95 } = pool(&[&ten, &ten, &twelve, &twelve, &twelve, &twenty, &ten])
        else {
            panic!("seven sweeps carry it")
        };
        assert!((value - 12.0).abs() < 1e-12 && ci95[0] >= 10.0 && ci95[1] <= 20.0);
        assert_eq!(
            pool(&[&ten, &unknown]),
            Parameter::NotIdentifiable { reason: "in 1 of 2 sweeps: too flat".to_owned() }
        );
        assert_eq!(pool(&[&unknown]), unknown);
    }
}
