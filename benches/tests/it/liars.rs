//! Executors that answer wrongly: the program must say `failed`, and never print a time.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use par_benches::program::{self, ExecutorSpec};
use par_core::plumbing::Job;
use par_core::{
    Capabilities, Executor, LoopbackExecutor, Registry, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
    TaskError,
};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("liars::bytes_that_mean_nothing", || assert_failed("garbage", "ep")),
        trial("liars::the_answer_of_another_chunk", || assert_failed("stale", "ep")),
        trial("liars::the_answer_of_another_chunk_of_an_exact_workload", || {
            assert_failed("stale", "nqueens")
        }),
        trial("liars::the_answer_of_another_task_of_a_graph", || assert_failed("stale", "taskgraph")),
        trial("liars::a_task_that_is_dropped", || assert_failed("dropping", "taskgraph")),
        trial("liars::an_executor_that_does_not_start", || assert_failed("dead", "ep")),
        trial("liars::an_executor_that_panics", || assert_failed("panicking", "ep")),
        trial("liars::an_executor_that_is_absent", || assert_failed("absent", "ep")),
        trial("liars::metg_of_a_wrong_executor", metg_of_a_wrong_executor),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Lie {
    /// Bytes that are no reply.
    Garbage,
    /// The first reply, again and again.
    Stale,
    /// No reply at all.
    Dropping,
    /// A panic in `submit`.
    Panicking,
}

struct Liar {
    lie: Lie,
    first: Mutex<Option<bytes::Bytes>>,
    honest: LoopbackExecutor,
}

impl Liar {
    fn start(lie: Lie) -> Box<dyn Executor> {
        Box::new(Self { lie, first: Mutex::new(None), honest: LoopbackExecutor::new() })
    }

    fn stale(&self, job: &dyn Job) -> Result<bytes::Bytes, TaskError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reply) = &*first {
            return Ok(reply.clone());
        }
        let mut call = vec![0; job.encoded_size()?];
        let size = job.encode(1, &mut call)?;
        call.truncate(size);
        let registry = Registry::global().expect("names are unique");
        let mut reply = registry.accept(&call.into())?.run();
        let mut bytes = vec![0; reply.encoded_size()];
        let size = reply.encode(&mut bytes)?;
        bytes.truncate(size);
        Ok(first.insert(bytes.into()).clone())
    }
}

impl Executor for Liar {
    fn name(&self) -> &'static str {
        "liar"
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn metrics(&self) -> Snapshot {
        self.honest.metrics()
    }

    fn capabilities(&self) -> Capabilities {
        self.honest.capabilities()
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        assert!(!matches!(self.lie, Lie::Panicking), "an executor with a mistake");
        if matches!(self.lie, Lie::Dropping) || !job.begin() {
            return Ok(());
        }
        let reply = match self.lie {
            Lie::Stale => self.stale(&*job),
            _ => Ok(bytes::Bytes::from_static(&[0x5a; 40])),
        };
        match reply {
            Ok(reply) => drop(job.complete(0, &reply)),
            Err(error) => job.fail(error),
        }
        Ok(())
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.honest.shutdown(how.within(Duration::from_secs(1)))
    }
}

fn specs() -> Vec<ExecutorSpec> {
    vec![
        ExecutorSpec::present("garbage", |_| Ok(Liar::start(Lie::Garbage))),
        ExecutorSpec::present("stale", |_| Ok(Liar::start(Lie::Stale))),
        ExecutorSpec::present("dropping", |_| Ok(Liar::start(Lie::Dropping))),
        ExecutorSpec::present("panicking", |_| Ok(Liar::start(Lie::Panicking))),
        ExecutorSpec::present("dead", |_| Err("no such device".into())),
        ExecutorSpec::absent("absent", "no mpirun on the PATH", "cargo xtask setup"),
    ]
}

fn run(arguments: &[&str]) -> (u8, String) {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("bench-liars").chain(arguments.iter().copied()).map(Into::into);
    let code = program::run("lies", &specs(), arguments, &mut out, &mut complaints);
    (code, String::from_utf8_lossy(&out).into_owned())
}

fn assert_failed(executor: &str, workload: &str) -> Result<(), Failed> {
    let arguments = [
        "run",
        "--executor",
        executor,
        "--workload",
        workload,
        "--size",
        "test",
        "--parts",
        "5",
        "--samples",
        "2",
    ];
    let (code, out) = run(&arguments);
    assert_eq!(code, 1, "{out}");
    let lines: Vec<serde_json::Value> = out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [line] = &lines[..] else { return Err(format!("not one line: {out}").into()) };
    assert_eq!(
        (&line["kind"], &line["executor"], &line["workload"]),
        (&"failed".into(), &executor.into(), &workload.into())
    );
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{out}");
    Ok(())
}

fn metg_of_a_wrong_executor() -> Result<(), Failed> {
    let arguments = ["metg", "--executor", "stale", "--pattern", "stencil_1d", "--ns-per-iteration", "1"];
    let (code, out) = run(&arguments);
    assert_eq!(code, 1, "{out}");
    let line: serde_json::Value = serde_json::from_str(&out)?;
    assert_eq!((&line["kind"], &line["pattern"]), (&"failed".into(), &"stencil_1d".into()));
    Ok(())
}
