//! Every run row, sortable where there is JavaScript.

use super::super::row::RunRow;
use super::super::units::{bytes, percent, rate, time, times};
use super::escape::{Esc, put};
use super::model::{Model, verdict_class};

const COLUMNS: [(&str, bool); 19] = [
    ("Workload", false),
    ("Executor", false),
    ("Paradigm", false),
    ("Workers", true),
    ("Chunks", true),
    ("Samples", true),
    ("Median", true),
    ("95 % from", true),
    ("to", true),
    ("Speedup", true),
    ("Relative", true),
    ("Efficiency", true),
    ("Karp–Flatt", true),
    ("Verdict", false),
    ("CPU", true),
    ("Peak memory", true),
    ("Moved", true),
    ("Operations/s", true),
    ("Checked against", false),
];

pub(super) fn render(model: &Model) -> String {
    if model.runs.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    put!(out, "<details>\n<summary>All {} measured configurations</summary>\n", model.runs.len());
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All measured configurations\">\n<table class=\"plain sortable\">\n<thead><tr>");
    for (name, number) in COLUMNS {
        put!(out, "<th scope=\"col\"{}>{name}</th>", if number { " class=\"n\"" } else { "" });
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for run in &model.runs {
        row(&mut out, run);
    }
    out.push_str("</tbody>\n</table>\n</div>\n</details>\n");
    out
}

fn row(out: &mut String, run: &RunRow) {
    put!(
        out,
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>",
        Esc(&run.workload),
        Esc(&run.executor),
        Esc(&run.paradigm)
    );
    let ends = run.ci95_ns;
    // What one rank sends, another receives.
    let moved = run.bytes_sent + if run.ranks.is_some() { 0 } else { run.bytes_received };
    number(out, Some(run.workers as f64), |value| format!("{value}"));
    number(out, Some(run.parts as f64), |value| format!("{value}"));
    number(out, Some(run.samples_ns.len() as f64), |value| format!("{value}"));
    number(out, Some(run.median_ns), time);
    number(out, ends.map(|ends| ends[0]), time);
    number(out, ends.map(|ends| ends[1]), time);
    number(out, run.speedup, times);
    number(out, run.relative_speedup, times);
    number(out, run.efficiency, percent);
    number(out, run.karp_flatt, |value| format!("{value:.3}"));
    put!(out, "<td class=\"{}\"><span>{}</span></td>", verdict_class(run.verdict), run.verdict_text());
    number(out, Some(run.cpu_ns as f64), time);
    number(out, Some(run.peak_rss_bytes as f64), bytes);
    number(out, Some(moved as f64), bytes);
    number(out, run.operations_per_second, rate);
    put!(out, "<td>{}</td></tr>\n", Esc(&run.checked_against));
}

fn number(out: &mut String, value: Option<f64>, show: impl Fn(f64) -> String) {
    match value {
        Some(value) => put!(out, "<td class=\"n\" data-v=\"{value:e}\">{}</td>", show(value)),
        None => out.push_str("<td class=\"n empty\">—</td>"),
    }
}
