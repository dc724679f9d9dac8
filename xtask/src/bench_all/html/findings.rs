//! What the numbers say, in sentences that are computed from them.

use super::super::row::{RunRow, Verdict};
use super::super::statistics::geometric_mean;
use super::super::units::{count, percent, rate, time, times};
use super::model::{Model, Series};
use super::timeline::Idle;

/// The page's title: the one thing to take away.
pub(super) fn headline(model: &Model) -> String {
    let cores = count(model.manifest.host.cores, "core");
    let winners: Vec<&RunRow> =
        model.workloads.iter().filter_map(|workload| model.winner(workload)).collect();
    let faster: Vec<f64> =
        winners.iter().filter(|run| run.verdict == Verdict::Faster).filter_map(|run| run.speedup).collect();
    match (winners.len(), geometric_mean(&faster)) {
        (0, _) => "Nothing could be measured".to_owned(),
        (all, None) => {
            format!("On {cores}, nothing beats the serial code on any of {}", count(all, "workload"))
        }
        (all, Some(mean)) => format!(
            "On {cores}, running in parallel pays on {} of {}, by {} on average with the best executor",
            faster.len(),
            count(all, "workload"),
            times(mean)
        ),
    }
}

/// The sentences under the title.
pub(super) fn sentences(model: &Model) -> Vec<String> {
    [
        verified(model),
        winner(model),
        losses(model),
        shortest_task(model),
        messages(model),
        idlest(model),
        absent(model),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn verified(model: &Model) -> Option<String> {
    let samples: usize = model.runs.iter().map(|run| run.samples_ns.len()).sum();
    let ran = format!("{} and {}", count(model.runs.len(), "configuration"), count(samples, "timed answer"));
    match (model.runs.len(), model.failed.len()) {
        (0, _) => None,
        (_, 0) => Some(format!("Every answer was verified: {ran}.")),
        (_, failed) => Some(format!(
            "{} failed and {} no time; the other {ran} were verified.",
            count(failed, "run"),
            if failed == 1 { "has" } else { "have" }
        )),
    }
}

fn winner(model: &Model) -> Option<String> {
    let winners: Vec<&RunRow> = model
        .workloads
        .iter()
        .filter_map(|workload| model.winner(workload))
        .filter(|run| run.verdict == Verdict::Faster)
        .collect();
    let of = |series: &&Series| winners.iter().filter(|run| series.is_of(run)).count();
    let best = model.series.iter().rev().max_by_key(of)?;
    let won = of(&best);
    (won > 0).then(|| {
        let speedups: Vec<f64> =
            winners.iter().filter(|run| best.is_of(run)).filter_map(|run| run.speedup).collect();
        format!(
            "{} has the lowest median on {} of {}, there at {} of serial speed on average.",
            best.executor,
            won,
            count(model.workloads.len(), "workload"),
            times(geometric_mean(&speedups).unwrap_or(1.0))
        )
    })
}

fn losses(model: &Model) -> Option<String> {
    let cells = model.cells();
    let compared = cells.iter().filter(|run| run.verdict != Verdict::Unknown).count();
    let same = cells.iter().filter(|run| run.verdict == Verdict::NoDifference).count();
    let slower: Vec<&&RunRow> = cells.iter().filter(|run| run.verdict == Verdict::Slower).collect();
    let speed = |run: &RunRow| run.speedup.unwrap_or(1.0);
    if compared == 0 {
        return None;
    }
    let tail = format!("{same} of {} are no different from serial.", count(compared, "comparison"));
    match slower.iter().min_by(|a, b| speed(a).total_cmp(&speed(b))) {
        None => Some(format!("No executor loses to serial at its best worker count; {tail}")),
        Some(worst) => Some(format!(
            "{} even at the best worker count, worst {} on {} ({}); {tail}",
            if slower.len() == 1 {
                "1 comparison is lost".to_owned()
            } else {
                format!("{} comparisons are lost", slower.len())
            },
            worst.executor,
            worst.workload,
            worst.verdict_text()
        )),
    }
}

/// Below which task length only one executor is left, on the first pattern.
fn shortest_task(model: &Model) -> Option<String> {
    let patterns = model.patterns();
    let pattern = patterns.iter().find(|name| name.starts_with("stencil")).or_else(|| patterns.first())?;
    let mut found: Vec<(f64, &str)> = model
        .metg
        .iter()
        .filter(|metg| metg.pattern == **pattern)
        .filter_map(|metg| Some((metg.metg50_ns?, metg.executor.as_str())))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((first, name)) = found.first().copied() else {
        return Some(format!(
            "No executor keeps half of the machine busy on {pattern}, at any task length tried."
        ));
    };
    // Medians of sweeps this close are not told apart.
    let leaders: Vec<&str> =
        found.iter().take_while(|(ns, _)| *ns <= first * 1.05).map(|(_, name)| *name).collect();
    let rest = &found[leaders.len()..];
    Some(match (leaders.len(), rest.first(), rest.last()) {
        (1, Some((next, _)), Some((last, slowest))) => format!(
            "Below {} per task only {name} keeps half of the machine busy on {pattern}, down to {}; {slowest} needs {}.",
            time(*next),
            time(first),
            time(*last)
        ),
        (1, ..) => {
            format!("On {pattern}, {name} keeps half of the machine busy down to {} per task.", time(first))
        }
        (_, _, Some((last, slowest))) => format!(
            "On {pattern}, {} keep half of the machine busy down to {} per task; {slowest} needs {}.",
            leaders.join(" and "),
            time(first),
            time(*last)
        ),
        (all, ..) => format!(
            "On {pattern}, all {all} executors keep half of the machine busy down to about {} per task.",
            time(first)
        ),
    })
}

/// The shortest messages and the widest way, world by world.
fn messages(model: &Model) -> Option<String> {
    let swept = model.latency.iter().filter_map(|row| Some((row, row.at(8)?, row.bandwidth()?)));
    let told: Vec<String> = swept
        .map(|(row, short, most)| {
            format!("{} on {}, which moves up to {}B/s", time(short), row.executor, rate(most * 1e9))
        })
        .collect();
    (!told.is_empty()).then(|| format!("A message of 8 B takes {}.", told.join(", ")))
}

fn idlest(model: &Model) -> Option<String> {
    let idles = model.runs.iter().filter_map(|run| Some((*run, Idle::of(run)?)));
    let (run, idle) = idles.max_by(|a, b| a.1.share.total_cmp(&b.1.share))?;
    (idle.share > 0.1).then(|| {
        format!(
            "Workers waited most under {} on {}: {} of their time; the longest chunk took {} of the run.",
            run.executor,
            run.workload,
            percent(idle.share),
            percent(idle.longest_share)
        )
    })
}

fn absent(model: &Model) -> Option<String> {
    let names: Vec<&str> = model
        .absent
        .iter()
        .map(|row| if row.executor == "*" { row.paradigm.as_str() } else { row.executor.as_str() })
        .collect();
    (!names.is_empty()).then(|| format!("Absent on this machine: {}.", names.join(", ")))
}
