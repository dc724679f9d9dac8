//! Ranks that run workloads together, and pools of ranks: on worlds that need no MPI.

use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use libtest_mimic::Trial;
use par_benches::catalogue::StandardRunner;
use par_benches::program::{self, ExecutorSpec, Runs};
use par_benches::workloads::{Class, Ep, NQueens};
use par_core::comm::CommError;
use par_core::testing::{ModelWorld, check, within};
use par_core::{Outcome, Plan, RunError, Runner, SerialExecutor, Workload};
use par_mpi::{MpiCollective, MpiPool};
use par_threads::ThreadWorld;

const LIMIT: Duration = Duration::from_mins(2);

pub(super) fn trials() -> Vec<Trial> {
    trials![
        ranks_together_have_the_answer_of_every_executor,
        a_program_runs_every_workload_of_chunks_on_ranks_together,
        task_graphs_are_refused_where_no_executor_is,
        a_pool_of_thread_ranks_does_what_executors_do,
        what_a_launched_program_prints_is_relayed,
        a_launched_program_that_fails_is_told,
        a_launched_program_that_hangs_is_ended,
    ]
}

/// Ranks of the model, together.
struct Together(NonZeroUsize);

impl<W: Workload> Runner<W> for Together {
    fn run(&self, workload: &W, plan: Plan) -> Result<Outcome<W::Output>, RunError> {
        let lost = |error: String| RunError::World {
            workload: W::NAME.to_owned(),
            source: CommError::program(error),
        };
        let outcomes = ModelWorld::new(self.0.get())
            .run_fn(|comm| Ok(MpiCollective::new(comm)?.run(workload, plan.clone())))
            .map_err(|error| lost(error.to_string()))?;
        outcomes.into_iter().next().ok_or_else(|| lost("there is no rank".to_owned()))?
    }
}

fn together() -> ExecutorSpec {
    ExecutorSpec::runner("together", |ranks| Ok(Box::new(Together(ranks)) as Box<dyn StandardRunner>))
}

/// The exit code, what was printed, and what was complained about.
fn run(specs: &[ExecutorSpec], arguments: &str) -> (u8, String, String) {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let words = std::iter::once("program").chain(arguments.split_whitespace()).map(Into::into);
    let code = within(LIMIT, arguments, || program::run("model", specs, words, &mut out, &mut complaints));
    (code, String::from_utf8(out).unwrap(), String::from_utf8(complaints).unwrap())
}

fn same<W: Workload<Output: std::fmt::Debug>>(workload: &W) {
    for parts in [1, 4, 7] {
        let plan = || Plan::parts(parts).unwrap();
        let reference = SerialExecutor::new().run(workload, plan()).unwrap();
        for ranks in [1, 3] {
            let ranks = NonZeroUsize::new(ranks).unwrap();
            let outcome = within(LIMIT, W::NAME, || Together(ranks).run(workload, plan())).unwrap();
            // A float's `Debug` tells all its bits apart.
            assert_eq!(format!("{:?}", outcome.output), format!("{:?}", reference.output));
            assert_eq!(outcome.tasks, reference.tasks);
        }
    }
}

fn ranks_together_have_the_answer_of_every_executor() {
    same(&Ep::class(Class::S));
    same(&NQueens::test());
}

fn a_program_runs_every_workload_of_chunks_on_ranks_together() {
    for workload in ["ep", "is", "mandelbrot", "stream", "dgemm", "wordcount", "uts", "nqueens"] {
        let arguments =
            format!("run --executor together --workload {workload} --size test --workers 2 --spans");
        let (code, out, complaints) = run(&[together()], &arguments);
        assert_eq!(code, 0, "{workload}: {out} {complaints}");
        let line: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&line["executor"], &line["workers"], &line["verified"]),
            (&"together".into(), &2.into(), &true.into())
        );
        assert_eq!(line["spans"].as_array().unwrap().len() as u64, line["tasks"].as_u64().unwrap());
    }
}

fn task_graphs_are_refused_where_no_executor_is() {
    let (code, _, complaints) = run(&[together()], "run --executor together --workload taskgraph");
    assert_eq!(code, 2);
    assert!(complaints.contains("does not run `taskgraph`"), "{complaints}");
    let (code, _, complaints) = run(&[together()], "metg --executor together --pattern stencil_1d");
    assert_eq!(code, 2, "{complaints}");
    let (_, listed, _) = run(&[together()], "list");
    let line = listed.lines().find(|line| line.contains(r#""together""#)).unwrap();
    assert!(line.contains("nqueens") && !line.contains("taskgraph") && !line.contains("heat"), "{line}");
}

fn a_pool_of_thread_ranks_does_what_executors_do() {
    let (give, take) = channel();
    let give = std::sync::Mutex::new(Some(give));
    within(LIMIT, "a pool of thread ranks", || {
        let served = ThreadWorld::new(3).run_fn(|comm| {
            MpiPool::builder().queue_bound(64).serve(comm, |pool| {
                let conformance = check(pool);
                let give = give.lock().unwrap().take().unwrap();
                give.send(conformance.behaviours.len()).unwrap();
            })?;
            Ok(())
        });
        served.unwrap();
    });
    assert!(take.recv().unwrap() > 20);
}

/// A spec of a program that is a line of shell.
macro_rules! shell {
    ($line:literal) => {
        ExecutorSpec::launched("launched", Runs::Chunks, |_| {
            let mut command = Command::new("sh");
            command.args(["-c", $line, "sh"]);
            Ok(command)
        })
    };
}

fn what_a_launched_program_prints_is_relayed() {
    // A launcher's own words are no lines of the contract.
    let spec = shell!(r#"echo 'a word of the launcher'; echo "{\"kind\":\"sample\",\"said\":\"$*\"}""#);
    let (code, out, _) = run(&[spec], "run --executor launched --workload ep --size test");
    assert_eq!(code, 0);
    let line: serde_json::Value = serde_json::from_str(&out).unwrap();
    let said = line["said"].as_str().unwrap();
    // A rank that is bound to a core would take that for the whole machine.
    assert!(said.starts_with("run --executor launched --workload ep --size test --workers "), "{said}");
}

fn a_launched_program_that_fails_is_told() {
    let (code, out, _) = run(&[shell!("exit 7")], "run --executor launched --workload ep");
    assert_eq!(code, 1);
    assert!(out.contains(r#""kind":"failed""#) && out.contains("exit status: 7"), "{out}");
    let spec = shell!(r#"echo '{"kind":"failed","reason":"its own"}'; exit 1"#);
    let (code, out, _) = run(&[spec], "run --executor launched --workload ep");
    assert_eq!((code, out.lines().count()), (1, 1), "it has told it itself: {out}");
    let spec = ExecutorSpec::launched("launched", Runs::Chunks, |_| Err("there is no launcher".into()));
    let (code, out, _) = run(&[spec], "run --executor launched --workload ep");
    assert_eq!(code, 1);
    assert!(out.contains("there is no launcher"), "{out}");
}

fn a_launched_program_that_hangs_is_ended() {
    let spec = shell!("exec sleep 100");
    // Four limits of a bit more than a second each.
    let (code, out, _) = run(&[spec], "run --executor launched --workload ep --timeout 0.1");
    assert_eq!(code, 1);
    assert!(out.contains("no end of the ranks within"), "{out}");
}
