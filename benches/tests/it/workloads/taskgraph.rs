//! Task graphs against the counts of Task Bench.

use std::time::Instant;

use libtest_mimic::Trial;
use par_benches::taskgraph::{Graph, GraphError, Pattern, Stamp, kernel, ns_per_iteration};
use proptest::prelude::*;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        irregular_patterns_have_the_counts_of_task_bench,
        regular_patterns_follow_their_formulas,
        names_round_trip,
        empty_graphs_are_errors,
        inputs_must_be_exactly_the_dependences,
        kernel_converges_and_its_time_is_proportional,
        dependents_mirror_dependencies,
    ]
}

const STEPS: u32 = 100;
const WIDTHS: [u32; 3] = [4, 8, 16];

fn graph(pattern: Pattern, width: u32) -> Graph {
    Graph::new(pattern, STEPS, width).expect("a graph with tasks")
}

fn assert_counts(pattern: Pattern, tasks: [u64; 3], dependences: [u64; 3]) {
    for ((width, tasks), dependences) in WIDTHS.into_iter().zip(tasks).zip(dependences) {
        let graph = graph(pattern, width);
        assert_eq!(graph.tasks(), tasks, "tasks of {pattern}, width {width}");
        assert_eq!(graph.dependences(), dependences, "dependences of {pattern}, width {width}");
    }
}

// Counted by Task Bench itself, 100 steps, widths 4, 8 and 16.
fn irregular_patterns_have_the_counts_of_task_bench() {
    assert_counts(Pattern::Tree, [395, 783, 1551], [394, 782, 1550]);
    assert_counts(Pattern::Fft, [400, 800, 1600], [892, 1914, 4018]);
    assert_counts(Pattern::RandomNearest, [400, 800, 1600], [561, 1122, 2310]);
    assert_counts(Pattern::Dom, [388, 744, 1360], [675, 1387, 2619]);
}

fn regular_patterns_follow_their_formulas() {
    let tasks = WIDTHS.map(|w| u64::from(STEPS * w));
    let after_the_first =
        |per_step: fn(u64) -> u64| WIDTHS.map(|w| u64::from(STEPS - 1) * per_step(w.into()));
    assert_counts(Pattern::Trivial, tasks, [0; 3]);
    assert_counts(Pattern::NoComm, tasks, after_the_first(|w| w));
    assert_counts(Pattern::Stencil1d, tasks, after_the_first(|w| 3 * w - 2));
    assert_counts(Pattern::Stencil1dPeriodic, tasks, after_the_first(|w| 3 * w));
    assert_counts(Pattern::AllToAll, tasks, after_the_first(|w| w * w));
}

fn names_round_trip() {
    for pattern in Pattern::ALL {
        assert_eq!(pattern.name().parse(), Ok(pattern));
        assert_eq!(serde_json::to_value(pattern).unwrap(), pattern.name());
    }
    assert!("stencil".parse::<Pattern>().is_err());
}

fn empty_graphs_are_errors() {
    assert_eq!(Graph::new(Pattern::Fft, 0, 4), Err(GraphError::Size { steps: 0, width: 4 }));
    assert_eq!(Graph::new(Pattern::Fft, 4, 0), Err(GraphError::Size { steps: 4, width: 0 }));
}

fn inputs_must_be_exactly_the_dependences() {
    let graph = graph(Pattern::Stencil1d, 8);
    let stamp = |step, point| Stamp { step, point };
    let right = [stamp(4, 2), stamp(4, 3), stamp(4, 4)];
    graph.check_inputs(5, 3, &right).unwrap();
    graph.check_inputs(0, 3, &[]).unwrap();
    let wrong: [&[Stamp]; 6] = [
        &[],
        &right[..2],
        &[stamp(4, 2), stamp(4, 3), stamp(4, 5)],
        &[stamp(4, 3), stamp(4, 2), stamp(4, 4)],
        // Stale: from one step too early.
        &[stamp(4, 2), stamp(3, 3), stamp(4, 4)],
        &[stamp(4, 2), stamp(4, 3), stamp(4, 4), stamp(4, 5)],
    ];
    for inputs in wrong {
        assert!(graph.check_inputs(5, 3, inputs).is_err(), "{inputs:?} passed");
    }
}

fn kernel_converges_and_its_time_is_proportional() {
    assert!((kernel(100) - 2.0).abs() < 1e-12);
    assert_eq!(kernel(0).to_bits(), 1.0_f64.to_bits());
    let per_iteration = ns_per_iteration();
    assert!((0.05..1000.0).contains(&per_iteration), "{per_iteration} ns");
    // Ten times the work takes longer, however noisy the machine: the best of several runs of each.
    let best = |iterations| {
        let run = || {
            let start = Instant::now();
            kernel(iterations);
            start.elapsed()
        };
        (0..10).map(|_| run()).min().expect("ten runs")
    };
    assert!(best(200_000) > 2 * best(20_000));
}

proptest! {
    fn dependents_mirror_dependencies(
        pattern in prop::sample::select(Pattern::ALL.to_vec()),
        steps in 1_u32..40,
        width in 1_u32..20,
    ) {
        let graph = Graph::new(pattern, steps, width).unwrap();
        for step in 0..steps {
            for point in graph.points_at(step) {
                let before: Vec<_> = graph.dependencies(step, point).collect();
                prop_assert!(before.is_sorted_by(|a, b| a < b), "{:?}", before);
                prop_assert!(step > 0 || before.is_empty());
                let after: Vec<_> = graph.dependents(step, point).collect();
                let mirrored: Vec<_> = graph
                    .points_at(step + 1)
                    .filter(|&next| graph.dependencies(step + 1, next).contains(point))
                    .collect();
                prop_assert_eq!(after, mirrored, "{} step {} point {}", pattern, step, point);
            }
        }
    }
}
