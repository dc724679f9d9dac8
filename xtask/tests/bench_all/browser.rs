//! The report in a real browser: it shows, it complains about nothing and it asks the network for nothing.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::fake::Fake;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[test]
fn shows_without_errors_and_without_the_network() {
    let Some(browser) = browser() else { return };
    let fake = Fake::new(&["serial", "threads"]);
    assert!(fake.run(&["--workload", "ep", "--workers", "1"]).status.success());
    let report = fs::canonicalize(fake.out().join("report.html")).unwrap();
    let net_log = fake.out().join("net.json");
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-default-apps", "--disable-extensions", "--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--log-net-log={}", net_log.display()))
        .args(["--timeout=20000", "--dump-dom"])
        .arg(format!("file://{}", report.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(dom.contains("<h1>") && dom.contains("slower than serial"), "the page is not there");
    assert!(dom.contains("<button type=\"button\">Median</button>"), "the script did not run: {log}");
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains(":CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    let requests = requests(&fs::read_to_string(&net_log).unwrap());
    assert!(requests.iter().all(|url| url.starts_with("file:") || url.starts_with("data:")), "{requests:?}");
}

/// The addresses that the page asked for; those of the browser itself belong to no frame.
fn requests(net_log: &str) -> Vec<String> {
    net_log
        .split("\"initiator\":\"")
        .skip(1)
        .filter(|rest| rest.starts_with("file:") || rest.starts_with("null"))
        .filter_map(|rest| rest.split("\"url\":\"").nth(1)?.split('"').next().map(str::to_owned))
        .collect()
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.iter().map(move |name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        let required = std::env::var("PAR_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "chromium"), "PAR_REQUIRE asks for chromium");
        eprintln!("skipped: there is no chromium on the PATH; install it to see the report in a browser");
    }
    found
}
