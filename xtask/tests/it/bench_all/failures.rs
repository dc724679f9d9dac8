//! What goes wrong costs its own row.

use super::fake::Fake;

#[test]
fn every_failure_is_a_row_with_its_reason_and_the_rest_goes_on() {
    let fake = Fake::new(&["serial", "threads", "flaky", "listless"]);
    let output = fake.run(&["--workload", "ep", "--workers", "1", "--timeout", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let failed = fake.rows_of("failed");
    let reason = |executor: &str| {
        let row = failed.iter().find(|row| row["executor"] == executor);
        row.unwrap_or_else(|| panic!("no row for {executor}"))["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("crash"), "was killed by SIGABRT: thread 'main' panicked at 'a bug'");
    assert!(reason("hang").contains("time limit of 3 s"));
    assert_eq!(reason("wrong"), "sum X is wrong: got 1, expected 2");
    assert!(reason("liar").contains("not verified"));
    assert!(reason("garbage").contains("not of the contract"));
    assert_eq!(reason("*"), "exited with 7: no such luck");
    let runs = fake.rows_of("run");
    let executors: Vec<_> = runs.iter().map(|run| run["executor"].as_str().unwrap()).collect();
    assert_eq!(executors, ["serial", "pool", "slow"], "an unverified answer has no time");
    let report = fake.report();
    assert!(report.contains("sum X is wrong") && report.contains("thread &#39;main&#39; panicked"));
}

#[test]
fn without_the_serial_program_there_are_times_and_no_speedups() {
    let fake = Fake::new(&["threads"]);
    let output = fake.run(&["--workload", "ep", "--workers", "1", "--executor", "pool"]);
    assert_eq!(output.status.code(), Some(0));
    let runs = fake.rows_of("run");
    assert!(runs[0]["speedup"].is_null() && runs[0]["median_ns"].as_f64().unwrap() > 0.0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("no baseline"));
}

#[test]
fn a_hang_costs_the_others_no_sample() {
    let fake = Fake::new(&["serial", "threads", "flaky"]);
    // The hang alone takes as long as the whole run may.
    let flags = ["--workload", "ep", "--workers", "1", "--executor", "pool", "--executor", "hang"];
    let output = fake.run(&[&flags[..], &["--timeout", "2", "--budget", "4"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let runs = fake.rows_of("run");
    let pool = runs.iter().find(|run| run["executor"] == "pool").unwrap();
    assert_eq!(pool["samples_ns"].as_array().unwrap().len(), 12);
}
