//! `cargo xtask test`: every check that CI runs, one step after the other.
//!
//! A failing step does not stop the later ones; a hanging one is ended by its time limit and named.
//! The last line is `N passed, N failed`, alone, because CI reads it.

mod bench;
mod fresh;
mod recap;
mod step;

use std::time::Duration;

use crate::error::Error;
use crate::features;
use crate::flags::Test;
use crate::group;
use crate::setup;
use crate::tally::Tally;
use crate::workspace::Workspace;

use self::step::{Count, STEPS, Session, Step};

/// What became of a step.
struct Outcome {
    name: &'static str,
    tally: Tally,
    elapsed: Duration,
    /// Why it failed; `None` when it passed.
    failure: Option<String>,
    /// What it said about that.
    recap: String,
}

/// Runs the selected steps and prints the summary; true when none failed.
///
/// # Errors
/// A step is asked for that does not exist, or the workspace's metadata cannot be understood.
pub(crate) fn run(workspace: &Workspace, flags: &Test) -> Result<bool, Error> {
    let steps = select(flags)?;
    let mut outcomes = Vec::new();
    if flags.setup {
        // First, because what it installs decides which features the later steps build.
        outcomes.push(perform(&step::SETUP, &Session::new(workspace, Vec::new(), None))?);
    }
    let choices = features::choices(workspace)?;
    for choice in choices.iter().filter(|choice| choice.missing.is_some()) {
        println!("without {}/{}: see cargo xtask doctor", choice.package, choice.feature);
    }
    let require = if flags.setup { Some(required(workspace)?) } else { None };
    let session = Session::new(workspace, features::arguments(&choices), require)
        .testing_with(features::test_arguments(workspace)?);
    for step in steps {
        outcomes.push(perform(step, &session)?);
    }
    Ok(summarise(&outcomes))
}

/// The steps, for `--help`.
pub(crate) fn steps() -> String {
    let lines: Vec<String> = STEPS.iter().map(|step| format!("  {:9} {}", step.name, step.about)).collect();
    format!("Steps:\n{}", lines.join("\n"))
}

