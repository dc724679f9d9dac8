use std::collections::BTreeMap;

use serde_json::json;

use super::super::contract::{Point, Span};
use super::super::manifest::{Host, Manifest};
use super::super::messages::{LatencyPoint, LogGp, Parameter};
use super::super::row::{
    AaRow, AbsentRow, FailedRow, LatencyRow, MetgRow, Row, RunRow, Stage, TrafficRow, Verdict,
};
use super::render;

const NASTY: &str = "<script>alert(\"x\")</script>&'";

fn manifest() -> Manifest {
    Manifest {
        started: "2026-11-20T10:56:03Z".into(),
        ended: "2026-11-20T11:31:44Z".into(),
        host: Host { cpu: "Test CPU".into(), cores: 2, ..Host::default() },
        toolchain: "rustc 1.95.0".into(),
        commit: Some("c388dfc0f2b94d5c".into()),
        dirty: Some(true),
        notes: vec!["METG: 3 of 9 sweeps were not made".into()],
        ..Manifest::default()
    }
}

fn run(workload: &str, executor: &str, workers: usize, median_ns: f64, verdict: Verdict) -> RunRow {
    let speedup = 1e6 / median_ns;
    RunRow {
        workload: workload.into(),
        params: json!({"class": "S"}),
        paradigm: if executor == "serial" { "serial" } else { "threads" }.into(),
        executor: executor.into(),
        workers,
        parts: 16,
        samples_ns: vec![median_ns as u64; 30],
        rounds: vec![3; 10],
        median_ns,
        ci95_ns: Some([median_ns * 0.99, median_ns * 1.01]),
        serial_median_ns: Some(1e6),
        speedup: Some(speedup),
        speedup_ci95: Some([speedup * 0.99, speedup * 1.01]),
        efficiency: Some(speedup / workers as f64),
        verdict,
        noise_floor: Some(0.013),
        verified: true,
        checked_against: "NPB 3.3".into(),
        phases_ns: BTreeMap::from([("compute".into(), 900_000), ("merge".into(), 100_000)]),
        ..RunRow::default()
    }
}

fn rows() -> Vec<Row> {
    let mut pool = run("ep", "pool", 2, 5.2e5, Verdict::Faster);
    pool.spans = vec![
        Span { worker: 0, chunk: 0, start_ns: 0, end_ns: 200_000 },
        Span { worker: 1, chunk: 1, start_ns: 0, end_ns: 500_000 },
    ];
    pool.spans_wall_ns = Some(500_000);
    let runs = [
        run("ep", "serial", 1, 1e6, Verdict::Baseline),
        run("ep", "pool", 1, 1.01e6, Verdict::NoDifference),
        pool,
        run("ep", "slow", 2, 4e6, Verdict::Slower),
    ];
    let mut rows: Vec<Row> = runs.into_iter().map(|run| Row::Run(Box::new(run))).collect();
    rows.push(Row::Aa(AaRow {
        workload: "ep".into(),
        samples_a_ns: vec![1_000_000; 30],
        samples_b_ns: vec![1_000_000; 30],
        ratio: 1.001,
        ci95: Some([0.99, 1.013]),
        noise_floor: Some(0.013),
    }));
    for (executor, metg50_ns) in [("pool", Some(4_000.0)), ("slow", Some(90_000.0)), ("third", None)] {
        rows.push(Row::Metg(MetgRow {
            paradigm: "threads".into(),
            executor: executor.into(),
            pattern: "stencil_1d".into(),
            workers: 2,
            metg50_ns,
            points: vec![Point { task_ns: 1e3, efficiency: 0.1 }, Point { task_ns: 1e6, efficiency: 0.99 }],
        }));
    }
    rows
}

