//! Every workload under every executor, at its best worker count.

use serde_json::Value;

use super::super::row::{RunRow, Verdict};
use super::super::units::{count, percent, time, times};
use super::escape::{Esc, put};
use super::model::{Model, Series, verdict_class};
use super::scale::Scale;

pub(super) fn render(model: &Model) -> String {
    if model.workloads.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<p class=\"lead\">Each cell is the executor at its best worker count against the best serial code. \
         The bar starts at serial speed and grows to the right when the executor wins, to the left when it loses, \
         on a logarithmic scale; under it stand the median and the number of workers. The whisker is the 95 % interval and the short stroke marks the ideal. \
         A difference inside the noise is no difference. A dot marks the lowest median of its row, where that beats serial.</p>\n",
    );
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Workloads by executors\">\n<table class=\"matrix\">\n");
    out.push_str(
        "<thead><tr><th scope=\"col\">Workload</th><th scope=\"col\">serial<span>baseline</span></th>",
    );
    for series in &model.series {
        put!(
            out,
            "<th scope=\"col\" class=\"{}\">{}<span>{}</span></th>",
            series.class(),
            Esc(&series.executor),
            Esc(&series.paradigm)
        );
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for workload in &model.workloads {
        let parameters = model.runs.iter().find(|run| run.workload == *workload).map(|run| parameters(run));
        put!(
            out,
            "<tr><th scope=\"row\">{}<span>{}</span></th>",
            Esc(workload),
            Esc(&parameters.unwrap_or_default())
        );
        serial_cell(&mut out, model.serial(workload));
        for series in &model.series {
            cell(&mut out, model, workload, series);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    totals(&mut out, model);
    out
}

/// `class S, n 24`, `text Zipf seed 42, words 1000`.
pub(super) fn parameters(run: &RunRow) -> String {
    words(&run.params)
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(map) => {
            map.iter().map(|(name, value)| format!("{name} {}", words(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn serial_cell(out: &mut String, serial: Option<&RunRow>) {
    match serial {
        None => out.push_str("<td class=\"empty\">—</td>"),
        Some(run) => {
            let floor = run.noise_floor.map_or_else(|| "unknown".to_owned(), percent);
            put!(
                out,
                "<td class=\"baseline\"><b>{}</b><small>noise {floor}</small></td>",
                time(run.median_ns)
            );
        }
    }
}

fn cell(out: &mut String, model: &Model, workload: &str, series: &Series) {
    let Some(run) = model.best(workload, series) else {
        if let Some(failure) = model.failure(workload, series) {
            put!(
                out,
                "<td class=\"failed\" title=\"{}\"><a href=\"#gaps\"><b>failed</b></a></td>",
                Esc(&failure.reason)
            );
        } else {
            out.push_str("<td class=\"empty\" title=\"this executor does not have this workload\">—</td>");
        }
        return;
    };
    let wins = model.winner(workload).is_some_and(|winner| std::ptr::eq(winner, run));
    let best = wins && run.verdict == Verdict::Faster;
    let class = verdict_class(run.verdict);
    let best = if best { " best" } else { "" };
    put!(out, "<td class=\"{class}{}{best}\" title=\"{}\">", strength(run.speedup), Esc(&tip(run)));
    put!(out, "<b>{}</b>", verdict_markup(run));
    strip(out, run, model.manifest.host.cores);
    put!(out, "<small>{} on {}</small>", time(run.median_ns), run.workers);
    out.push_str("</td>");
}

/// A small difference gets a weak tint.
fn strength(speedup: Option<f64>) -> &'static str {
    match speedup.map(|factor| factor.max(1.0 / factor)) {
        Some(factor) if factor < 1.25 => " weak",
        Some(factor) if factor < 1.7 => " fair",
        _ => "",
    }
}

fn verdict_markup(run: &RunRow) -> String {
    if let (Verdict::Unknown, Some(speedup)) = (run.verdict, run.speedup) {
        return format!("{} <i>too few samples</i>", times(speedup));
    }
    let text = run.verdict_text();
    text.split_once("× ").map_or_else(|| text.clone(), |(factor, word)| format!("{factor}× <i>{word}</i>"))
}

fn tip(run: &RunRow) -> String {
    let interval = |ends: Option<[f64; 2]>, show: fn(f64) -> String| {
        ends.map_or_else(|| "unknown".to_owned(), |[low, high]| format!("{} to {}", show(low), show(high)))
    };
    format!(
        "{} with {}: median {}, 95 % {}; speedup {}, 95 % {}; {}; noise floor {}",
        run.executor,
        count(run.workers, "worker"),
        time(run.median_ns),
        interval(run.ci95_ns, time),
        run.speedup.map_or_else(|| "unknown".to_owned(), times),
        interval(run.speedup_ci95, times),
        count(run.samples_ns.len(), "sample"),
        run.noise_floor.map_or_else(|| "unknown".to_owned(), percent)
    )
}

/// The bar from serial speed, with its interval and the ideal.
fn strip(out: &mut String, run: &RunRow, cores: usize) {
    let Some(speedup) = run.speedup else { return };
    let reach = (cores as f64 * 1.3).max(2.0);
    let scale = Scale::log(1.0 / reach, reach, 2.0, 98.0);
    let (middle, end) = (scale.at(1.0), scale.at(speedup));
    out.push_str(
        "<svg class=\"strip\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    put!(
        out,
        "<path class=\"track\" d=\"M2 6H98\"/><rect class=\"bar\" x=\"{:.1}\" y=\"3\" width=\"{:.1}\" height=\"6\"/>",
        middle.min(end),
        (end - middle).abs()
    );
    put!(out, "<path class=\"one\" d=\"M{middle:.1} 0V12\"/>");
    if run.workers > 1 {
        put!(out, "<path class=\"ideal\" d=\"M{:.1} 1V11\"/>", scale.at(run.workers as f64));
    }
    if let Some([low, high]) = run.speedup_ci95 {
        put!(out, "<path class=\"whisker\" d=\"M{:.1} 6H{:.1}\"/>", scale.at(low), scale.at(high));
    }
    if speedup < 1.0 / reach {
        out.push_str("<path class=\"beyond\" d=\"M7 0L1 6L7 12Z\"/>");
    }
    out.push_str("</svg>");
}

/// Wins and losses, side by side.
fn totals(out: &mut String, model: &Model) {
    let cells = model.cells();
    let of = |verdict| cells.iter().filter(|run| run.verdict == verdict).count();
    let failed = model.series.iter().flat_map(|series| {
        model.workloads.iter().filter(move |workload| {
            model.best(workload, series).is_none() && model.failure(workload, series).is_some()
        })
    });
    out.push_str("<ul class=\"totals\">");
    for (class, number, word) in [
        ("faster", of(Verdict::Faster), "faster than serial"),
        ("same", of(Verdict::NoDifference), "no different"),
        ("slower", of(Verdict::Slower), "slower than serial"),
        ("same", of(Verdict::Unknown), "undecided"),
        ("failed", failed.count(), "failed"),
    ] {
        if number > 0 || matches!(class, "faster" | "slower") {
            put!(out, "<li class=\"{class}\"><b>{number}</b> {word}</li>");
        }
    }
    out.push_str("</ul>\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::words;

    #[test]
    fn parameters_read_without_brackets() {
        assert_eq!(words(&json!({"class": "S", "n": 24})), "class S, n 24");
        assert_eq!(words(&json!({"text": {"Zipf": {"seed": 42, "words": 7}}})), "text Zipf seed 42, words 7");
        assert_eq!(words(&json!(null)), "");
    }
}
