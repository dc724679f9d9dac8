//! Task graphs on executors: every pattern, deep graphs, wrong inputs, METG.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use par_async::TokioExecutor;
use par_benches::taskgraph::{
    Graph, GraphRun, Inputs, MetgSearch, Pattern, Stamp, Target, Token, run_graph_serial, taskgraph_node,
};
use par_core::{Executor, LoopbackExecutor, SerialExecutor};
use par_threads::{RayonPool, ThreadPool};

use crate::trial;

const TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Pattern::ALL
        .into_iter()
        .map(|pattern| {
            trial(format!("graphs::{pattern}_on_every_executor"), move || on_every_executor(pattern))
        })
        .collect();
    trials.extend([
        trial("graphs::a_deep_graph_needs_no_deep_stack", a_deep_graph_needs_no_deep_stack),
        trial("graphs::wrong_inputs_are_refused", wrong_inputs_are_refused),
        trial("graphs::a_changed_checksum_is_seen", a_changed_checksum_is_seen),
        trial("graphs::metg_of_the_serial_executor_is_finite", metg_is_finite),
    ]);
    trials
}

fn executors() -> Result<Vec<Arc<dyn Executor>>, Failed> {
    Ok(vec![
        Arc::new(SerialExecutor::new()),
        Arc::new(LoopbackExecutor::new()),
        Arc::new(ThreadPool::builder().workers(2).build()?),
        Arc::new(RayonPool::builder().workers(2).build_rayon()?),
        Arc::new(TokioExecutor::builder().workers(2).build()?),
        // A queue shorter than any window.
        Arc::new(ThreadPool::builder().workers(3).queue_bound(1).build()?),
    ])
}

fn on_every_executor(pattern: Pattern) -> Result<(), Failed> {
    for (steps, width) in [(100, 4), (100, 8), (100, 16), (1, 1), (7, 3), (40, 1)] {
        let graph = Graph::new(pattern, steps, width)?;
        assert_eq!(run_graph_serial(graph, 10)?.verify()?, graph.tasks());
        for executor in executors()? {
            let finished = GraphRun::prepare(graph, 10).execute(&executor, TIMEOUT)?;
            let tasks =
                finished.verify().map_err(|wrong| format!("{} {graph:?}: {wrong}", executor.name()))?;
            assert_eq!(tasks, graph.tasks());
        }
    }
    Ok(())
}

fn a_deep_graph_needs_no_deep_stack() -> Result<(), Failed> {
    let graph = Graph::new(Pattern::Stencil1d, 100_000, 2)?;
    let executor: Arc<dyn Executor> = Arc::new(SerialExecutor::new());
    assert_eq!(GraphRun::prepare(graph, 1).execute(&executor, TIMEOUT)?.verify()?, 200_000);
    Ok(())
}

fn token(step: u32, point: u32) -> Token {
    Token { stamp: Stamp { step, point }, checksum: 1 }
}

fn wrong_inputs_are_refused() -> Result<(), Failed> {
    let graph = Graph::new(Pattern::Stencil1d, 10, 4)?;
    let run = |inputs: &[Token]| taskgraph_node(graph, 5, 0, 1, Inputs::from(inputs.to_vec()));
    assert_eq!(run(&[token(4, 0), token(4, 1)])?.inputs, 2);
    let wrong: [&[Token]; 5] = [
        &[],
        &[token(4, 0)],
        &[token(4, 1), token(4, 0)],
        &[token(3, 0), token(4, 1)],
        &[token(4, 0), token(4, 1), token(4, 2)],
    ];
    for inputs in wrong {
        assert!(run(inputs).is_err(), "{inputs:?} passed");
    }
    Ok(())
}

fn a_changed_checksum_is_seen() -> Result<(), Failed> {
    let graph = Graph::new(Pattern::NoComm, 2, 1)?;
    let answer = |checksum, iterations| {
        let input = Token { checksum, ..token(0, 0) };
        taskgraph_node(graph, 1, 0, iterations, Inputs::from(vec![input]))
            .map(|produced| produced.token.checksum)
    };
    assert_ne!(answer(1, 5)?, answer(2, 5)?, "of an input");
    assert_ne!(answer(1, 5)?, answer(1, 6)?, "of what was computed");
    Ok(())
}

fn metg_is_finite() -> Result<(), Failed> {
    let executor: Arc<dyn Executor> = Arc::new(SerialExecutor::new());
    // A peak that is far too slow for any machine: so the noise of this one cannot hide the crossing.
    let search = MetgSearch {
        pattern: Pattern::Stencil1d,
        ns_per_iteration: 10.0,
        budget: Duration::from_millis(1500),
    };
    for target in [Target::Executor(executor), Target::Serial] {
        let found = search.run(&target)?;
        assert!(found.points.len() > 1 && found.width == 1, "{found:?}");
        assert!(found.points.is_sorted_by(|a, b| a.task_ns >= b.task_ns));
        if let Target::Executor(_) = target {
            let metg = found.metg50_ns.map_err(|reason| format!("{reason}: {:?}", found.points))?;
            assert!(metg.is_finite() && metg > 0.0);
        }
    }
    Ok(())
}