/// The steps that the command line asks for, in the order of [`STEPS`].
fn select(flags: &Test) -> Result<Vec<&'static Step>, Error> {
    for name in flags.steps.iter().chain(&flags.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            return Err(Error::Usage(format!("unknown step `{name}`; steps: {}", names.join(", "))));
        }
    }
    let wanted = |step: &&Step| {
        let asked = flags.steps.is_empty() || flags.steps.iter().any(|name| name == step.name);
        asked && !flags.skip.iter().any(|name| name == step.name)
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

/// What setup installs and tests may therefore not skip, as `PAR_REQUIRE` lists it.
fn required(workspace: &Workspace) -> Result<String, Error> {
    let needs = setup::declared(workspace)?;
    let names: Vec<_> = needs.iter().filter(|need| !need.packages.is_empty()).map(|need| need.name).collect();
    Ok(names.join(","))
}

/// Runs a step, and says how it went.
///
/// # Errors
/// Ctrl-C: what else goes wrong is the step's outcome.
fn perform(step: &Step, session: &Session) -> Result<Outcome, Error> {
    println!("\n== {}: {}", step.name, step.about);
    let executed = execute(step, session);
    if group::is_interrupted() {
        return Err(Error::Interrupted);
    }
    let (result, elapsed, output) = match executed {
        Ok((output, elapsed)) => (judge(step, session, &output), elapsed, output),
        Err((output, elapsed, reason)) => {
            let counted = count(step.count, &output).filter(|_| step.count != Count::One);
            let mut tally = counted.unwrap_or_default();
            // A compile error, a crash or a time limit is a failure that no test result line counts.
            tally.failed = tally.failed.max(1);
            (Err((tally, reason)), elapsed, output)
        }
    };
    let (tally, failure) = match result {
        Ok(tally) => (tally, None),
        Err((tally, reason)) => (tally, Some(reason)),
    };
    let verdict = failure.as_ref().map_or("passed".to_owned(), |reason| format!("FAILED, {reason}"));
    println!("== {}: {verdict} in {:.1} s", step.name, elapsed.as_secs_f64());
    let recap = failure.as_ref().map(|_| recap::recap(step.count, &output)).unwrap_or_default();
    Ok(Outcome { name: step.name, tally, elapsed, failure, recap })
}

/// Runs the step's command; an error is what it printed, how long it took, and why it failed.
fn execute(step: &Step, session: &Session) -> Result<(String, Duration), (String, Duration, String)> {
    let nothing = |reason| (String::new(), Duration::ZERO, reason);
    let mut command = (step.command)(session).map_err(nothing)?;
    let ended =
        group::run(&mut command, step.limit, session.output).map_err(|error| nothing(error.to_string()))?;
    match ended.failure() {
        None => Ok((ended.output, ended.elapsed)),
        Some(reason) => Err((ended.output, ended.elapsed, reason)),
    }
}

/// Counts a command that ended well, and looks at what it left behind.
fn judge(step: &Step, session: &Session, output: &str) -> Result<Tally, (Tally, String)> {
    let Some(tally) = count(step.count, output) else {
        return Err((Tally::one(false), "it does not say how many checks passed".to_owned()));
    };
    if step.never_empty && tally == Tally::default() {
        return Err((Tally::one(false), "it found nothing to run".to_owned()));
    }
    match (step.check)(session) {
        Ok(()) => Ok(tally),
        Err(reason) => Err((Tally { failed: tally.failed + 1, ..tally }, reason)),
    }
}

fn count(count: Count, output: &str) -> Option<Tally> {
    match count {
        Count::One => Some(Tally::one(true)),
        Count::Libtest => Some(Tally::of_libtest(output)),
        Count::LastLine => Tally::of_last_line(output),
    }
}

/// Prints the table and the last line; true when nothing failed.
fn summarise(outcomes: &[Outcome]) -> bool {
    for Outcome { name, recap, .. } in outcomes.iter().filter(|outcome| outcome.failure.is_some()) {
        println!("\n== {name}, again:\n{recap}");
    }
    println!("\n{:10} {:>7} {:>7} {:>9}", "step", "passed", "failed", "time");
    let mut total = Tally::default();
    for Outcome { name, tally, elapsed, failure, .. } in outcomes {
        let reason = failure.as_deref().unwrap_or_default();
        let time = format!("{:.1} s", elapsed.as_secs_f64());
        println!("{name:10} {:>7} {:>7} {time:>9}  {reason}", tally.passed, tally.failed);
        total += *tally;
    }
    println!("{total}");
    total.failed == 0
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::group::Output;

    fn flags(steps: &[&str], skip: &[&str]) -> Test {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Test { steps: owned(steps), skip: owned(skip), setup: false }
    }

    fn names(flags: &Test) -> Vec<&'static str> {
        select(flags).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_are_selected_and_skipped() {
        assert_eq!(names(&flags(&["clippy", "fmt"], &[])), ["fmt", "clippy"]);
        assert_eq!(names(&flags(&[], &["bench"])).len(), STEPS.len() - 1);
    }

    #[test]
    fn an_unknown_step_names_the_known() {
        let error = select(&flags(&["fnt"], &[])).err().unwrap().to_string();
        assert!(error.contains("`fnt`") && error.contains("fmt, tidy"), "{error}");
    }

    fn shell(script: &'static str, count: Count) -> Outcome {
        thread_local!(static SCRIPT: std::cell::Cell<&'static str> = const { std::cell::Cell::new("") });
        SCRIPT.set(script);
        let step = Step {
            name: "shell",
            about: "a script",
            limit: Duration::from_secs(1),
            command: |_| {
                let mut command = Command::new("sh");
                command.args(["-c", SCRIPT.get()]);
                Ok(command)
            },
            count,
            never_empty: true,
            check: |_| Ok(()),
        };
        let workspace = Workspace { root: ".".into(), target: "target".into(), packages: Vec::new() };
        // Shown output would be read by whoever counts this program's own test results.
        let mut session = Session::new(&workspace, Vec::new(), None);
        session.output = Output::Capture;
        perform(&step, &session).unwrap()
    }

    #[test]
    fn a_step_that_hangs_is_named_and_counted() {
        let outcome = shell("sleep 60", Count::One);
        assert_eq!(outcome.tally, Tally { passed: 0, failed: 1 });
        assert!(outcome.failure.unwrap().contains("time limit"));
    }

    #[test]
    fn a_compile_error_is_a_failure_beside_the_tests_that_passed() {
        let outcome = shell("echo 'test result: ok. 3 passed; 0 failed;'; exit 101", Count::Libtest);
        assert_eq!(outcome.tally, Tally { passed: 3, failed: 1 });
    }

    #[test]
    fn a_step_that_runs_no_test_fails() {
        assert!(shell("true", Count::Libtest).failure.is_some());
        assert!(shell("true", Count::LastLine).failure.is_some());
        assert!(shell("echo 2 passed, 0 failed", Count::LastLine).failure.is_none());
    }
}