fn nasty_rows() -> Vec<Row> {
    let mut hostile = run(NASTY, NASTY, 2, 5e5, Verdict::Faster);
    hostile.paradigm = NASTY.into();
    hostile.params = json!({NASTY: NASTY});
    hostile.checked_against = NASTY.into();
    hostile.spans = vec![Span { worker: 0, chunk: 0, start_ns: 0, end_ns: 1 }];
    let serial = RunRow { workload: NASTY.into(), ..run("ep", "serial", 1, 1e6, Verdict::Baseline) };
    let text = || NASTY.to_owned();
    let mut rows = world_rows(NASTY);
    rows.extend([
        Row::Run(Box::new(serial)),
        Row::Run(Box::new(hostile)),
        Row::Aa(AaRow {
            workload: text(),
            samples_a_ns: vec![1],
            samples_b_ns: vec![1],
            ratio: 1.0,
            ci95: None,
            noise_floor: None,
        }),
        Row::Metg(MetgRow {
            paradigm: text(),
            executor: text(),
            pattern: text(),
            workers: 2,
            metg50_ns: Some(10.0),
            points: vec![Point { task_ns: 10.0, efficiency: 0.5 }],
        }),
        Row::Absent(AbsentRow { paradigm: text(), executor: text(), reason: text(), remedy: text() }),
        Row::Failed(FailedRow {
            stage: Stage::Run,
            what: text(),
            paradigm: text(),
            executor: "dead".into(),
            workers: Some(2),
            reason: text(),
        }),
    ]);
    rows
}

/// A world that played, by that name; the ping-pong has its run beside it, as all that runs does.
fn world_rows(name: &str) -> Vec<Row> {
    let known = |value| Parameter::Known { value, ci95: [value * 0.9, value * 1.1] };
    let point = |bytes, one_way_ns| LatencyPoint { bytes, one_way_ns, ci95_ns: Some([one_way_ns; 2]) };
    let latency = |workload: &str, points, loggp| {
        Row::Latency(LatencyRow {
            workload: workload.into(),
            paradigm: "threads".into(),
            executor: name.into(),
            workers: 2,
            sweeps: 12,
            points,
            loggp,
        })
    };
    let loggp = LogGp {
        bytes: 8,
        latency: Parameter::NotIdentifiable { reason: name.into() },
        send_overhead: known(30.0),
        receive_overhead: known(40.0),
        gap: known(35.0),
        gap_per_byte: known(0.1),
    };
    let played = RunRow { speedup: None, ..run("pingpong", name, 2, 5e5, Verdict::Unknown) };
    vec![
        Row::Run(Box::new(played)),
        latency("pingpong", vec![point(0, 90.0), point(8, 95.0), point(1 << 20, 1e5)], Some(loggp)),
        latency("ring", vec![point(64, 120.0)], None),
        Row::Traffic(TrafficRow {
            workload: name.into(),
            paradigm: "threads".into(),
            executor: name.into(),
            workers: 2,
            messages: vec![vec![0, 1500], vec![0, 0]],
            bytes: vec![vec![0, 4096], vec![0, 0]],
        }),
    ]
}

#[test]
fn message_passing_has_its_own_section() {
    let mut rows = rows();
    rows.extend(world_rows("thread-world"));
    rows.push(Row::Absent(AbsentRow {
        paradigm: "mpi".into(),
        executor: "mpi-world".into(),
        reason: "no mpirun".into(),
        remedy: "cargo xtask setup".into(),
    }));
    let page = render(&manifest(), &rows);
    for text in [
        "A message of 8\u{a0}B takes 95.0\u{a0}ns on thread-world, which moves up to 10.5\u{a0}GB/s.",
        "Without <b>mpi-world</b>: no mpirun; to get it, <code>cargo xtask setup</code>",
        "<b>30.0 ns</b><br><span>27.0 ns – 33.0 ns</span>",
        "<b>10.0 GB/s</b><br><span>9.09 GB/s – 11.1 GB/s</span>",
        "title=\"thread-world\">not identifiable</td>",
        "<b>120 ns</b>",
        "<b>1,500</b><small>4.00 KiB</small>",
        "--share:100.0%",
        "on 1\u{a0}of 1\u{a0}workload",
    ] {
        assert!(page.contains(text), "missing: {text}");
    }
    assert!(!page.contains("<th scope=\"row\">pingpong<span>"), "it has no place in the matrix");
    assert!(!render(&manifest(), &self::rows()).contains("Message passing"), "no worlds, no section");
}

