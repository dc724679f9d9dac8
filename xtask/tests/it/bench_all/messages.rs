//! Worlds: what is run on whom, what is written down, and what is not believed.

use super::fake::Fake;

/// What the program of the fake worlds shows is only there where a second worker is.
fn has_two_cores() -> bool {
    let enough = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    if !enough {
        eprintln!("skipped: a ping-pong needs two cores");
    }
    enough
}

#[test]
fn worlds_run_what_needs_messages_and_nothing_else() {
    if !has_two_cores() {
        return;
    }
    let fake = Fake::new(&["serial", "threads", "worlds"]);
    let flags = ["--workers", "1,2", "--executor", "pool", "--executor", "good-world"];
    let output = fake.run(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut ran: Vec<String> = fake
        .rows_of("run")
        .iter()
        .map(|run| format!("{} {} {}", run["workload"], run["executor"], run["workers"]).replace('"', ""))
        .collect();
    ran.sort_unstable();
    assert_eq!(
        ran,
        [
            "ep pool 1",
            "ep pool 2",
            "ep serial 1",
            "fib pool 1",
            "fib pool 2",
            "fib serial 1",
            "heat good-world 1",
            "heat good-world 2",
            "pingpong good-world 2"
        ]
    );
    assert!(fake.rows_of("failed").is_empty(), "what is not run is no failure");
    assert_eq!(fake.rows_of("metg").len(), 2, "this fake has no task graphs among its workloads");
    let heat = fake.rows_of("run").into_iter().find(|run| run["workload"] == "heat").unwrap();
    assert_eq!((&heat["ranks"], &heat["messages"]), (&"max".into(), &6.into()));
    assert!(heat.get("spans").is_none(), "ranks have no timeline");
    let latency = fake.rows_of("latency");
    let [latency] = &latency[..] else { panic!("{} rows", latency.len()) };
    assert_eq!((&latency["executor"], &latency["sweeps"]), (&"good-world".into(), &12.into()));
    assert_eq!(latency["points"][1]["ci95_ns"], serde_json::json!([91.0, 91.0]));
    assert_eq!(latency["loggp"]["gap"]["value"], 40.0);
    assert!(latency["loggp"]["latency"]["reason"].as_str().unwrap().starts_with("in 12 of 12 sweeps"));
    let traffic = fake.rows_of("traffic");
    assert_eq!(traffic.len(), 3, "of every configuration");
    assert_eq!(traffic[1]["bytes"], serde_json::json!([[0, 24], [24, 0]]));
    let report = fake.report();
    for text in ["<h2 id=\"messages-title\">Message passing", "not identifiable", "from 1", "10.5 GB/s"] {
        assert!(report.contains(text), "{text} is missing");
    }
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("messages") && table.contains("91.0 ns") && table.contains("unclear"), "{table}");
    assert!(!table.contains("\npingpong"), "{table}");
}

#[test]
fn lines_of_messages_that_make_no_sense_are_not_believed() {
    if !has_two_cores() {
        return;
    }
    let fake = Fake::new(&["worlds"]);
    let output = fake.run(&["--workload", "pingpong"]);
    assert_eq!(output.status.code(), Some(1));
    let failed = fake.rows_of("failed");
    let reason = |executor: &str| {
        let row = failed.iter().find(|row| row["executor"] == executor);
        row.map(|row| row["reason"].as_str().unwrap().to_owned())
    };
    assert!(reason("skewed-world").unwrap().contains("not 2 rows of 2"), "{failed:?}");
    assert!(reason("vague-world").unwrap().contains("not of the contract"), "{failed:?}");
    assert_eq!((reason("good-world"), reason("mute-world")), (None, None));
    let rows = fake.rows_of("latency");
    assert!(rows.len() == 1 && rows[0]["executor"] == "good-world");
    assert!(fake.report().contains("Message passing"));
}

#[test]
fn one_worker_is_not_enough_for_two_and_that_is_said() {
    let fake = Fake::new(&["serial", "worlds"]);
    let flags = ["--workers", "1", "--executor", "good-world"];
    assert_eq!(fake.run(&flags).status.code(), Some(0));
    assert!(fake.rows_of("run").iter().all(|run| run["workload"] != "pingpong"));
    let notes = fake.manifest()["notes"].to_string();
    assert!(notes.contains("pingpong was not run: it needs 2 workers"), "{notes}");
}
