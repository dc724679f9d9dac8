//! Message passing: latency and bandwidth by length, the LogGP model, and who sent what to whom.

use super::super::messages::Parameter;
use super::super::row::{AbsentRow, LatencyRow, TrafficRow};
use super::super::units::{bytes, count, percent, rate, thousands, time};
use super::chart::{self, Chart, LEFT, RIGHT};
use super::escape::{Esc, put};
use super::model::{Model, Series};
use super::scale::{Scale, decades};

/// Where the message of no length lies, on an axis that has no 0.
const NOTHING: f64 = 2.0;
/// Lengths that have a tick.
const TICKS: [u64; 7] = [0, 8, 256, 4 << 10, 64 << 10, 1 << 20, 16 << 20];
/// With more ranks than these a cell has no room for numbers.
const NUMBERS_MAX: usize = 8;

pub(super) fn render(model: &Model) -> String {
    if model.latency.is_empty() && model.traffic.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">Where workers are ranks, each runs the same program and messages are all that they share. \
         Their time is that of the slowest rank. Every message that is timed here carries a sequence number and a checksum, \
         and was examined by its receiver.</p>\n",
    );
    absent(&mut out, model);
    let sweeps: Vec<&LatencyRow> = model.latency.iter().filter(|row| row.points.len() > 1).copied().collect();
    if !sweeps.is_empty() {
        out.push_str("<h3>Latency and bandwidth</h3>\n");
        let swept = model.series.iter().filter(|s| sweeps.iter().any(|row| s.has_sent(row))).cloned();
        out.push_str(&chart::legend(&swept.collect::<Vec<Series>>()));
        out.push_str("<div class=\"charts\">\n");
        for (title, draw) in [("Time one way", latencies as Draw), ("Bandwidth", bandwidths as Draw)] {
            put!(
                out,
                "<figure class=\"card\"><figcaption><b>{title}</b> <span>{}</span></figcaption>\n",
                Esc(&sweeps[0].workload)
            );
            out.push_str(&draw(model, &sweeps));
            out.push_str("</figure>\n");
        }
        out.push_str("</div>\n");
        loggp(&mut out, model, &sweeps);
    }
    hops(&mut out, model);
    traffic(&mut out, model);
    out
}

type Draw = fn(&Model, &[&LatencyRow]) -> String;

/// Worlds that are not there, and why.
fn absent(out: &mut String, model: &Model) {
    let is_world = |row: &&&AbsentRow| row.executor == "*" || row.executor.ends_with("-world");
    let rows: Vec<_> = model.absent.iter().filter(is_world).collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("<ul class=\"notes\">\n");
    for row in rows {
        let name = if row.executor == "*" { &row.paradigm } else { &row.executor };
        put!(
            out,
            "<li>Without <b>{}</b>: {}; to get it, <code>{}</code>.</li>\n",
            Esc(name),
            Esc(&row.reason),
            Esc(&row.remedy)
        );
    }
    out.push_str("</ul>\n");
}

/// The horizontal axis: lengths, logarithmic, with nothing at its left end.
struct Lengths {
    scale: Scale,
    most: u64,
}

impl Lengths {
    fn of(rows: &[&LatencyRow]) -> Self {
        let most = rows.iter().flat_map(|row| &row.points).map(|point| point.bytes).max().unwrap_or(1);
        let scale = Scale::log(NOTHING, (most as f64).max(2.0 * NOTHING), LEFT + 6.0, RIGHT - 6.0);
        Self { scale, most }
    }

    fn at(&self, bytes: u64) -> f64 {
        self.scale.at((bytes as f64).max(NOTHING))
    }

    fn ticks(&self, has_value: impl Fn(u64) -> bool) -> Vec<(f64, String)> {
        let shown = TICKS.into_iter().filter(|bytes| *bytes <= self.most && has_value(*bytes));
        shown.map(|bytes| (self.at(bytes), length(bytes))).collect()
    }
}

