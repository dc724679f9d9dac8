//! The bench step: a quick run of `bench-all` whose three files must be there and agree with the contract.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::group::{self, Output};

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

/// Every paradigm has verified answers or says why not, none is wrong, and the report is what the results say.
pub(super) fn check(session: &Session) -> Result<(), String> {
    let folder = folder(session);
    let paradigms: Vec<&str> = session.workspace.paradigms().iter().map(|paradigm| paradigm.name).collect();
    check_folder(&folder, &paradigms)?;
    check_report(&folder, &mut session.xtask(&["report"]))
}

fn check_folder(folder: &Path, paradigms: &[&str]) -> Result<(), String> {
    serde_json::from_str::<Value>(&read(folder, "manifest.json")?)
        .map_err(|error| format!("manifest.json is no JSON: {error}"))?;
    check_results(&read(folder, "results.jsonl")?, paradigms)?;
    let report = read(folder, "report.html")?;
    if report.contains("</html>") { Ok(()) } else { Err("report.html is cut short".to_owned()) }
}

fn check_results(text: &str, paradigms: &[&str]) -> Result<(), String> {
    let (mut verified, mut absent) = (HashSet::new(), HashSet::new());
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let row: Value =
            serde_json::from_str(line).map_err(|error| format!("results.jsonl:{number}: {error}"))?;
        let paradigm = row["paradigm"].as_str().unwrap_or_default().to_owned();
        match (row["kind"].as_str(), row["verified"].as_bool()) {
            (Some("failed"), _) => {
                return Err(format!("results.jsonl:{number}: {}", row["reason"].as_str().unwrap_or(line)));
            }
            (_, Some(false)) => return Err(format!("results.jsonl:{number}: an answer is not verified")),
            (Some("run"), Some(true)) => _ = verified.insert(paradigm),
            (Some("absent"), _) => _ = absent.insert(paradigm),
            _ => {}
        }
    }
    if verified.is_empty() {
        return Err("results.jsonl holds no verified run".to_owned());
    }
    match paradigms.iter().find(|&&name| !verified.contains(name) && !absent.contains(name)) {
        Some(name) => Err(format!("results.jsonl says nothing about the paradigm {name}")),
        None => Ok(()),
    }
}

/// Made again from the results, the report is the same: nothing in it is from elsewhere.
fn check_report(folder: &Path, again: &mut Command) -> Result<(), String> {
    let before = read(folder, "report.html")?;
    let ended = group::run(again.arg(folder), Duration::from_mins(1), Output::Apart)
        .map_err(|error| error.to_string())?;
    if let Some(reason) = ended.failure() {
        return Err(format!("the report cannot be made again: it {reason}"));
    }
    if read(folder, "report.html")? == before {
        Ok(())
    } else {
        Err("made again from results.jsonl, the report is another".to_owned())
    }
}

fn read(folder: &Path, name: &str) -> Result<String, String> {
    let path = folder.join(name);
    let text =
        fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if text.trim().is_empty() { Err(format!("{name} is empty")) } else { Ok(text) }
}

fn folder(session: &Session) -> PathBuf {
    session.workspace.target.join("test-bench")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"{"kind":"run","paradigm":"threads","verified":true}"#;
    const ABSENT: &str = r#"{"kind":"absent","paradigm":"mpi","reason":"no mpirun on the PATH"}"#;

    #[test]
    fn every_paradigm_is_verified_or_absent() {
        let text = format!("{RUN}\n{ABSENT}");
        assert_eq!(check_results(&text, &["threads", "mpi"]), Ok(()));
        assert!(check_results(&text, &["threads", "gpu"]).unwrap_err().contains("gpu"));
        assert!(check_results(ABSENT, &["mpi"]).unwrap_err().contains("no verified run"));
    }

    #[test]
    fn failures_and_wrong_answers_are_named_with_their_line() {
        let failed = format!("{RUN}\n{{\"kind\":\"failed\",\"reason\":\"sum X is wrong\"}}");
        assert_eq!(check_results(&failed, &[]).unwrap_err(), "results.jsonl:2: sum X is wrong");
        assert!(check_results(r#"{"kind":"run","verified":false}"#, &[]).is_err());
        assert!(check_results("not json", &[]).is_err());
    }

    fn run_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("manifest.json", "{}"), ("results.jsonl", RUN), ("report.html", "<html></html>")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn all_three_files_must_be_there() {
        let folder = run_folder();
        assert_eq!(check_folder(folder.path(), &["threads"]), Ok(()));
        for name in ["manifest.json", "results.jsonl", "report.html"] {
            let folder = run_folder();
            fs::remove_file(folder.path().join(name)).unwrap();
            assert!(check_folder(folder.path(), &[]).unwrap_err().contains(name));
        }
    }

    #[test]
    fn a_report_that_the_results_do_not_make_is_found() {
        let folder = run_folder();
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh"]);
            command
        };
        assert_eq!(check_report(folder.path(), &mut shell("true")), Ok(()));
        assert!(check_report(folder.path(), &mut shell("exit 1")).is_err());
        let other = r#"echo other > "$1/report.html""#;
        assert!(check_report(folder.path(), &mut shell(other)).unwrap_err().contains("another"));
    }
}
