//! METG(50 %): the shortest task that an executor still runs at half of the machine's peak.
//!
//! The graph has one point per worker, as Task Bench runs it: one column per core. So a step is as long as its slowest
//! task, and every dependence is on the critical path; nothing hides latency.
//! Each point of the sweep is the median of several graphs, long enough to be measured and verified each.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::laws::{EfficiencyPoint, metg};
use par_core::{Executor, Mismatch};

use super::{FinishedGraph, Graph, GraphError, GraphRun, GraphRunError, Pattern, run_graph_serial};

/// The efficiency that METG is about.
const EFFICIENCY: f64 = 0.5;
/// Graphs per point of the sweep, and of a sweep whose graphs are so slow that they would eat up the budget.
const RUNS: usize = 9;
const LEAST_RUNS: usize = 3;
/// The part of the budget that one point may take before it has all of its graphs.
const POINT_BUDGET: u32 = 12;
/// What a graph should take.
const GRAPH_TIME: Duration = Duration::from_millis(20);
const STEPS: std::ops::RangeInclusive<u32> = 8..=1 << 17;
const MOST_TASKS: u32 = 1 << 18;
/// Steps of the first graphs, which wake workers up and tell what a task costs; the longer one is for executors whose
/// tasks cost little.
const PROBE_STEPS: [u32; 2] = [8, 64];
const QUICK_PROBE: Duration = Duration::from_millis(20);
/// The sweep begins at tasks this many times as long as the probe's overhead.
const FIRST_OVERHEADS: f64 = 32.0;
/// No task computes for longer; an executor that needs that has no METG here.
const LONGEST_TASK: Duration = Duration::from_millis(100);
/// Bisection ends when the bracket is as narrow as this.
const BRACKET: f64 = 1.1;
/// A graph that takes as many times longer than the budget is stuck.
const STUCK: u32 = 10;

/// What runs the graphs.
#[derive(Clone)]
pub enum Target {
    /// A plain loop.
    Serial,
    /// An executor.
    Executor(Arc<dyn Executor>),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Serial => f.write_str("Serial"),
            Self::Executor(executor) => write!(f, "Executor({})", executor.name()),
        }
    }
}

/// How METG is searched for.
#[derive(Debug, Clone, Copy)]
pub struct MetgSearch {
    /// The dependences.
    pub pattern: Pattern,
    /// The time of one iteration of the kernel: **one** peak for all executors that are compared.
    pub ns_per_iteration: f64,
    /// When to stop; the point under way is finished.
    pub budget: Duration,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Metg {
    /// Points of the graphs: one per worker.
    pub width: u32,
    /// Steps of the graph that was measured last, at the shortest tasks.
    pub steps: u32,
    /// The task time at half efficiency, in nanoseconds, or why there is none.
    pub metg50_ns: Result<f64, String>,
    /// What was measured, from long to short tasks.
    pub points: Vec<EfficiencyPoint>,
}

/// Why a search ended without an answer that could be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetgError {
    /// A graph did not run.
    #[error(transparent)]
    Run(#[from] GraphRunError),
    /// A graph ran wrong.
    #[error(transparent)]
    Wrong(#[from] Mismatch),
    /// There is no such graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl MetgSearch {
    /// Searches: upwards to an efficiency above one half, downwards by halving until two task lengths in a row are
    /// below it (one may be an accident), then by bisection.
    ///
    /// # Errors
    /// [`MetgError`]; an efficiency that never reaches one half is none, but is said in the result.
    ///
    /// # Blocking
    /// For about the budget.
    pub fn run(&self, target: &Target) -> Result<Metg, MetgError> {
        let workers = match target {
            Target::Serial => NonZeroUsize::MIN,
            Target::Executor(executor) => executor.workers(),
        };
        let mut sweep = Sweep {
            search: *self,
            target,
            begun: Instant::now(),
            width: u32::try_from(workers.get()).unwrap_or(u32::MAX),
            workers: workers.get() as f64,
            overhead_ns: 0.0,
            steps: 0,
            points: Vec::new(),
        };
        sweep.probe()?;
        let metg50_ns = sweep.search()?;
        let mut points = sweep.points;
        points.sort_by(|a, b| b.task_ns.total_cmp(&a.task_ns));
        Ok(Metg { width: sweep.width, steps: sweep.steps, metg50_ns, points })
    }
}

/// A search under way.
struct Sweep<'a> {
    search: MetgSearch,
    target: &'a Target,
    begun: Instant,
    width: u32,
    workers: f64,
    /// What a task costs beside its computation, as seen last.
    overhead_ns: f64,
    steps: u32,
    points: Vec<EfficiencyPoint>,
}

impl Sweep<'_> {
    fn probe(&mut self) -> Result<(), MetgError> {
        for steps in PROBE_STEPS {
            let begun = Instant::now();
            self.overhead_ns = self.graph(1, steps)?.task_ns;
            if begun.elapsed() > QUICK_PROBE {
                break;
            }
        }
        Ok(())
    }