/// `8 B`, `64 KiB`: a length that is a power of two, without figures after it.
fn length(size: u64) -> String {
    match size {
        size if size >= 1 << 20 && size.is_multiple_of(1 << 20) => format!("{}\u{a0}MiB", size >> 20),
        size if size >= 1 << 10 && size.is_multiple_of(1 << 10) => format!("{}\u{a0}KiB", size >> 10),
        size => format!("{size}\u{a0}B"),
    }
}

/// One log-log chart of a value by length, with its interval.
fn curves(
    model: &Model,
    rows: &[&LatencyRow],
    (id, title, axis): (&str, &str, &str),
    value: impl Fn(u64, f64) -> Option<f64>,
    show: fn(f64) -> String,
) -> String {
    let x = Lengths::of(rows);
    let all = rows.iter().flat_map(|row| &row.points);
    let values: Vec<f64> = all.filter_map(|point| value(point.bytes, point.one_way_ns)).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min) * 0.7;
    let high = values.iter().copied().fold(0.0, f64::max) * 1.5;
    let y = Scale::log(low.min(high), high, chart::BOTTOM, chart::TOP);
    let mut chart = Chart::new(id, title, &describe(rows));
    let ticks: Vec<_> =
        decades(low.min(high), high).into_iter().map(|tick| (y.at(tick), round(&show(tick)))).collect();
    chart.vertical(axis, &ticks);
    chart.horizontal("message length", &x.ticks(|bytes| value(bytes, 1.0).is_some()));
    for series in &model.series {
        for row in rows.iter().filter(|row| series.has_sent(row)) {
            let found: Vec<_> = row
                .points
                .iter()
                .filter_map(|point| Some((point, value(point.bytes, point.one_way_ns)?)))
                .collect();
            let places: Vec<_> =
                found.iter().map(|(point, value)| (x.at(point.bytes), y.at(*value))).collect();
            chart.line(series, &places);
            for ((point, middle), (px, py)) in found.iter().zip(&places) {
                if let Some([low, high]) = point.ci95_ns
                    && let (Some(one), Some(other)) = (value(point.bytes, low), value(point.bytes, high))
                {
                    chart.interval(series, *px, y.at(one), y.at(other));
                }
                let tip = format!("{}, {}: {}", row.executor, length(point.bytes), show(*middle));
                chart.mark(series, *px, *py, &tip);
            }
        }
    }
    chart.finish()
}

fn latencies(model: &Model, rows: &[&LatencyRow]) -> String {
    let names = ("ml", "Time of a message one way, by its length", "one way");
    curves(model, rows, names, |_, ns| Some(ns), time)
}

fn bandwidths(model: &Model, rows: &[&LatencyRow]) -> String {
    let names = ("mb", "Bandwidth by length of a message", "bytes a second");
    // A message of nothing has no bandwidth.
    let rate = |bytes: u64, ns: f64| (bytes > 0).then(|| bytes as f64 / ns * 1e9);
    curves(model, rows, names, rate, bandwidth)
}

fn bandwidth(per_second: f64) -> String {
    format!("{}B/s", rate(per_second))
}

