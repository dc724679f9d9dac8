//! Which configurations a workload is measured in.

use super::catalogue::{Catalogue, Executor};

/// One row to be: a workload under an executor with a number of workers.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) executor: Executor,
    pub(super) workers: usize,
    pub(super) arm: Arm,
}

/// The serial code runs as two configurations, whose difference is the noise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arm {
    Measured,
    SerialA,
    SerialB,
}

/// The configurations of `workload`, serial ones first.
pub(super) fn configurations(catalogue: &Catalogue, workload: &str, workers: &[usize]) -> Vec<Config> {
    let mut configs = Vec::new();
    let limits = catalogue.limits.get(workload).copied().unwrap_or((1, usize::MAX));
    for executor in &catalogue.executors {
        if !executor.workloads.iter().any(|name| name == workload) {
            continue;
        }
        if executor.is_serial() {
            for arm in [Arm::SerialA, Arm::SerialB] {
                configs.push(Config { executor: executor.clone(), workers: 1, arm });
            }
        } else {
            let counts = within(&worker_counts(executor, workers), limits);
            configs.extend(counts.into_iter().map(|workers| Config {
                executor: executor.clone(),
                workers,
                arm: Arm::Measured,
            }));
        }
    }
    configs.sort_by_key(|config| config.arm == Arm::Measured);
    configs
}

/// The counts that this executor can have; where it can have none of them, the most that it can.
pub(super) fn worker_counts(executor: &Executor, workers: &[usize]) -> Vec<usize> {
    let most = executor.max_workers.unwrap_or(usize::MAX).max(1);
    let possible: Vec<usize> = workers.iter().copied().filter(|count| *count <= most).collect();
    if possible.is_empty() { vec![most] } else { possible }
}

/// The counts that a workload can use; where all are more, the most that it can.
fn within(counts: &[usize], (least, most): (usize, usize)) -> Vec<usize> {
    let possible: Vec<usize> =
        counts.iter().copied().filter(|count| (least..=most).contains(count)).collect();
    if possible.is_empty() && counts.iter().any(|count| *count > most) { vec![most] } else { possible }
}

#[cfg(test)]
mod tests {
    use super::{Arm, configurations, within};
    use crate::bench_all::build::Program;
    use crate::bench_all::catalogue::{Catalogue, Executor};

    fn executor(paradigm: &str, name: &str, max_workers: Option<usize>, workloads: &[&str]) -> Executor {
        Executor {
            program: Program { paradigm: paradigm.into(), path: "/bin/true".into() },
            paradigm: paradigm.into(),
            name: name.into(),
            max_workers,
            workloads: workloads.iter().map(|name| (*name).to_owned()).collect(),
            patterns: Vec::new(),
        }
    }

    #[test]
    fn serial_is_a_pair_and_limits_hold() {
        let catalogue = Catalogue {
            executors: vec![
                executor("threads", "pool", None, &["ep", "fib"]),
                executor("serial", "serial", Some(1), &["ep", "fib"]),
                executor("gpu", "opencl", Some(1), &["ep"]),
            ],
            ..Catalogue::default()
        };
        let plan = |workload, workers: &[usize]| {
            let configs = configurations(&catalogue, workload, workers);
            configs.iter().map(|c| (c.executor.name.clone(), c.workers, c.arm)).collect::<Vec<_>>()
        };
        assert_eq!(
            plan("ep", &[1, 2]),
            [
                ("serial".into(), 1, Arm::SerialA),
                ("serial".into(), 1, Arm::SerialB),
                ("pool".into(), 1, Arm::Measured),
                ("pool".into(), 2, Arm::Measured),
                ("opencl".into(), 1, Arm::Measured),
            ]
        );
        assert_eq!(plan("ep", &[2]).last().unwrap().1, 1, "an executor of one worker runs with one");
        assert_eq!(plan("fib", &[2]).len(), 3, "who has no such workload is not asked");
    }

    #[test]
    fn a_workload_may_need_a_number_of_workers() {
        assert_eq!(within(&[1, 2, 4, 8], (2, 2)), [2]);
        assert_eq!(within(&[1, 2, 4, 8], (2, usize::MAX)), [2, 4, 8]);
        assert_eq!(within(&[4, 8], (2, 2)), [2], "more workers than are of use");
        assert_eq!(within(&[1], (2, 2)), [0; 0], "one is not enough");
    }
}
