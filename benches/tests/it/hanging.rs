//! An executor that never answers and heeds no deadline: the watchdog ends the program, with a `failed` line.

use std::num::NonZeroUsize;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use par_benches::program::{self, ExecutorSpec};
use par_core::plumbing::Job;
use par_core::{Capabilities, Executor, SerialExecutor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};

use crate::trial;

/// Set for the child only.
const CHILD: &str = "PAR_BENCHES_TEST_HANGS";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("hanging::in_a_run", || assert_ended("hanging")),
        trial("hanging::in_a_start", || assert_ended("never-starting")),
    ]
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// A bench program whose executors hang.
pub(crate) fn program() -> ExitCode {
    program::main(
        "hangs",
        &[
            ExecutorSpec::present("hanging", |_| Ok(Box::new(Hanging(SerialExecutor::new())))),
            ExecutorSpec::present("never-starting", |_| {
                loop {
                    std::thread::park();
                }
            }),
        ],
    )
}

struct Hanging(SerialExecutor);

impl Executor for Hanging {
    fn name(&self) -> &'static str {
        "hanging"
    }

    fn workers(&self) -> NonZeroUsize {
        self.0.workers()
    }

    fn metrics(&self) -> Snapshot {
        self.0.metrics()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn submit_job(&self, _job: Box<dyn Job>) -> Result<(), SubmitError> {
        loop {
            std::thread::park();
        }
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.0.shutdown(how)
    }
}

fn assert_ended(executor: &str) -> Result<(), Failed> {
    let begun = Instant::now();
    let output = Command::new(std::env::current_exe()?)
        .env(CHILD, "1")
        .args(["run", "--executor", executor, "--workload", "nqueens", "--size", "test", "--timeout", "0.2"])
        .output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let line: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&line["kind"], &line["executor"]), (&"failed".into(), &executor.into()));
    Ok(())
}
