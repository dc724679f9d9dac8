//! The results on a terminal, in at most 100 columns.

use std::fmt::Write;

use super::manifest::Manifest;
use super::row::{self, LatencyRow, MetgRow, Row, RunRow};
use super::units;

/// Everything worth reading at once: runs, METG, what is absent, what failed.
pub(super) fn render(manifest: &Manifest, rows: &[Row]) -> String {
    let mut out = String::new();
    runs(&mut out, rows);
    messages(&mut out, rows);
    metg(&mut out, rows);
    absent(&mut out, rows);
    failed(&mut out, rows);
    for note in &manifest.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

/// Each executor at its best worker count; the report has the others.
fn runs(out: &mut String, rows: &[Row]) {
    // What is about single messages has lines of its own.
    let is_about_messages = |run: &&RunRow| row::latencies(rows).any(|row| row.workload == run.workload);
    let runs: Vec<&RunRow> = row::runs(rows).filter(|run| !is_about_messages(run)).collect();
    let key = |run: &RunRow| (run.workload.clone(), run.paradigm.clone(), run.executor.clone());
    let beaten = |run: &RunRow| {
        runs.iter().any(|other| key(other) == key(run) && other.median_ns.total_cmp(&run.median_ns).is_lt())
    };
    let mut workload = "";
    for run in runs.iter().filter(|run| !beaten(run)) {
        if run.workload != workload {
            workload = &run.workload;
            let floor = run.noise_floor.map_or_else(|| "unknown".to_owned(), units::percent);
            let _ = writeln!(out, "\n{}  (noise floor {floor})", short(workload, 60));
            let _ = writeln!(
                out,
                "  {:<28}{:>4}{:>10}{:>21}{:>9}  verdict",
                "executor", "p", "median", "95 % interval", "speedup"
            );
        }
        let _ = writeln!(out, "  {}", run_line(run));
    }
}

fn run_line(run: &RunRow) -> String {
    let interval = run.ci95_ns.map_or_else(
        || "—".to_owned(),
        |[low, high]| format!("{} … {}", units::time(low), units::time(high)),
    );
    let few = run.samples_ns.len();
    let few = if few < 10 { format!("  n={few}") } else { String::new() };
    format!(
        "{:<28}{:>4}{:>10}{interval:>21}{:>9}  {}{few}",
        short(&format!("{} · {}", run.executor, run.paradigm), 27),
        run.workers,
        units::time(run.median_ns),
        run.speedup.map_or_else(|| "—".to_owned(), units::times),
        run.verdict_text()
    )
    .trim_end()
    .to_owned()
}

/// A line for each world: the shortest message, the widest way, a hop, and what the model says of it.
fn messages(out: &mut String, rows: &[Row]) {
    let worlds = distinct(row::latencies(rows).map(|row| (row.executor.clone(), row.paradigm.clone())));
    let mut heading = format!(
        "\n{:<29}{:>9}{:>11}{:>9}{:>9}{:>9}{:>9}{:>9}\n",
        "messages", "8 B", "most", "hop", "L", "o_s", "o_r", "g"
    );
    for (executor, paradigm) in worlds {
        let own =
            || row::latencies(rows).filter(|row| (&row.executor, &row.paradigm) == (&executor, &paradigm));
        out.push_str(&std::mem::take(&mut heading));
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "—".to_owned());
        let _ = write!(
            out,
            "  {:<27}{:>9}{:>11}{:>9}",
            short(&format!("{executor} · {paradigm}"), 26),
            or_dash(own().find_map(|row| row.at(8)).map(units::time)),
            or_dash(own().find_map(LatencyRow::bandwidth).map(|rate| units::rate(rate * 1e9) + "B/s")),
            or_dash(
                own()
                    .filter(|row| row.points.len() == 1)
                    .max_by_key(|row| row.workers)
                    .map(|row| units::time(row.points[0].one_way_ns))
            )
        );
        let loggp = own().find_map(|row| row.loggp.as_ref());
        for parameter in loggp.iter().flat_map(|loggp| loggp.all().into_iter().take(4)) {
            let _ = write!(
                out,
                "{:>9}",
                parameter.known().map_or("unclear".to_owned(), |(ns, _)| units::time(ns))
            );
        }
        out.push('\n');
    }
}

