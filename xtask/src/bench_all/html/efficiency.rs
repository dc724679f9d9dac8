//! Efficiency over task length, with METG(50 %) marked, and the table of it.

use super::super::row::MetgRow;
use super::super::units::{count, percent, time};
use super::chart::{self, Chart, LEFT, RIGHT};
use super::escape::{Esc, put};
use super::model::{Model, Series};
use super::scale::{Scale, decades};

pub(super) fn render(model: &Model) -> String {
    if model.metg.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">METG(50 %) is the shortest task that still keeps half of the machine busy: \
         the price of a task, dependences included. Rings mark it. One peak, measured with the serial code, \
         is common to all, so a slow executor is not flattered.</p>\n",
    );
    out.push_str(&table(model));
    let swept: Vec<Series> =
        model.series.iter().filter(|s| model.metg.iter().any(|metg| s.swept(metg))).cloned().collect();
    out.push_str(&chart::legend(&swept));
    out.push_str("<div class=\"charts\">\n");
    for (index, pattern) in model.patterns().into_iter().enumerate() {
        put!(out, "<figure class=\"card\"><figcaption><b>{}</b></figcaption>\n", Esc(pattern));
        out.push_str(&curves(model, pattern, index));
        out.push_str("</figure>\n");
    }
    out.push_str("</div>\n");
    out
}

fn table(model: &Model) -> String {
    let patterns = model.patterns();
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"METG by executor and pattern\">\n<table class=\"plain\">\n<thead><tr><th scope=\"col\">METG(50 %)</th>",
    );
    for pattern in &patterns {
        put!(out, "<th scope=\"col\" class=\"n\">{}</th>", Esc(pattern));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for series in &model.series {
        let of = |pattern: &str| model.metg.iter().find(|metg| series.swept(metg) && metg.pattern == pattern);
        if !patterns.iter().any(|pattern| of(pattern).is_some()) {
            continue;
        }
        put!(
            out,
            "<tr><th scope=\"row\"><i class=\"swatch {}\"></i>{} <span>{}</span></th>",
            series.class(),
            Esc(&series.executor),
            Esc(&series.paradigm)
        );
        for pattern in &patterns {
            let best =
                model.metg.iter().filter(|metg| metg.pattern == *pattern).filter_map(|metg| metg.metg50_ns);
            let best = best.fold(f64::INFINITY, f64::min);
            match of(pattern).map(|metg| metg.metg50_ns) {
                None => out.push_str("<td class=\"n empty\">—</td>"),
                Some(None) => out.push_str("<td class=\"n slower\">never</td>"),
                Some(Some(ns)) if ns <= best => {
                    put!(out, "<td class=\"n\"><b class=\"winner\">{}</b></td>", time(ns));
                }
                Some(Some(ns)) => put!(out, "<td class=\"n\">{}</td>", time(ns)),
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

fn curves(model: &Model, pattern: &str, index: usize) -> String {
    let rows: Vec<&MetgRow> = model.metg.iter().filter(|metg| metg.pattern == pattern).copied().collect();
    let lengths =
        || rows.iter().flat_map(|metg| &metg.points).map(|point| point.task_ns).filter(|ns| *ns > 0.0);
    let (low, high) = (lengths().fold(f64::INFINITY, f64::min), lengths().fold(1.0, f64::max));
    let x = Scale::log(low.min(high), high, LEFT, RIGHT - 4.0);
    let top = rows.iter().flat_map(|metg| &metg.points).map(|point| point.efficiency).fold(1.0, f64::max);
    let y = chart::upwards(top * 1.04);
    let workers = rows.iter().map(|metg| metg.workers).max().unwrap_or(1);
    let mut chart = Chart::new(
        &format!("m{index}"),
        &format!("Efficiency over task length, {pattern}"),
        &describe(&rows),
    );
    let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (y.at(tick), format!("{:.0} %", tick * 100.0)));
    chart.vertical(&format!("efficiency, {}", count(workers, "worker")), &ticks);
    let ticks: Vec<_> = decades(low.min(high), high).into_iter().map(|ns| (x.at(ns), power(ns))).collect();
    chart.horizontal("task length", &ticks);
    chart.reference(&[(LEFT, y.at(0.5)), (RIGHT, y.at(0.5))], "");
    for series in &model.series {
        for metg in rows.iter().filter(|metg| series.swept(metg)) {
            draw(&mut chart, series, metg, &x, &y);
        }
    }
    chart.finish()
}

fn draw(chart: &mut Chart, series: &Series, metg: &MetgRow, x: &Scale, y: &Scale) {
    let mut points: Vec<_> = metg.points.iter().filter(|point| point.task_ns > 0.0).collect();
    points.sort_by(|a, b| a.task_ns.total_cmp(&b.task_ns));
    let places: Vec<_> = points.iter().map(|point| (x.at(point.task_ns), y.at(point.efficiency))).collect();
    chart.line(series, &places);
    for (point, (px, py)) in points.iter().zip(&places) {
        let tip = format!(
            "{}: {} per task, {} efficient",
            metg.executor,
            time(point.task_ns),
            percent(point.efficiency)
        );
        chart.mark(series, *px, *py, &tip);
    }
    if let Some(ns) = metg.metg50_ns {
        chart.ring(series, x.at(ns), y.at(0.5), &format!("{}: METG(50 %) {}", metg.executor, time(ns)));
    }
}

fn describe(rows: &[&MetgRow]) -> String {
    let one = |metg: &&MetgRow| {
        format!("{} {}", metg.executor, metg.metg50_ns.map_or_else(|| "never reaches half".to_owned(), time))
    };
    format!("METG(50 %): {}.", rows.iter().map(one).collect::<Vec<_>>().join("; "))
}

/// `100 ns`, `1 µs`: a power of ten without figures after it.
fn power(ns: f64) -> String {
    let text = time(ns);
    let round = |(number, unit): (&str, &str)| Some(format!("{} {unit}", number.parse::<f64>().ok()?));
    text.split_once(' ').and_then(round).unwrap_or(text)
}
