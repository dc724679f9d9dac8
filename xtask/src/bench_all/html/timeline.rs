//! Chunks over time, a lane for each worker: who waited, and for whom.

use super::super::contract::Span;
use super::super::row::RunRow;
use super::super::units::{count, percent, time};
use super::escape::{Esc, put};
use super::model::{Model, Series};

/// More lanes than these are not told apart any more.
const LANES: usize = 64;
const LANE: f64 = 14.0;
const WIDTH: f64 = 1000.0;

/// How much of their time the workers of a run had nothing to compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Idle {
    pub(super) share: f64,
    /// The longest chunk, as a part of the whole run.
    pub(super) longest_share: f64,
}

impl Idle {
    /// `None` for a run without spans.
    pub(super) fn of(run: &RunRow) -> Option<Self> {
        let wall = wall_ns(run)?;
        let busy: u64 = run.spans.iter().map(Span::length_ns).sum();
        let longest = run.spans.iter().map(Span::length_ns).max()?;
        let capacity = wall * lanes(run) as f64;
        Some(Self {
            share: (1.0 - busy as f64 / capacity).clamp(0.0, 1.0),
            longest_share: (longest as f64 / wall).clamp(0.0, 1.0),
        })
    }
}

pub(super) fn render(model: &Model) -> String {
    let drawn: Vec<&&str> =
        model.workloads.iter().filter(|workload| rows(model, workload).next().is_some()).collect();
    if drawn.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">One run of each workload under each executor with its most workers. \
         A lane is a worker, a block is a chunk; the longest chunk is outlined, an empty lane is a worker that waited. \
         Every row spans its own run from start to end.</p>\n<div class=\"cards\">\n",
    );
    for workload in drawn {
        put!(out, "<figure class=\"card\"><figcaption><b>{}</b></figcaption>\n", Esc(workload));
        for (series, run) in rows(model, workload) {
            row(&mut out, series, run);
        }
        out.push_str("</figure>\n");
    }
    out.push_str("</div>\n");
    out
}

fn rows<'a>(model: &'a Model, workload: &'a str) -> impl Iterator<Item = (&'a Series, &'a RunRow)> {
    model.series.iter().filter_map(move |series| {
        let run = model.curve(workload, series).into_iter().rev().find(|run| Idle::of(run).is_some())?;
        Some((series, run))
    })
}

fn row(out: &mut String, series: &Series, run: &RunRow) {
    let (Some(idle), Some(wall)) = (Idle::of(run), wall_ns(run)) else { return };
    let longest = run.spans.iter().max_by_key(|span| span.length_ns());
    let longest_text = longest
        .map(|span| format!("longest chunk {}: {}", span.chunk, time(span.length_ns() as f64)))
        .unwrap_or_default();
    let workers = count(run.workers, "worker");
    put!(
        out,
        "<div class=\"lanes\"><p><i class=\"swatch {}\"></i><b>{}</b> <span>{workers} · {} · {longest_text}</span> <em class=\"{}\">{} idle</em></p>\n",
        series.class(),
        Esc(&series.executor),
        time(wall),
        if idle.share > 0.25 { "much" } else { "" },
        percent(idle.share)
    );
    let lanes = lanes(run);
    let height = lanes as f64 * LANE;
    put!(
        out,
        "<svg class=\"timeline {}\" viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"none\" style=\"height:{height}px\" role=\"img\" aria-label=\"{} on {}: {} in {}, {} idle\">\n",
        series.class(),
        Esc(&run.workload),
        Esc(&run.executor),
        count(run.spans.len(), "chunk"),
        time(wall),
        percent(idle.share)
    );
    for lane in 0..lanes {
        put!(out, "<path class=\"lane\" d=\"M0 {:.1}H{WIDTH}\"/>", (lane as f64 + 0.5) * LANE);
    }
    out.push('\n');
    blocks(out, run, wall, longest);
    out.push_str("</svg></div>\n");
}

fn blocks(out: &mut String, run: &RunRow, wall: f64, longest: Option<&Span>) {
    let mut filled = vec![-1.0_f64; LANES];
    let mut spans: Vec<&Span> = run.spans.iter().collect();
    spans.sort_by_key(|span| (span.start_ns, span.worker));
    for span in spans {
        let lane = span.worker.min(LANES - 1);
        let x = (span.start_ns as f64 / wall * WIDTH).min(WIDTH);
        let end = (span.end_ns as f64 / wall * WIDTH).min(WIDTH);
        let is_longest = longest.is_some_and(|longest| std::ptr::eq(longest, span));
        // Thousands of tiny chunks fill the same pixels: drawing each would only make the page heavy.
        if end - x < 0.4 && end < filled[lane] + 0.4 && !is_longest {
            continue;
        }
        filled[lane] = end;
        let class = if is_longest {
            "long"
        } else if span.chunk % 2 == 0 {
            "even"
        } else {
            "odd"
        };
        let tip = format!("worker {}, chunk {}: {}", span.worker, span.chunk, time(span.length_ns() as f64));
        put!(
            out,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{tip}</title></rect>\n",
            lane as f64 * LANE + 2.0,
            (end - x).max(0.5),
            LANE - 4.0
        );
    }
}

fn lanes(run: &RunRow) -> usize {
    let seen = run.spans.iter().map(|span| span.worker + 1).max().unwrap_or(1);
    seen.max(run.workers).min(LANES)
}

/// The run's length: what the program said, and not less than its last span.
fn wall_ns(run: &RunRow) -> Option<f64> {
    let last = run.spans.iter().map(|span| span.end_ns).max()?;
    let wall = run.spans_wall_ns.unwrap_or(last).max(last);
    (wall > 0).then_some(wall as f64)
}

#[cfg(test)]
mod tests {
    use super::Idle;
    use crate::bench_all::contract::Span;
    use crate::bench_all::row::RunRow;

    #[test]
    fn idle_time_is_what_no_chunk_covers() {
        let span = |worker, start_ns, end_ns| Span { worker, chunk: 0, start_ns, end_ns };
        let run = RunRow {
            workers: 2,
            spans: vec![span(0, 0, 100), span(1, 0, 30)],
            spans_wall_ns: Some(100),
            ..RunRow::default()
        };
        let idle = Idle::of(&run).unwrap();
        assert!((idle.share - 0.35).abs() < 1e-12 && (idle.longest_share - 1.0).abs() < 1e-12);
        assert_eq!(Idle::of(&RunRow::default()), None);
    }
}
