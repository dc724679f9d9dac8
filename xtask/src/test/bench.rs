//! The bench step: a quick run of `bench-all` whose three files must be there and agree with the contract.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::step::Session;

/// `bench-all --quick` into a folder of its own, emptied first so that an old report proves nothing.
pub(super) fn command(session: &Session) -> Result<Command, String> {
    let folder = folder(session);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
    }
    let mut command = session.xtask(&["bench-all", "--quick", "--out"]);
    command.arg(folder);
    Ok(command)
}

/// The manifest and every result line are JSON, some answers were verified and none was wrong, the report is there.
pub(super) fn check(session: &Session) -> Result<(), String> {
    check_folder(&folder(session))
}

fn check_folder(folder: &Path) -> Result<(), String> {
    // A run may be the folder itself or, as in target/bench-all, what `latest` points to.
    let latest = folder.join("latest");
    let run = if latest.exists() { latest } else { folder.to_owned() };
    let read = |name: &str| {
        let text = fs::read_to_string(run.join(name))
            .map_err(|error| format!("cannot read {}: {error}", run.join(name).display()))?;
        if text.trim().is_empty() { Err(format!("{name} is empty")) } else { Ok(text) }
    };
    serde_json::from_str::<Value>(&read("manifest.json")?)
        .map_err(|error| format!("manifest.json is no JSON: {error}"))?;
    check_results(&read("results.jsonl")?)?;
    let report = read("report.html")?;
    if report.contains("</html>") { Ok(()) } else { Err("report.html is cut short".to_owned()) }
}

fn check_results(text: &str) -> Result<(), String> {
    let mut verified = 0;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("results.jsonl:{number}: {error}"))?;
        match (value["kind"].as_str(), value["verified"].as_bool()) {
            (Some("failed"), _) => {
                return Err(format!("results.jsonl:{number}: {}", value["reason"].as_str().unwrap_or(line)));
            }
            (_, Some(false)) => return Err(format!("results.jsonl:{number}: an answer is not verified")),
            (Some("sample"), Some(true)) => verified += 1,
            _ => {}
        }
    }
    if verified == 0 { Err("results.jsonl holds no verified sample".to_owned()) } else { Ok(()) }
}

fn folder(session: &Session) -> PathBuf {
    session.workspace.target.join("test-bench")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"kind":"sample","workload":"ep","verified":true}"#;

    #[test]
    fn verified_samples_are_wanted() {
        assert_eq!(check_results(SAMPLE), Ok(()));
        assert!(check_results(r#"{"kind":"absent"}"#).unwrap_err().contains("no verified sample"));
    }

    #[test]
    fn failures_and_wrong_answers_are_named_with_their_line() {
        let failed = format!("{SAMPLE}\n{{\"kind\":\"failed\",\"reason\":\"sum X is wrong\"}}");
        assert_eq!(check_results(&failed).unwrap_err(), "results.jsonl:2: sum X is wrong");
        assert!(check_results(r#"{"kind":"sample","verified":false}"#).is_err());
        assert!(check_results("not json").is_err());
    }

    #[test]
    fn all_three_files_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("manifest.json", "{}");
        write("results.jsonl", SAMPLE);
        assert!(check_folder(folder.path()).unwrap_err().contains("report.html"));
        write("report.html", "<html></html>");
        assert_eq!(check_folder(folder.path()), Ok(()));
    }

    #[test]
    fn the_latest_run_of_a_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("latest");
        fs::create_dir(&run).unwrap();
        for (name, text) in
            [("manifest.json", "{}"), ("results.jsonl", SAMPLE), ("report.html", "<html></html>")]
        {
            fs::write(run.join(name), text).unwrap();
        }
        assert_eq!(check_folder(folder.path()), Ok(()));
    }
}
