//! A graph in a plain loop: what every executor is compared with.

use std::time::Instant;

use super::node::run_node;
use super::{FinishedGraph, Graph, GraphRunError, Stamp, Token};

/// Runs the tasks of a graph one after the other, step by step.
///
/// # Errors
/// [`GraphRunError::Inputs`], which would be a mistake in the graph itself.
pub fn run_graph_serial(graph: Graph, iterations: u64) -> Result<FinishedGraph, GraphRunError> {
    let begun = Instant::now();
    let mut produced = Vec::with_capacity(usize::try_from(graph.tasks()).unwrap_or(0));
    let width = graph.width() as usize;
    let (mut before, mut row) = (vec![Token::default(); width], vec![Token::default(); width]);
    let mut inputs = Vec::with_capacity(width);
    for step in 0..graph.steps() {
        for point in graph.points_at(step) {
            inputs.clear();
            inputs.extend(graph.dependencies(step, point).map(|point| before[point as usize]));
            let stamp = Stamp { step, point };
            let done = run_node(&graph, stamp, iterations, &inputs)
                .map_err(|wrong| GraphRunError::Inputs { step, point, wrong })?;
            row[point as usize] = done.token;
            produced.push((stamp, done));
        }
        std::mem::swap(&mut before, &mut row);
    }
    Ok(FinishedGraph { graph, iterations, wall: begun.elapsed(), produced })
}
