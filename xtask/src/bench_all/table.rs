//! The results on a terminal, in at most 100 columns.

use std::fmt::Write;

use super::manifest::Manifest;
use super::row::{Row, RunRow};
use super::units;

/// Everything worth reading at once: runs, METG, what is absent, what failed.
pub(super) fn render(manifest: &Manifest, rows: &[Row]) -> String {
    let mut out = String::new();
    runs(&mut out, rows);
    metg(&mut out, rows);
    absent(&mut out, rows);
    failed(&mut out, rows);
    for note in &manifest.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

fn runs(out: &mut String, rows: &[Row]) {
    let mut workload = "";
    for row in rows {
        let Row::Run(run) = row else { continue };
        if run.workload != workload {
            workload = &run.workload;
            let floor = run.noise_floor.map_or_else(|| "unknown".to_owned(), units::percent);
            let _ = writeln!(out, "\n{workload}  (noise floor {floor})");
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

fn metg(out: &mut String, rows: &[Row]) {
    let mut found =
        rows.iter().filter_map(|row| if let Row::Metg(metg) = row { Some(metg) } else { None }).peekable();
    if found.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\nMETG(50 %): the shortest task that keeps half of the machine busy");
    for metg in found {
        let value = metg.metg50_ns.map_or_else(|| "never".to_owned(), units::time);
        let name = short(&format!("{} · {}", metg.executor, metg.paradigm), 41);
        let _ = writeln!(out, "  {:<24}{name:<42}{:>7}{value:>11}", short(&metg.pattern, 23), metg.workers);
    }
}

fn absent(out: &mut String, rows: &[Row]) {
    let found: Vec<_> =
        rows.iter().filter_map(|row| if let Row::Absent(row) = row { Some(row) } else { None }).collect();
    if !found.is_empty() {
        let _ = writeln!(out, "\nabsent");
    }
    for row in found {
        let _ =
            writeln!(out, "  {}", short(&format!("{} · {}: {}", row.executor, row.paradigm, row.reason), 97));
        let _ = writeln!(out, "    to get it: {}", short(&row.remedy, 84));
    }
}

fn failed(out: &mut String, rows: &[Row]) {
    let found: Vec<_> =
        rows.iter().filter_map(|row| if let Row::Failed(row) = row { Some(row) } else { None }).collect();
    if !found.is_empty() {
        let _ = writeln!(out, "\nfailed");
    }
    for row in found {
        let workers = row.workers.map_or_else(String::new, |count| format!(" ×{count}"));
        let name =
            format!("{} {} · {}{workers} ({})", row.what, row.executor, row.paradigm, row.stage.name());
        let _ = writeln!(out, "  {}", short(name.trim(), 97));
        let _ = writeln!(out, "    {}", short(&row.reason, 95));
    }
}

fn short(text: &str, width: usize) -> String {
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
