//! A bench program with a world: what it lists, what it prints, and what it refuses.

use libtest_mimic::{Failed, Trial};
use par_benches::program::{self, ExecutorSpec};
use par_benches::spmd::World;
use par_core::SerialExecutor;
use par_core::comm::{Spmd, SpmdError};
use serde_json::Value;

use super::Model;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("spmd::program::says_who_runs_what", list),
        trial("spmd::program::pingpong_prints_its_table", pingpong),
        trial("spmd::program::what_does_not_fit_is_bad_usage", refusals),
        trial("spmd::program::a_rank_that_fails_is_a_failed_line", failure),
        trial("spmd::program::who_only_takes_part_prints_nothing", bystander),
    ];
    for name in ["heat", "stencil", "transpose", "ring"] {
        trials
            .push(trial(format!("spmd::program::{name}_prints_samples_and_traffic"), move || samples(name)));
    }
    for name in ["heat", "stencil", "transpose"] {
        trials.push(trial(format!("spmd::program::{name}_has_serial_code"), move || serially(name)));
    }
    trials
}

/// A world that cannot be made.
struct Broken;

impl World for Broken {
    fn ranks(&self) -> std::num::NonZeroUsize {
        std::num::NonZeroUsize::MIN
    }

    fn run<P: Spmd + Clone>(&self, _program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        Err(SpmdError::NoWorld { ranks: 1, reason: "the cable is out".to_owned() })
    }
}

/// A rank that is not the first of a job.
struct Bystander;

impl World for Bystander {
    fn ranks(&self) -> std::num::NonZeroUsize {
        std::num::NonZeroUsize::MIN
    }

    fn run<P: Spmd + Clone>(&self, _program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        Ok(None)
    }
}

fn run(arguments: &[&str]) -> Result<(u8, Vec<Value>, String), Failed> {
    let specs = [
        ExecutorSpec::best_serial(),
        ExecutorSpec::present("chunks", |_| Ok(Box::new(SerialExecutor::new()))),
        ExecutorSpec::world("model-world", |ranks| Ok(Model(ranks))),
        ExecutorSpec::world("broken", |_| Ok(Broken)),
        ExecutorSpec::world("bystander", |_| Ok(Bystander)),
        ExecutorSpec::world::<Model>("dead", |_| Err("no such device".into())),
    ];
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("bench-model").chain(arguments.iter().copied()).map(Into::into);
    let code = program::run("model", &specs, arguments, &mut out, &mut complaints);
    let out = String::from_utf8(out)?;
    let lines = out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok((code, lines, String::from_utf8(complaints)?))
}

fn measure(executor: &str, workload: &str, workers: &str) -> Result<(u8, Vec<Value>, String), Failed> {
    run(&[
        "run",
        "--executor",
        executor,
        "--workload",
        workload,
        "--workers",
        workers,
        "--size",
        "test",
        "--samples",
        "2",
        "--warmups",
        "1",
    ])
}