fn describe(rows: &[&LatencyRow]) -> String {
    let one = |row: &&LatencyRow| {
        let short = row.at(8).map_or_else(|| "—".to_owned(), time);
        let most = row.bandwidth().map_or_else(|| "—".to_owned(), |rate| bandwidth(rate * 1e9));
        format!("{}: 8 B in {short}, at most {most}", row.executor)
    };
    rows.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// `100 ns` for `100 ns`, `1 µs` for `1.00 µs`: a power of ten without figures after it.
fn round(text: &str) -> String {
    let whole = |(number, unit): (&str, &str)| Some(format!("{} {unit}", number.parse::<f64>().ok()?));
    text.split_once(' ').and_then(whole).unwrap_or_else(|| text.to_owned())
}

/// The parameters, one row per world.
fn loggp(out: &mut String, model: &Model, rows: &[&LatencyRow]) {
    let fitted: Vec<_> = rows.iter().filter_map(|row| Some((row, row.loggp.as_ref()?))).collect();
    let Some((_, first)) = fitted.first() else { return };
    put!(
        out,
        "<h3>LogGP</h3>\n<p class=\"lead\">The latency L, the overheads of sending and receiving and the gap g are those of messages of {}, \
         G is the time of each further byte of long ones. Overheads by the delay method of Hoefler, Lichei and Rehm (2007) and the \
         late receive of Kielmann, Bal and Verstoep (2000); G is the Theil–Sen slope from 64 KiB on; below stand 95 % intervals. \
         A parameter whose interval reaches 0 is not identifiable: where ranks share memory, their overheads can be the whole way.</p>\n",
        length(first.bytes)
    );
    open(
        out,
        "LogGP parameters",
        &["World", "L", "Send overhead", "Receive overhead", "Gap g", "G, per KiB", "1/G"],
    );
    for (row, loggp) in fitted {
        let class = model.series.iter().find(|s| s.has_sent(row)).map(Series::class).unwrap_or_default();
        put!(
            out,
            "<tr title=\"{}\"><th scope=\"row\"><i class=\"swatch {class}\"></i>{} <span>{}</span></th>",
            count(row.sweeps, "sweep"),
            Esc(&row.executor),
            Esc(&row.paradigm)
        );
        for parameter in &loggp.all()[..4] {
            cell(out, parameter, time);
        }
        cell(out, &loggp.gap_per_byte, |ns| time(ns * 1024.0));
        cell(out, &inverse(&loggp.gap_per_byte), bandwidth);
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// 1/G in bytes a second, the ends of the interval changed over.
fn inverse(parameter: &Parameter) -> Parameter {
    parameter.known().map_or_else(
        || parameter.clone(),
        |(value, [low, high])| Parameter::Known { value: 1e9 / value, ci95: [1e9 / high, 1e9 / low] },
    )
}

fn cell(out: &mut String, parameter: &Parameter, show: impl Fn(f64) -> String) {
    match parameter {
        Parameter::Known { value, ci95: [low, high] } => put!(
            out,
            "<td class=\"n\"><b>{}</b><br><span>{} – {}</span></td>",
            show(*value),
            show(*low),
            show(*high)
        ),
        Parameter::NotIdentifiable { reason } => {
            put!(out, "<td class=\"n empty\" title=\"{}\">not identifiable</td>", Esc(reason));
        }
    }
}

/// Workloads in which one message follows another: the time of each.
fn hops(out: &mut String, model: &Model) {
    let rows: Vec<&LatencyRow> = model.latency.iter().filter(|row| row.points.len() == 1).copied().collect();
    let Some(first) = rows.first() else { return };
    let mut counts: Vec<usize> = rows.iter().map(|row| row.workers).collect();
    counts.sort_unstable();
    counts.dedup();
    put!(
        out,
        "<h3>{}</h3>\n<p class=\"lead\">One hop of a token of {} around the ranks, checked and sealed anew by each of them.</p>\n",
        Esc(&first.workload),
        length(first.points[0].bytes)
    );
    let heads: Vec<String> = counts.iter().map(|ranks| count(*ranks, "rank")).collect();
    let heads: Vec<&str> = std::iter::once("World").chain(heads.iter().map(String::as_str)).collect();
    open(out, "Time of a hop", &heads);
    for series in model.series.iter().filter(|s| rows.iter().any(|row| s.has_sent(row))) {
        put!(
            out,
            "<tr><th scope=\"row\"><i class=\"swatch {}\"></i>{} <span>{}</span></th>",
            series.class(),
            Esc(&series.executor),
            Esc(&series.paradigm)
        );
        for ranks in &counts {
            match rows.iter().find(|row| series.has_sent(row) && row.workers == *ranks) {
                None => out.push_str("<td class=\"n empty\">—</td>"),
                Some(row) => {
                    let interval = row.points[0].ci95_ns.map_or_else(
                        || "too few for an interval".to_owned(),
                        |[low, high]| format!("{} – {}", time(low), time(high)),
                    );
                    put!(
                        out,
                        "<td class=\"n\"><b>{}</b><br><span>{interval}</span></td>",
                        time(row.points[0].one_way_ns)
                    );
                }
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Each workload's matrix at its most ranks.
fn traffic(out: &mut String, model: &Model) {
    if model.traffic.is_empty() {
        return;
    }
    out.push_str(
        "<h3>Who sends to whom</h3>\n<p class=\"lead\">Messages and bytes of one run at its most ranks, from the rank at the left to the rank above; \
         what all ranks do inside barriers is not counted. The darker a cell, the larger its share of the bytes.</p>\n<div class=\"charts\">\n",
    );
    let mut seen: Vec<&str> = Vec::new();
    for row in &model.traffic {
        if seen.contains(&row.workload.as_str()) {
            continue;
        }
        seen.push(&row.workload);
        let of = || model.traffic.iter().filter(|other| other.workload == row.workload);
        let Some(most) = of().max_by_key(|other| (other.workers, std::cmp::Reverse(other.executor.clone())))
        else {
            continue;
        };
        let peers: Vec<_> = of().filter(|other| other.workers == most.workers).collect();
        let alike =
            peers.iter().all(|other| (&other.messages, &other.bytes) == (&most.messages, &most.bytes));
        let worlds = match (peers.len(), alike) {
            (1, _) => most.executor.clone(),
            (all, true) => format!("the same on all {}", count(all, "world")),
            (_, false) => format!("{}; other worlds differ", most.executor),
        };
        matrix(out, most, &worlds);
    }
    out.push_str("</div>\n");
}

fn matrix(out: &mut String, row: &TrafficRow, worlds: &str) {
    let all = |matrix: &[Vec<u64>]| matrix.iter().flatten().sum::<u64>();
    let (messages, total) = (all(&row.messages), all(&row.bytes));
    put!(
        out,
        "<figure class=\"card\"><figcaption><b>{}</b> <span>{}, {}; {} in all, {}</span></figcaption>\n",
        Esc(&row.workload),
        count(row.workers, "rank"),
        Esc(worlds),
        count(messages as usize, "message"),
        bytes(total as f64)
    );
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Traffic between ranks\">\n<table class=\"heat\"><thead><tr><td></td>");
    for to in 0..row.workers {
        put!(out, "<th scope=\"col\">to {to}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    let peak = row.bytes.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    for (from, (messages, sizes)) in row.messages.iter().zip(&row.bytes).enumerate() {
        put!(out, "<tr><th scope=\"row\">from {from}</th>");
        for (to, (messages, size)) in messages.iter().zip(sizes).enumerate() {
            if *messages == 0 {
                put!(out, "<td class=\"empty\" title=\"{from} to {to}: nothing\">·</td>");
                continue;
            }
            // A message without bytes is one all the same.
            let share = (*size as f64 / peak).max(0.04);
            let told = if row.workers <= NUMBERS_MAX {
                format!("<b>{}</b><small>{}</small>", thousands(*messages as usize), bytes(*size as f64))
            } else {
                String::new()
            };
            put!(
                out,
                "<td style=\"--share:{:.1}%\" title=\"{from} to {to}: {}, {}, {} of all bytes\">{told}</td>",
                share * 100.0,
                count(*messages as usize, "message"),
                bytes(*size as f64),
                percent(*size as f64 / total.max(1) as f64)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n</div></figure>\n");
}

fn open(out: &mut String, label: &str, columns: &[&str]) {
    put!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\n<table class=\"plain\"><thead><tr>"
    );
    for (index, column) in columns.iter().enumerate() {
        put!(out, "<th scope=\"col\"{}>{column}</th>", if index > 0 { " class=\"n\"" } else { "" });
    }
    out.push_str("</tr></thead>\n<tbody>\n");
}

#[cfg(test)]
mod tests {
    use super::{length, round};

    #[test]
    fn lengths_and_ticks_are_round() {
        assert_eq!(
            [0, 8, 4 << 10, 3000, 16 << 20].map(length),
            ["0\u{a0}B", "8\u{a0}B", "4\u{a0}KiB", "3000\u{a0}B", "16\u{a0}MiB"]
        );
        assert_eq!((round("1.00 µs"), round("10.0 GB/s")), ("1 µs".into(), "10 GB/s".into()));
    }
}
