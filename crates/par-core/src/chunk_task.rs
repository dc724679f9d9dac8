//! One chunk of a workload, as a task.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Task, Workload};

/// One chunk of a workload with the workload's parameters: the task that a [`Runner`](crate::Runner) submits.
///
/// Its name on the wire is the workload's name.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ChunkTask<W: Workload> {
    workload: W,
    chunk: W::Chunk,
}

impl<W: Workload> ChunkTask<W> {
    /// The task that computes `chunk`.
    pub fn new(workload: W, chunk: W::Chunk) -> Self {
        Self { workload, chunk }
    }
}

impl<W: Workload> Task for ChunkTask<W> {
    const NAME: &'static str = W::NAME;
    type Output = W::Partial;

    fn run(self) -> W::Partial {
        self.workload.compute(self.chunk)
    }
}

impl<W: Workload> fmt::Debug for ChunkTask<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkTask").field("workload", &self.workload).finish_non_exhaustive()
    }
}
