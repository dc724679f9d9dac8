//! The lines of the contract, from the program of the serial paradigm.

use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("lines::list_has_workloads_patterns_and_executors", list),
        trial("lines::run_prints_a_line_per_sample", samples),
        trial("lines::spans_are_those_of_the_last_sample", spans),
        trial("lines::metg_reports_the_curve", metg),
        trial("lines::peak_is_a_number_of_nanoseconds", peak),
        trial("lines::a_text_of_the_users_is_counted", corpus),
    ]
}

pub(crate) fn program(arguments: &[&str]) -> Result<Output, Failed> {
    Ok(Command::new(env!("CARGO_BIN_EXE_bench-serial")).args(arguments).output()?)
}

fn lines(arguments: &[&str]) -> Result<Vec<Value>, Failed> {
    let output = program(arguments)?;
    let text = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{text}");
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn list() -> Result<(), Failed> {
    let lines = lines(&["list"])?;
    let of = |kind: &str, key: &str| -> Vec<String> {
        let lines = lines.iter().filter(|line| line["kind"] == kind);
        lines.filter_map(|line| line[key].as_str().map(str::to_owned)).collect()
    };
    let workloads = of("workload", "workload");
    for name in ["ep", "is", "mandelbrot", "stream", "dgemm", "wordcount", "uts", "nqueens", "taskgraph"] {
        assert!(workloads.iter().any(|known| known == name), "no {name} in {workloads:?}");
    }
    assert_eq!(of("pattern", "pattern").len(), 9);
    assert_eq!(of("executor", "executor"), ["serial", "serial-executor", "loopback"]);
    assert!(lines.iter().all(|line| line["kind"] != "workload" || line["sizes"]["quick"].is_object()));
    Ok(())
}

fn samples() -> Result<(), Failed> {
    for executor in ["serial", "serial-executor", "loopback"] {
        let lines = lines(&[
            "run",
            "--executor",
            executor,
            "--workload",
            "nqueens",
            "--size",
            "test",
            "--samples",
            "3",
            "--warmups",
            "1",
            "--parts",
            "4",
        ])?;
        assert_eq!(lines.len(), 3);
        for line in &lines {
            assert_eq!((&line["kind"], &line["executor"]), (&"sample".into(), &executor.into()));
            assert_eq!((&line["verified"], &line["checked_against"]), (&true.into(), &"OEIS A000170".into()));
            assert!(line["wall_ns"].as_u64() > Some(0) && line.get("spans").is_none(), "{line}");
            assert!(!cfg!(target_os = "linux") || line["cpu_ns"].as_u64() > Some(0), "{line}");
        }
        assert!(lines[0]["phases_ns"]["start"].as_u64() > Some(0), "the start of the executor");
        assert!(lines[2]["phases_ns"]["stop"].as_u64() > Some(0), "the stop of the executor");
    }
    Ok(())
}

fn spans() -> Result<(), Failed> {
    let lines = lines(&[
        "run",
        "--executor",
        "loopback",
        "--workload",
        "nqueens",
        "--size",
        "test",
        "--parts",
        "4",
        "--samples",
        "2",
        "--spans",
    ])?;
    assert!(lines[0].get("spans").is_none());
    let spans = lines[1]["spans"].as_array().ok_or("no spans")?;
    assert_eq!(Some(spans.len() as u64), lines[1]["tasks"].as_u64());
    assert!(spans.iter().all(|span| span["end_ns"].as_u64() >= span["start_ns"].as_u64()));
    Ok(())
}

fn metg() -> Result<(), Failed> {
    // A peak that is far too slow, so that the crossing is certain on any machine.
    let lines = lines(&[
        "metg",
        "--executor",
        "serial-executor",
        "--pattern",
        "fft",
        "--ns-per-iteration",
        "10",
        "--budget",
        "1",
    ])?;
    let [line] = &lines[..] else { return Err("not one line".into()) };
    assert_eq!((&line["kind"], &line["pattern"], &line["width"]), (&"metg".into(), &"fft".into(), &1.into()));
    assert!(line["metg50_ns"].as_f64() > Some(0.0), "{line}");
    assert!(line["points"].as_array().is_some_and(|points| points.len() > 1));
    Ok(())
}

fn peak() -> Result<(), Failed> {
    let lines = lines(&["peak"])?;
    assert!(
        lines[0]["ns_per_iteration"].as_f64().is_some_and(|ns| (0.05..1000.0).contains(&ns)),
        "{lines:?}"
    );
    Ok(())
}

fn corpus() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("text");
    std::fs::write(&path, "to be or not to be\n".repeat(500))?;
    let path = path.to_str().ok_or("not UTF-8")?;
    let lines = lines(&[
        "run",
        "--executor",
        "loopback",
        "--workload",
        "wordcount",
        "--corpus",
        path,
        "--parts",
        "3",
    ])?;
    assert_eq!((lines.len(), &lines[0]["verified"]), (1, &true.into()));
    Ok(())
}
