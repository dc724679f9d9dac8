//! A graph that has run, and whether it ran right.

use std::collections::HashMap;
use std::time::Duration;

use par_core::Mismatch;

use super::node::token;
use super::{Graph, Produced, Stamp, Token, counts, kernel};

/// What the tasks of a graph produced; not to be believed before [`verify`](Self::verify).
#[derive(Debug)]
#[must_use = "a graph that was not verified proves nothing"]
pub struct FinishedGraph {
    pub(super) graph: Graph,
    pub(super) iterations: u64,
    pub(super) wall: Duration,
    /// What each task that ran produced, in any order, under the place that it ran for.
    pub(super) produced: Vec<(Stamp, Produced)>,
}

impl FinishedGraph {
    /// From the first submission to the last completion.
    pub const fn wall(&self) -> Duration {
        self.wall
    }

    /// Passes when every task ran once, got its inputs from exactly the right producers, and computed: the numbers of
    /// tasks and dependences are those of Task Bench, and the checksum of each task is that of a plain loop.
    ///
    /// Returns the number of tasks.
    ///
    /// # Errors
    /// The first [`Mismatch`].
    pub fn verify(&self) -> Result<u64, Mismatch> {
        let expected = counts::expected(&self.graph);
        let tasks = self.produced.len() as u64;
        Mismatch::unless_equal("number of tasks", &tasks, &expected.tasks)?;
        let inputs: u64 = self.produced.iter().map(|(_, produced)| u64::from(produced.inputs)).sum();
        Mismatch::unless_equal("number of dependences", &inputs, &expected.dependences)?;
        let produced: HashMap<Stamp, Token> =
            self.produced.iter().map(|(stamp, produced)| (*stamp, produced.token)).collect();
        Mismatch::unless_equal("number of different tasks", &(produced.len() as u64), &expected.tasks)?;

        let computed = kernel(self.iterations);
        let mut before: Vec<Token> = Vec::new();
        let mut inputs = Vec::new();
        for step in 0..self.graph.steps() {
            let points = self.graph.points_at(step);
            let first_before = self.graph.points_at(step.saturating_sub(1)).start;
            let mut row = Vec::with_capacity(points.len());
            for point in points {
                let stamp = Stamp { step, point };
                inputs.clear();
                inputs.extend(
                    self.graph.dependencies(step, point).map(|point| before[(point - first_before) as usize]),
                );
                let right = token(stamp, computed, &inputs);
                if produced.get(&stamp) != Some(&right) {
                    let what = format!("token of step {step}, point {point}");
                    return Err(Mismatch::new(
                        what,
                        format_args!("{:x?}", produced.get(&stamp)),
                        format_args!("{right:x?}"),
                    ));
                }
                row.push(right);
            }
            before = row;
        }
        Ok(tasks)
    }
}