/// A line for each executor and a column for each pattern, as many as fit.
fn metg(out: &mut String, rows: &[Row]) {
    let found: Vec<&MetgRow> = row::sweeps(rows).collect();
    let patterns = distinct(found.iter().map(|metg| metg.pattern.clone()));
    let executors = distinct(found.iter().map(|metg| (metg.executor.clone(), metg.paradigm.clone())));
    for patterns in patterns.chunks(5) {
        let _ = write!(out, "\n{:<30}", "METG(50 %)");
        for pattern in patterns {
            let _ = write!(out, "{:>14}", short(pattern, 13));
        }
        for (executor, paradigm) in &executors {
            let _ = write!(out, "\n  {:<28}", short(&format!("{executor} · {paradigm}"), 27));
            for pattern in patterns {
                let of = |metg: &&&MetgRow| {
                    metg.pattern == *pattern && metg.executor == *executor && metg.paradigm == *paradigm
                };
                let value =
                    found.iter().find(of).map(|metg| metg.metg50_ns.map_or("never".to_owned(), units::time));
                let _ = write!(out, "{:>14}", value.unwrap_or_else(|| "—".to_owned()));
            }
        }
        out.push('\n');
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

fn absent(out: &mut String, rows: &[Row]) {
    let mut heading = "\nabsent\n";
    for row in rows {
        let Row::Absent(row) = row else { continue };
        out.push_str(std::mem::take(&mut heading));
        let name = format!("{} · {}: {}", row.executor, row.paradigm, row.reason);
        let _ = writeln!(out, "  {}\n    to get it: {}", short(&name, 97), short(&row.remedy, 84));
    }
}

fn failed(out: &mut String, rows: &[Row]) {
    let mut heading = "\nfailed\n";
    for row in rows {
        let Row::Failed(row) = row else { continue };
        out.push_str(std::mem::take(&mut heading));
        let workers = row.workers.map_or_else(String::new, |count| format!(" ×{count}"));
        let name =
            format!("{} {} · {}{workers} ({})", row.what, row.executor, row.paradigm, row.stage.name());
        let _ = writeln!(out, "  {}\n    {}", short(name.trim(), 97), short(&row.reason, 95));
    }
}

/// The text on one line, cut where it is longer than `width`.
pub(super) fn short(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.chars().count() <= width {
        return clean;
    }
    clean.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::bench_all::manifest::Manifest;
    use crate::bench_all::row::{AbsentRow, FailedRow, MetgRow, Row, RunRow, Stage, Verdict};

    #[test]
    fn fits_a_hundred_columns_however_long_the_names() {
        let long = "a-name-that-nobody-would-give-to-anything-".repeat(3);
        let rows = [
            Row::Run(Box::new(RunRow {
                workload: "ep".into(),
                paradigm: long.clone(),
                executor: long.clone(),
                workers: 128,
                samples_ns: vec![1],
                median_ns: 999.0e6,
                ci95_ns: Some([998.0e6, 999.0e6]),
                speedup: Some(0.0123),
                verdict: Verdict::Slower,
                ..RunRow::default()
            })),
            Row::Metg(MetgRow {
                paradigm: long.clone(),
                executor: long.clone(),
                pattern: long.clone(),
                workers: 2,
                metg50_ns: None,
                points: Vec::new(),
            }),
            Row::Absent(AbsentRow {
                paradigm: "mpi".into(),
                executor: "*".into(),
                reason: long.clone(),
                remedy: long.clone(),
            }),
            Row::Failed(FailedRow {
                stage: Stage::Run,
                what: "ep".into(),
                paradigm: long.clone(),
                executor: long.clone(),
                workers: Some(2),
                reason: format!("{long}\n{long}"),
            }),
        ];
        let text = render(&Manifest::default(), &rows);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
        }
        for needle in ["81.3× slower  n=1", "never", "to get it", "failed"] {
            assert!(text.contains(needle), "{needle} is missing in {text}");
        }
    }
}