fn list() -> Result<(), Failed> {
    let (code, lines, _) = run(&["list"])?;
    assert_eq!(code, 0);
    let workloads = |executor: &str| -> Vec<String> {
        let line = lines.iter().find(|line| line["executor"] == executor).expect("it is listed");
        let names = line["workloads"].as_array().expect("a list");
        names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    assert_eq!(workloads("model-world"), ["heat", "stencil", "transpose", "ring", "pingpong"]);
    assert!(workloads("chunks").contains(&"taskgraph".to_owned()));
    assert!(!workloads("chunks").contains(&"heat".to_owned()));
    let serial = workloads("serial");
    assert!(serial.contains(&"ep".to_owned()) && serial.contains(&"stencil".to_owned()));
    assert!(!serial.contains(&"ring".to_owned()) && !serial.contains(&"pingpong".to_owned()));
    let pingpong = lines.iter().find(|line| line["workload"] == "pingpong").ok_or("no pingpong")?;
    assert_eq!((&pingpong["min_workers"], &pingpong["max_workers"]), (&2.into(), &2.into()));
    let ep = lines.iter().find(|line| line["workload"] == "ep").ok_or("no ep")?;
    assert!(ep.get("min_workers").is_none());
    Ok(())
}

fn samples(name: &str) -> Result<(), Failed> {
    let (code, lines, _) = measure("model-world", name, "3")?;
    assert_eq!(code, 0, "{lines:?}");
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    assert_eq!((of("sample").len(), of("traffic").len()), (2, 1));
    for sample in of("sample") {
        assert_eq!((&sample["workload"], &sample["executor"]), (&name.into(), &"model-world".into()));
        assert_eq!((&sample["verified"], &sample["ranks"]), (&true.into(), &"max".into()));
        assert_eq!((&sample["workers"], &sample["kind"]), (&3.into(), &"sample".into()));
        let phase = |name: &str| sample["phases_ns"][name].as_u64().unwrap_or(0);
        assert!(sample["wall_ns"].as_u64() > Some(0) && phase("transfer") > 0 && phase("start") > 0);
        assert!(name == "ring" || phase("compute") > 0, "{sample}");
        assert!(sample["messages"].as_u64() > Some(0) && sample["operations"].as_u64() > Some(0));
    }
    let traffic = of("traffic")[0];
    for matrix in [&traffic["messages"], &traffic["bytes"]] {
        let rows = matrix.as_array().ok_or("no matrix")?;
        assert!(rows.len() == 3 && rows.iter().all(|row| row.as_array().is_some_and(|row| row.len() == 3)));
    }
    let sum = |matrix: &Value| -> u64 {
        let rows = matrix.as_array().into_iter().flatten();
        rows.flat_map(|row| row.as_array().into_iter().flatten()).filter_map(Value::as_u64).sum()
    };
    assert_eq!(Some(sum(&traffic["messages"])), of("sample")[0]["messages"].as_u64());
    assert_eq!(Some(sum(&traffic["bytes"])), of("sample")[0]["bytes_sent"].as_u64());
    assert_eq!(of("latency").len(), if name == "ring" { 2 } else { 0 });
    Ok(())
}

fn serially(name: &str) -> Result<(), Failed> {
    let (code, lines, _) = measure("serial", name, "1")?;
    assert_eq!((code, lines.len()), (0, 2), "{lines:?}");
    for line in &lines {
        assert_eq!((&line["executor"], &line["verified"]), (&"serial".into(), &true.into()));
        assert!(line.get("ranks").is_none());
    }
    Ok(())
}

fn pingpong() -> Result<(), Failed> {
    let (code, lines, _) = measure("model-world", "pingpong", "2")?;
    assert_eq!(code, 0, "{lines:?}");
    let tables: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "latency").collect();
    assert_eq!(tables.len(), 2, "one for each sample");
    for table in tables {
        assert_eq!((&table["verified"], &table["workers"]), (&true.into(), &2.into()));
        let points = table["points"].as_array().ok_or("no points")?;
        assert!(points.iter().all(|point| point["one_way_ns"].as_f64() > Some(0.0)));
        for parameter in ["latency", "send_overhead", "receive_overhead", "gap", "gap_per_byte"] {
            let parameter = &table["loggp"][parameter];
            assert!(parameter["value"].is_f64() || parameter["reason"].is_string(), "{table}");
        }
    }
    Ok(())
}

fn refusals() -> Result<(), Failed> {
    for (executor, workload, workers, told) in [
        ("chunks", "heat", "2", "does not run `heat`: choose serial, model-world, broken, bystander, dead"),
        ("model-world", "ep", "2", "does not run `ep`: choose serial, chunks"),
        ("serial", "ring", "1", "does not run `ring`"),
        ("model-world", "pingpong", "1", "`pingpong` runs on 2 to 2 ranks"),
        ("model-world", "pingpong", "3", "`pingpong` runs on 2 to 2 ranks"),
    ] {
        let (code, lines, complaint) = measure(executor, workload, workers)?;
        assert_eq!((code, lines.len()), (2, 0), "{complaint}");
        assert!(complaint.contains(told) && complaint.lines().count() == 1, "{complaint}");
    }
    let (code, _, complaint) =
        run(&["run", "--executor", "model-world", "--workload", "heat", "--corpus", "/"])?;
    assert!(code == 2 && complaint.contains("reads no text"), "{complaint}");
    let (code, _, complaint) = run(&["metg", "--executor", "model-world", "--pattern", "fft"])?;
    assert!(code == 2 && complaint.contains("does not run `taskgraph`"), "{complaint}");
    Ok(())
}

fn failure() -> Result<(), Failed> {
    for (executor, told) in [("broken", "the cable is out"), ("dead", "no such device")] {
        let (code, lines, _) = measure(executor, "heat", "1")?;
        assert_eq!((code, lines.len(), &lines[0]["kind"]), (1, 1, &"failed".into()));
        assert!(lines[0]["reason"].as_str().is_some_and(|reason| reason.contains(told)), "{lines:?}");
    }
    // More ranks than the plate has rows for: the program itself says so.
    let (code, lines, _) = measure("model-world", "heat", "67")?;
    assert_eq!(code, 1);
    assert!(lines[0]["reason"].as_str().is_some_and(|reason| reason.contains("fewer ranks")), "{lines:?}");
    Ok(())
}

fn bystander() -> Result<(), Failed> {
    let (code, lines, _) = measure("bystander", "heat", "1")?;
    assert_eq!((code, lines.len()), (0, 0));
    Ok(())
}
