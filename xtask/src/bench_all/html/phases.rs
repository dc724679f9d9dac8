//! What a run's time was spent on, as shares of one bar.

use super::super::row::RunRow;
use super::super::units::{percent, time};
use super::escape::{Esc, put};
use super::model::Model;

/// The phases in the order in which a run goes through them; the number is the CSS class.
const PHASES: [&str; 8] = ["setup", "split", "encode", "transfer", "queue", "compute", "merge", "teardown"];
/// These are sums over workers, the others are the caller's wall time.
const SUMMED: [&str; 2] = ["queue", "compute"];

pub(super) fn render(model: &Model) -> String {
    let has_any = |run: &&&RunRow| total(run) > 0.0;
    if !model.runs.iter().any(|run| has_any(&run)) {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">Medians of each phase at the best worker count, as shares of their sum. \
         Queue and compute are added up over the workers by the programs and divided by them here; \
         the other phases are the caller’s own time.</p>\n<ul class=\"legend\">\n",
    );
    for (index, phase) in PHASES.iter().enumerate() {
        put!(out, "<li><i class=\"swatch p{index}\"></i>{phase}</li>\n");
    }
    out.push_str("</ul>\n<div class=\"cards\">\n");
    for workload in &model.workloads {
        let serial = model.serial(workload).filter(|run| total(run) > 0.0);
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
    let total = total(run);
    if total <= 0.0 {
        return;
    }
    let shares: Vec<(usize, f64)> =
        PHASES.iter().enumerate().map(|(index, phase)| (index, of(run, phase) / total)).collect();
    let told: Vec<String> = shares
        .iter()
        .filter(|(_, share)| *share >= 0.005)
        .map(|(index, share)| format!("{} {}", PHASES[*index], percent(*share)))
        .collect();
    put!(
        out,
        "<div><span>{}</span><div class=\"bar\" role=\"img\" aria-label=\"{}\">",
        Esc(&run.executor),
        told.join(", ")
    );
    for (index, share) in shares.into_iter().filter(|(_, share)| *share >= 0.001) {
        put!(
            out,
            "<i class=\"p{index}\" style=\"width:{:.2}%\" title=\"{} {}\"></i>",
            share * 100.0,
            PHASES[index],
            percent(share)
        );
    }
    put!(out, "</div><span>{}</span></div>\n", time(run.median_ns));
}

fn total(run: &RunRow) -> f64 {
    PHASES.iter().map(|phase| of(run, phase)).sum()
}

fn of(run: &RunRow, phase: &str) -> f64 {
    let ns = run.phases_ns.get(phase).copied().unwrap_or(0) as f64;
    if SUMMED.contains(&phase) { ns / run.workers.max(1) as f64 } else { ns }
}
