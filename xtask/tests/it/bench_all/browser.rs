//! The report in a real browser: it shows, it complains about nothing and it asks the network for nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::fake::Fake;
use super::proxy::Proxy;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[test]
fn shows_without_errors_and_without_the_network() {
    let Some(browser) = browser() else { return };
    let fake = Fake::new(&["serial", "threads"]);
    assert!(fake.run(&["--workload", "ep", "--workers", "1"]).status.success());
    let seen = look(&browser, &fs::canonicalize(fake.out().join("report.html")).unwrap());
    assert!(seen.dom.contains("<h1>") && seen.dom.contains("slower than serial"), "the page is not there");
    assert!(seen.dom.contains("<button type=\"button\">Median</button>"), "the script did not run");
    assert!(seen.complaints.is_empty(), "{:?}", seen.complaints);
    assert!(seen.requests.is_empty(), "{:?}", seen.requests);
}

/// The test above finds nothing; this one shows that it would.
#[test]
fn errors_and_requests_would_be_seen() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("bad.html");
    fs::write(&page, "<script>console.error('boo')</script><img src='http://par.invalid/x.png'>").unwrap();
    let seen = look(&browser, &page);
    assert!(seen.complaints.iter().any(|line| line.contains("boo")), "{:?}", seen.complaints);
    assert!(seen.requests.iter().any(|line| line.contains("par.invalid")), "{:?}", seen.requests);
}

/// What a browser made of a page.
struct Seen {
    dom: String,
    complaints: Vec<String>,
    requests: Vec<String>,
}

fn look(browser: &Path, page: &Path) -> Seen {
    let proxy = Proxy::start();
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-default-apps", "--disable-extensions", "--enable-logging=stderr", "--v=0"])
        .args(["--proxy-bypass-list=<-loopback>", "--timeout=20000", "--dump-dom"])
        .arg(format!("--proxy-server=http://{}", proxy.address()))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    Seen {
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints: log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
        requests: proxy.requests_of_the_page(),
    }
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