#[test]
fn says_what_the_numbers_say() {
    let page = render(&manifest(), &rows());
    for text in [
        "On 2\u{a0}cores, running in parallel pays on 1\u{a0}of 1\u{a0}workload, by 1.92× on average",
        "Every answer was verified: 4\u{a0}configurations and 120\u{a0}timed answers.",
        "1\u{a0}comparison is lost even at the best worker count, worst slow on ep (4.0× slower)",
        "Below 90.0\u{a0}µs per task only pool keeps half of the machine busy on stencil_1d, down to 4.00\u{a0}µs",
        "c388dfc0f2b9 with uncommitted changes",
        "METG: 3 of 9 sweeps were not made.",
        "<td class=\"n slower\">never</td>",
        "30 % idle",
        "longest chunk 1: 500 µs",
        "noise 1.3 %",
    ] {
        assert!(page.contains(text), "missing: {text}");
    }
}

#[test]
fn executors_that_are_alike_are_named_together() {
    let metg = |executor: &str, ns| {
        Row::Metg(MetgRow {
            paradigm: "threads".into(),
            executor: executor.into(),
            pattern: "fft".into(),
            workers: 2,
            metg50_ns: Some(ns),
            points: Vec::new(),
        })
    };
    let rows = [metg("a", 4_000.0), metg("b", 4_100.0), metg("c", 9_000.0)];
    let page = render(&manifest(), &rows);
    assert!(page.contains(
        "On fft, a and b keep half of the machine busy down to 4.00\u{a0}µs per task; c needs 9.00"
    ));
    let page = render(&manifest(), &rows[..2]);
    assert!(page.contains("all 2\u{a0}executors keep half of the machine busy down to about 4.00"));
}

#[test]
fn losses_are_as_plain_as_wins() {
    let page = render(&manifest(), &rows());
    assert!(page.contains("<b>1.9× <i>faster</i></b>") && page.contains("<b>4.0× <i>slower</i></b>"));
    assert!(page.contains("<b>1</b> faster than serial") && page.contains("<b>1</b> slower than serial"));
}

#[test]
fn everything_is_escaped() {
    let mut manifest = manifest();
    manifest.toolchain = NASTY.into();
    manifest.host.cpu = NASTY.into();
    manifest.notes = vec![NASTY.into()];
    manifest.options.workloads = vec![NASTY.into()];
    let page = render(&manifest, &nasty_rows());
    assert!(!page.contains("<script>alert"), "markup came through");
    assert!(!page.contains("\"x\""), "a quote came through");
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"));
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    assert_eq!(render(&manifest(), &rows()), render(&manifest(), &rows()));
}

#[test]
fn needs_nothing_from_outside_and_has_no_number_that_is_none() {
    for rows in [rows(), nasty_rows(), Vec::new()] {
        let page = render(&manifest(), &rows);
        for bad in ["http://", "https://", "NaN", "inf ", "src=", "@import", "url("] {
            assert!(!page.contains(bad), "{bad} is in the page");
        }
    }
}

#[test]
fn tags_are_closed_and_ids_are_unique() {
    let page = render(&manifest(), &[rows(), world_rows("thread-world")].concat());
    for tag in ["svg", "figure", "table", "tr", "section", "details", "ul", "dl", "div", "span"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
}

#[test]
fn a_run_of_nothing_is_a_page_too() {
    let interrupted = Manifest { interrupted: true, ..manifest() };
    let page = render(&interrupted, &[]);
    assert!(page.contains("Nothing could be measured.") && page.contains("<b>Interrupted.</b>"));
}
