//! Ctrl-C: nothing stays running, nothing that was measured is lost.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fake::Fake;

#[test]
fn keeps_what_was_measured_and_leaves_no_orphan() {
    let fake = Fake::new(&["serial", "threads", "flaky"]);
    let mut child = fake
        .command(&["--executor", "pool", "--executor", "hang", "--workers", "1", "--timeout", "300"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    // The hanging call is a grandchild of this test; wait until it is there.
    while running(child.id()).is_empty() {
        assert!(Instant::now() < deadline, "the hanging program never started");
        std::thread::sleep(Duration::from_millis(20));
    }
    let asleep = running(child.id());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let interrupted = Instant::now();
    let status = child.wait().unwrap();
    assert!(interrupted.elapsed() < Duration::from_secs(10));
    assert_eq!(status.code(), Some(130));
    for pid in asleep {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "an orphan: {stat}");
    }
    assert_eq!(fake.manifest()["interrupted"], true);
    assert!(fake.report().contains("Interrupted"));
}

/// The `hang` calls among the children of `parent`, and their children.
fn running(parent: u32) -> Vec<u32> {
    let children = |pid: u32| -> Vec<u32> {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
            .collect()
    };
    let is_hanging = |pid: &u32| {
        let arguments = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.contains("run\0--executor\0hang")
    };
    let hanging: Vec<u32> = children(parent).into_iter().filter(is_hanging).collect();
    hanging.iter().flat_map(|pid| children(*pid)).collect()
}
