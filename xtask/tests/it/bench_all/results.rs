//! What a good run leaves behind.

use std::process::Command;

use super::fake::Fake;

#[test]
fn rows_can_be_checked_by_anybody() {
    let fake = Fake::new(&["serial", "threads"]);
    let output = fake.run(&["--workers", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let runs = fake.rows_of("run");
    assert_eq!(runs.len(), 6, "two workloads under serial, pool and slow");
    for run in &runs {
        let mut samples: Vec<f64> =
            run["samples_ns"].as_array().unwrap().iter().map(|ns| ns.as_f64().unwrap()).collect();
        assert!(samples.len() >= 10 && run["verified"] == true);
        samples.sort_by(f64::total_cmp);
        let median = f64::midpoint(samples[(samples.len() - 1) / 2], samples[samples.len() / 2]);
        assert!((run["median_ns"].as_f64().unwrap() - median).abs() < 1e-6);
        let speedup = run["serial_median_ns"].as_f64().unwrap() / median;
        assert!(run["executor"] == "serial" || (run["speedup"].as_f64().unwrap() - speedup).abs() < 1e-9);
    }
    let verdict = |executor: &str| {
        runs.iter().find(|run| run["executor"] == executor && run["workload"] == "ep").unwrap()["verdict"]
            .clone()
    };
    assert_eq!((verdict("serial"), verdict("slow")), ("baseline".into(), "slower".into()));
    assert_eq!(fake.rows_of("aa").len(), 2);
    assert_eq!(fake.rows_of("metg").len(), 2);
    assert_eq!(fake.rows_of("absent")[0]["executor"], "mpi-pool");
    let pool = runs.iter().find(|run| run["executor"] == "pool").unwrap();
    assert_eq!(pool["spans"].as_array().unwrap().len(), 2);
}

#[test]
fn the_manifest_names_the_seed_but_neither_host_nor_paths() {
    let fake = Fake::new(&["serial"]);
    assert!(fake.run(&["--workload", "ep"]).status.success());
    let manifest = fake.manifest();
    assert_eq!(manifest["options"]["seed"], 7);
    assert_eq!(manifest["interrupted"], false);
    assert!(manifest["peak_ns_per_iteration"].is_null(), "no METG without its workload");
    let text = manifest.to_string() + &fake.report();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let home = env!("CARGO_MANIFEST_DIR");
    assert!(host.trim().len() < 4 || !text.contains(host.trim()));
    assert!(!text.contains(home) && !text.contains(&fake.out().display().to_string()));
}

#[test]
fn the_report_is_made_from_the_files_alone_and_twice_alike() {
    let fake = Fake::new(&["serial", "threads"]);
    assert!(fake.run(&["--workload", "ep"]).status.success());
    let report = fake.report();
    std::fs::remove_file(fake.out().join("report.html")).unwrap();
    let again = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("report").arg(fake.out()).output().unwrap();
    assert!(again.status.success());
    assert!(fake.report() == report, "the report is another one");
    assert!(report.contains("no mpirun &lt;on&gt; the PATH"));
}

#[test]
fn getting_slower_is_exit_code_three() {
    let fake = Fake::new(&["serial", "threads"]);
    assert!(fake.run(&["--executor", "pool", "--workers", "1"]).status.success());
    let results = fake.out().join("results.jsonl");
    let before = fake.out().with_file_name("before");
    std::fs::rename(fake.out(), &before).unwrap();
    let baseline = before.display().to_string();
    let same = fake.run(&["--executor", "pool", "--workers", "1", "--baseline", &baseline]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stdout));
    assert!(results.is_file());
    let faster = std::fs::read_to_string(before.join("results.jsonl")).unwrap();
    let faster: String = faster.lines().map(|line| third_of(line) + "\n").collect();
    std::fs::write(before.join("results.jsonl"), faster).unwrap();
    let slower = fake.run(&["--executor", "pool", "--workers", "1", "--baseline", &baseline]);
    assert_eq!(slower.status.code(), Some(3));
    let section = String::from_utf8_lossy(&slower.stdout);
    assert!(section.contains("× slower\n") && section.contains("against the run of"), "{section}");
}

/// The row with a third of its times.
fn third_of(line: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
    if row["kind"] == "run" {
        row["median_ns"] = (row["median_ns"].as_f64().unwrap() / 3.0).into();
        for end in 0..2 {
            row["ci95_ns"][end] = (row["ci95_ns"][end].as_f64().unwrap() / 3.0).into();
        }
    }
    row.to_string()
}
