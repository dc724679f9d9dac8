//! What one run of an SPMD workload brings, once it is verified.

use std::time::{Duration, Instant};

use par_core::comm::SpmdError;
use par_core::{Mismatch, Phase, Phases, Report};
use serde::Serialize;

use super::pingpong::LogGp;
use super::{RankCost, Ranked, SerialTime, SpmdWorkload, World};
use crate::catalogue::CaseError;
use crate::process_tree::Meter;

/// A verified run of all ranks.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The run as a sample: wall time and phases are those of the slowest rank, that is, maxima over ranks.
    pub report: Report,
    /// What was made besides the ranks' own wall time: starting them, examining the answer, collecting what they found.
    pub around: Duration,
    /// Who sent what to whom.
    pub traffic: Traffic,
    /// Times of single messages, where the workload is about them.
    pub latency: Option<LatencyTable>,
}

/// How many messages, and how many bytes, each rank sent to each: `[from][to]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Messages.
    pub messages: Vec<Vec<u64>>,
    /// Bytes.
    pub bytes: Vec<Vec<u64>>,
}

/// Times of single messages by their length.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyTable {
    /// In order of length.
    pub points: Vec<LatencyPoint>,
    /// The parameters of the LogGP model, where they were measured.
    pub loggp: Option<LogGp>,
}

/// How long a message of one length is under way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencyPoint {
    /// Its length.
    pub bytes: u64,
    /// Half of the median round trip, or the mean hop.
    pub one_way_ns: f64,
    /// The 95 % interval of the median, where there are round trips enough for one.
    pub ci95_ns: Option<[f64; 2]>,
}

impl Traffic {
    fn of(costs: &[&RankCost]) -> Self {
        let rows = |of: fn(&super::Sent) -> u64| {
            costs.iter().map(|cost| cost.sent.iter().map(of).collect()).collect()
        };
        Self { messages: rows(|sent| sent.messages), bytes: rows(|sent| sent.bytes) }
    }

    /// Messages of all ranks together.
    pub fn total_messages(&self) -> u64 {
        self.messages.iter().flatten().sum()
    }

    /// Bytes of all ranks together.
    pub fn total_bytes(&self) -> u64 {
        self.bytes.iter().flatten().sum()
    }
}

/// Runs `workload` on all ranks of `world`, and verifies what they found; `None` on a rank that only takes part.
///
/// # Errors
/// [`CaseError`]: a rank failed, or the answer is wrong.
pub(super) fn measure<W: SpmdWorkload>(
    workload: &W,
    world: &impl World,
    paradigm: &str,
    executor: &str,
) -> Result<Option<Measured>, CaseError> {
    let meter = Meter::start();
    let begun = Instant::now();
    let Some(outputs) = world.run(workload)? else { return Ok(None) };
    let whole = begun.elapsed();
    let usage = meter.stop();
    if outputs.len() != world.ranks().get() {
        let (ranks, got) = (world.ranks().get(), outputs.len());
        let reason = format!("{got} of them yielded something");
        return Err(SpmdError::NoWorld { ranks, reason }.into());
    }
    let (parts, costs): (Vec<W::Part>, Vec<&RankCost>) =
        outputs.iter().map(|Ranked { part, cost }| (part.clone(), cost)).unzip();
    workload.verify(&parts)?;
    let slowest = |of: fn(&RankCost) -> u64| costs.iter().map(|cost| of(cost)).max().unwrap_or(0);
    let mut phases = Phases::ZERO;
    for (phase, time) in [
        (Phase::Setup, slowest(|cost| cost.setup_ns)),
        (Phase::Compute, slowest(|cost| cost.compute_ns)),
        (Phase::Transfer, slowest(|cost| cost.transfer_ns)),
    ] {
        phases.add(phase, Duration::from_nanos(time));
    }
    let traffic = Traffic::of(&costs);
    let params = serde_json::to_value(workload).unwrap_or_default();
    let mut report = Report::empty(W::NAME, params, paradigm, executor).with_phases(&phases);
    report.workers = outputs.len();
    report.parts = outputs.len();
    report.tasks = outputs.len() as u64;
    report.wall_ns = slowest(|cost| cost.wall_ns);
    report.cpu_ns = costs.iter().map(|cost| cost.cpu_ns).sum();
    report.peak_rss_bytes = peak_rss_bytes(&costs).max(usage.peak_rss_bytes);
    // What is sent is received: the workloads' programs end only when it was.
    (report.bytes_sent, report.bytes_received) = (traffic.total_bytes(), traffic.total_bytes());
    let cost = workload.cost();
    (report.operations, report.bytes_moved) = (cost.operations, cost.bytes);
    Ok(Some(Measured {
        around: whole.saturating_sub(Duration::from_nanos(slowest(|cost| cost.wall_ns))),
        latency: workload.latency(&outputs),
        report: report.verified(workload.checked_against()),
        traffic,
    }))
}

/// Runs the best serial code of `workload`; `None` where there is none.
pub(super) fn measure_serial<W: SpmdWorkload>(
    workload: &W,
    paradigm: &str,
) -> Option<Result<Report, Mismatch>> {
    let meter = Meter::start();
    let outcome = workload.run_serial()?;
    let usage = meter.stop();
    Some(outcome.map(|SerialTime { wall, cpu }| {
        let mut phases = Phases::ZERO;
        phases.add(Phase::Compute, wall);
        let params = serde_json::to_value(workload).unwrap_or_default();
        let mut report = Report::empty(W::NAME, params, paradigm, "serial").with_phases(&phases);
        report.wall_ns = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
        report.tasks = 1;
        let cost = workload.cost();
        (report.operations, report.bytes_moved) = (cost.operations, cost.bytes);
        report.cpu_ns = u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX);
        report.peak_rss_bytes = usage.peak_rss_bytes;
        report.verified(workload.checked_against())
    }))
}

/// Of all processes that have a rank, each once.
fn peak_rss_bytes(costs: &[&RankCost]) -> u64 {
    let mut seen: Vec<u32> = Vec::new();
    let mut sum = 0;
    for cost in costs {
        if !seen.contains(&cost.process) {
            seen.push(cost.process);
            sum += cost.peak_rss_bytes;
        }
    }
    sum
}
