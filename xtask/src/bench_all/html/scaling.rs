//! Speedup and efficiency over workers, one pair of charts for each workload.

use super::super::row::RunRow;
use super::super::units::{count, percent, time, times};
use super::chart::{self, BOTTOM, Chart, LEFT, RIGHT, TOP};
use super::escape::{Esc, put};
use super::matrix::parameters;
use super::model::{Model, Series};
use super::scale::{Scale, round_ticks};

/// Slower than this is drawn on the bottom of a speedup chart.
const LOWEST: f64 = 0.125;

pub(super) fn render(model: &Model) -> String {
    let parallel = model.runs.iter().any(|run| !run.is_serial() && run.speedup.is_some());
    if !parallel {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">Speedup is absolute: the best serial code’s median over the executor’s. \
         Efficiency is that, divided by the workers. \
         Speedups are on a logarithmic scale, and what is slower than an eighth of serial speed lies on its bottom. Points of one worker count stand side by side to be told apart; \
         strokes are 95 % intervals.</p>\n",
    );
    out.push_str(&chart::legend(&model.series));
    out.push_str("<div class=\"cards\">\n");
    for (index, workload) in model.workloads.iter().enumerate() {
        if let Some(serial) = model.serial(workload) {
            put!(
                out,
                "<figure class=\"card\"><figcaption><b>{}</b> <span>{}</span></figcaption>\n<div class=\"pair\">\n",
                Esc(workload),
                Esc(&parameters(serial))
            );
            out.push_str(&speedups(model, workload, index));
            out.push_str(&efficiencies(model, workload, index));
            out.push_str("</div></figure>\n");
        }
    }
    out.push_str("</div>\n");
    out
}

/// The horizontal axis: worker counts, on a logarithmic scale.
struct Workers {
    counts: Vec<usize>,
    scale: Scale,
    series: usize,
}

impl Workers {
    fn of(model: &Model) -> Self {
        let counts = model.worker_counts();
        let ends = (counts.first().copied().unwrap_or(1) as f64, counts.last().copied().unwrap_or(1) as f64);
        // With few counts there is room to set the executors well apart.
        let inset = if counts.len() > 3 { 26.0 } else { 52.0 };
        Self {
            scale: Scale::log(ends.0, ends.1, LEFT + inset, RIGHT - inset),
            counts,
            series: model.series.len(),
        }
    }

    fn at(&self, workers: usize) -> f64 {
        self.scale.at(workers as f64)
    }

    /// Beside the count's own place, so that intervals do not cover each other.
    fn beside(&self, workers: usize, series: &Series) -> f64 {
        let spread = (self.series as f64 - 1.0).max(1.0);
        let room = if self.counts.len() > 3 { 26.0 } else { 84.0 };
        self.at(workers) + (series.index as f64 / spread - 0.5) * room
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        self.counts.iter().map(|count| (self.at(*count), count.to_string())).collect()
    }

    fn most(&self) -> usize {
        self.counts.last().copied().unwrap_or(1)
    }
}

fn speedups(model: &Model, workload: &str, index: usize) -> String {
    let workers = Workers::of(model);
    let found = || model.runs.iter().filter(|run| run.workload == *workload).filter_map(|run| run.speedup);
    let high = found().fold(workers.most() as f64, f64::max).log2().ceil() as i32;
    let low = found().fold(0.5, f64::min).max(LOWEST).log2().floor() as i32;
    let y = Scale::log(power(low), power(high), BOTTOM, TOP);
    let mut chart = Chart::new(
        &format!("s{index}"),
        &format!("Speedup of {workload} over workers"),
        &describe(model, workload),
    );
    let ticks: Vec<_> = (low..=high).map(|exponent| (y.at(power(exponent)), tick(exponent))).collect();
    chart.vertical("speedup", &ticks);
    chart.horizontal("workers", &workers.ticks());
    let ideal: Vec<_> =
        workers.counts.iter().map(|count| (workers.at(*count), y.at(*count as f64))).collect();
    chart.reference(&ideal, "ideal");
    chart.reference(&[(LEFT, y.at(1.0)), (RIGHT, y.at(1.0))], "serial");
    for series in &model.series {
        draw(&mut chart, model, workload, series, &workers, &y, |run| {
            Some((run.speedup?, run.speedup_ci95, 1.0))
        });
    }
    chart.finish()
}

fn power(exponent: i32) -> f64 {
    2_f64.powi(exponent)
}

fn tick(exponent: i32) -> String {
    match exponent {
        -1 => "½×".to_owned(),
        -2 => "¼×".to_owned(),
        -3 => "⅛×".to_owned(),
        _ => format!("{}×", power(exponent)),
    }
}

fn efficiencies(model: &Model, workload: &str, index: usize) -> String {
    let workers = Workers::of(model);
    let top = model.runs.iter().filter(|run| run.workload == *workload).filter_map(|run| run.efficiency);
    let top = top.fold(1.0, f64::max) * 1.08;
    let y = chart::upwards(top);
    let mut chart = Chart::new(
        &format!("e{index}"),
        &format!("Efficiency of {workload} over workers"),
        &describe(model, workload),
    );
    let ticks: Vec<_> =
        round_ticks(top).into_iter().map(|tick| (y.at(tick), format!("{:.0} %", tick * 100.0))).collect();
    chart.vertical("efficiency", &ticks);
    chart.horizontal("workers", &workers.ticks());
    chart.reference(&[(LEFT, y.at(1.0)), (RIGHT, y.at(1.0))], "ideal");
    for series in &model.series {
        draw(&mut chart, model, workload, series, &workers, &y, |run| {
            Some((run.efficiency?, run.speedup_ci95, 1.0 / run.workers as f64))
        });
    }
    chart.finish()
}

/// An executor's line, intervals and marks; `value` gives a value, its speedup's interval and that one's factor.
fn draw(
    chart: &mut Chart,
    model: &Model,
    workload: &str,
    series: &Series,
    workers: &Workers,
    y: &Scale,
    value: impl Fn(&RunRow) -> Option<(f64, Option<[f64; 2]>, f64)>,
) {
    let curve = model.curve(workload, series);
    let found: Vec<_> = curve.iter().filter_map(|run| Some((*run, value(run)?))).collect();
    let at = |run: &RunRow| workers.beside(run.workers, series);
    let points: Vec<_> = found.iter().map(|(run, (value, ..))| (at(run), y.at(*value))).collect();
    chart.line(series, &points);
    for ((run, (_, interval, factor)), (x, mark)) in found.iter().zip(&points) {
        if let Some([low, high]) = interval {
            chart.interval(series, *x, y.at(low * factor), y.at(high * factor));
        }
        chart.mark(series, *x, *mark, &tip(run));
    }
}

fn tip(run: &RunRow) -> String {
    let workers = count(run.workers, "worker");
    let efficiency = run.efficiency.map_or_else(|| "—".to_owned(), percent);
    let speedup = run.speedup.map_or_else(|| "—".to_owned(), times);
    format!(
        "{}, {workers}: {}, speedup {speedup}, efficiency {efficiency}",
        run.executor,
        time(run.median_ns)
    )
}

fn describe(model: &Model, workload: &str) -> String {
    let bests = model.series.iter().filter_map(|series| model.best(workload, series));
    let texts: Vec<_> = bests
        .filter_map(|run| {
            Some(format!("{} {} with {}", run.executor, times(run.speedup?), count(run.workers, "worker")))
        })
        .collect();
    format!("Best speedups: {}.", texts.join("; "))
}
