//! What a run's time was spent on, as shares of one bar.

use super::super::row::RunRow;
use super::super::units::{percent, time};
use super::escape::{Esc, put};
use super::model::Model;

/// What a bar is made of; the number is the CSS class.
///
/// The time that chunks spend in the queue is not the workers' time: while one waits, others are computed.
/// What is left of wall × workers is waiting. Starting and stopping the executor is not in the wall time.
const PARTS: [(usize, &str); 7] =
    [(0, "setup"), (1, "split"), (2, "encode"), (3, "transfer"), (5, "compute"), (6, "merge"), (4, WAITING)];
const WAITING: &str = "waiting";

pub(super) fn render(model: &Model) -> String {
    if !model.runs.iter().any(|run| busy(run) > 0.0) {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">What the workers did with their time, wall time × workers, at the best worker count: \
         medians of each phase. Of a world it is the wall time of the slowest rank, and transfer includes waiting for messages. Waiting is what no phase claims: a worker without a chunk, or the caller’s wake-up.\
         </p>\n<ul class=\"legend\">\n",
    );
    for (index, phase) in PARTS {
        put!(out, "<li><i class=\"swatch p{index}\"></i>{phase}</li>\n");
    }
    out.push_str("</ul>\n<div class=\"cards\">\n");
    for workload in &model.workloads {
        let serial = model.serial(workload).filter(|run| busy(run) > 0.0);
        let rows: Vec<&RunRow> = serial
            .into_iter()
            .chain(model.series.iter().filter_map(|series| model.best(workload, series)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        put!(
            out,
            "<figure class=\"card\"><figcaption><b>{}</b></figcaption>\n<div class=\"phases\">\n",
            Esc(workload)
        );
        for run in rows {
            bar(&mut out, run);
        }
        out.push_str("</div></figure>\n");
    }
    out.push_str("</div>\n");
    out
}

fn bar(out: &mut String, run: &RunRow) {
    let busy = busy(run);
    if busy <= 0.0 {
        return;
    }
    // A kernel's phases are sums over workers, so more than the whole can only be noise between medians.
    // Those of ranks are maxima over ranks, beside the wall time of one.
    let workers = if run.ranks.is_some() { 1 } else { run.workers.max(1) };
    let whole = (run.median_ns * workers as f64).max(busy);
    let share = |part: &str| if part == WAITING { (whole - busy) / whole } else { of(run, part) / whole };
    let told: Vec<String> = PARTS
        .iter()
        .filter(|(_, part)| share(part) >= 0.005)
        .map(|(_, part)| format!("{part} {}", percent(share(part))))
        .collect();
    put!(
        out,
        "<div><span>{}</span><div class=\"bar\" role=\"img\" aria-label=\"{}\">",
        Esc(&run.executor),
        told.join(", ")
    );
    for (class, part) in PARTS.iter().filter(|(_, part)| share(part) >= 0.001) {
        let share = share(part);
        put!(
            out,
            "<i class=\"p{class}\" style=\"width:{:.2}%\" title=\"{part} {}\"></i>",
            share * 100.0,
            percent(share)
        );
    }
    put!(out, "</div><span>{}</span></div>\n", time(run.median_ns));
}

fn busy(run: &RunRow) -> f64 {
    PARTS.iter().map(|(_, part)| of(run, part)).sum()
}

/// The median time of a phase; nothing for what is no phase.
fn of(run: &RunRow, phase: &str) -> f64 {
    run.phases_ns.get(phase).copied().unwrap_or(0) as f64
}