    fn search(&mut self) -> Result<Result<f64, String>, MetgError> {
        let iterations =
            |nanoseconds: f64| (nanoseconds / self.search.ns_per_iteration).ceil().max(1.0) as u64;
        let longest = iterations(LONGEST_TASK.as_nanos() as f64);
        let mut length = iterations(FIRST_OVERHEADS * self.overhead_ns).min(longest);
        let mut above = (length, self.point(length)?);
        while above.1.efficiency < EFFICIENCY {
            if length >= longest || self.is_over() {
                let best = self.points.iter().map(|point| point.efficiency).fold(0.0, f64::max);
                return Ok(Err(format!(
                    "the efficiency reached {best:.3} at tasks of {:.0} ns, not {EFFICIENCY}",
                    above.1.task_ns
                )));
            }
            length = (length * 4).min(longest);
            above = (length, self.point(length)?);
        }
        let mut below: Option<(u64, EfficiencyPoint)> = None;
        loop {
            if length == 1 || self.is_over() {
                break;
            }
            length /= 2;
            let point = self.point(length)?;
            match (point.efficiency < EFFICIENCY, below) {
                (false, _) => (above, below) = ((length, point), None),
                (true, None) => below = Some((length, point)),
                (true, Some(_)) => break,
            }
        }
        let Some(below) = below else {
            let shortest = above.1.task_ns;
            return Ok(Err(format!(
                "the sweep ended at tasks of {shortest:.0} ns, which are still efficient"
            )));
        };
        let bracket = self.bisect(above, below)?;
        // A task that computes for t takes t / efficiency. Where the efficiency is one half, that is known without
        // any clock, so that noise cannot turn the ends of the bracket around.
        let ends = bracket.map(|(length, point)| EfficiencyPoint {
            task_ns: length as f64 * self.search.ns_per_iteration / EFFICIENCY,
            ..point
        });
        Ok(metg(&ends, EFFICIENCY).map_err(|reason| reason.to_string()))
    }

    /// Narrows the bracket by geometric means.
    fn bisect(
        &mut self,
        mut above: (u64, EfficiencyPoint),
        mut below: (u64, EfficiencyPoint),
    ) -> Result<[(u64, EfficiencyPoint); 2], MetgError> {
        while above.0 as f64 > BRACKET * below.0 as f64 && !self.is_over() {
            let middle = (above.0 as f64 * below.0 as f64).sqrt().round() as u64;
            if middle <= below.0 || middle >= above.0 {
                break;
            }
            let point = self.point(middle)?;
            if point.efficiency < EFFICIENCY {
                below = (middle, point);
            } else {
                above = (middle, point);
            }
        }
        Ok([above, below])
    }

    /// The median of several graphs whose tasks compute for `iterations`.
    fn point(&mut self, iterations: u64) -> Result<EfficiencyPoint, MetgError> {
        let computed_ns = iterations as f64 * self.search.ns_per_iteration;
        let step_ns = computed_ns + self.overhead_ns;
        let wanted = (GRAPH_TIME.as_nanos() as f64 / step_ns).ceil() as u32;
        self.steps = wanted.clamp(*STEPS.start(), *STEPS.end()).min(MOST_TASKS / self.width).max(2);
        let begun = Instant::now();
        let mut runs = Vec::with_capacity(RUNS);
        while runs.len() < RUNS {
            let is_late = begun.elapsed() > self.search.budget / POINT_BUDGET;
            if is_late && runs.len() >= LEAST_RUNS && runs.len() % 2 == 1 {
                break;
            }
            runs.push(self.graph(iterations, self.steps)?);
        }
        runs.sort_by(|a, b| a.efficiency.total_cmp(&b.efficiency));
        let median = runs[runs.len() / 2];
        self.overhead_ns = (median.task_ns - computed_ns).max(1.0);
        self.points.push(median);
        Ok(median)
    }

    /// One graph, verified.
    fn graph(&self, iterations: u64, steps: u32) -> Result<EfficiencyPoint, MetgError> {
        let graph = Graph::new(self.search.pattern, steps, self.width)?;
        let finished = self.execute(graph, iterations)?;
        let tasks = finished.verify()? as f64;
        let task_ns = finished.wall().as_nanos() as f64 * self.workers / tasks;
        let efficiency = iterations as f64 * self.search.ns_per_iteration / task_ns;
        Ok(EfficiencyPoint { task_ns, efficiency })
    }

    fn execute(&self, graph: Graph, iterations: u64) -> Result<FinishedGraph, GraphRunError> {
        match self.target {
            Target::Serial => run_graph_serial(graph, iterations),
            Target::Executor(executor) => {
                GraphRun::prepare(graph, iterations).execute(executor, STUCK * self.search.budget)
            }
        }
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.search.budget
    }
}
