//! Unbalanced tree search: count a tree whose shape is known only by walking it.

mod parameters;
mod serial;
mod sha;
mod share;
mod tree;
mod walk;

use std::num::NonZeroUsize;

use par_core::{Cost, Mismatch, Workload, task};
use serde::{Deserialize, Serialize};

pub use parameters::{Uts, UtsError, UtsShape};
pub use tree::UtsNode;
pub use walk::UtsWalk;

use tree::Tree;

/// What was counted of a tree, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UtsTally {
    /// Nodes, the root included.
    pub nodes: u64,
    /// Nodes without children.
    pub leaves: u64,
    /// The largest depth of any node; the root's is 0.
    pub depth: u32,
    /// The sum of the 31-bit random values of all nodes, modulo 2^64: wrong nodes in the right number differ here.
    pub checksum: u64,
}

impl UtsTally {
    fn join(self, other: Self) -> Self {
        Self {
            nodes: self.nodes + other.nodes,
            leaves: self.leaves + other.leaves,
            depth: self.depth.max(other.depth),
            checksum: self.checksum.wrapping_add(other.checksum),
        }
    }
}

/// Some subtrees, by their roots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UtsChunk {
    /// Roots of subtrees that nobody has looked into.
    pub roots: Vec<UtsNode>,
    /// What the split saw on its way to the roots; not null in the first chunk only.
    pub seen: UtsTally,
}

#[par_core::workload]
impl Workload for Uts {
    const NAME: &'static str = "uts";
    type Chunk = UtsChunk;
    type Partial = UtsTally;
    type Output = UtsTally;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<UtsChunk> {
        Tree::new(self).split(parts)
    }

    fn compute(&self, chunk: UtsChunk) -> UtsTally {
        // Where other workers may be idle, they get what turns out to be too much for this chunk.
        if let Some(executor) = task::current().executor()
            && executor.workers().get() > 1
        {
            return chunk.seen.join(share::walk(self, chunk.roots, &executor));
        }
        let mut walk = UtsWalk::new(self, chunk.roots);
        walk.run(u64::MAX);
        chunk.seen.join(walk.tally())
    }

    fn identity(&self) -> UtsTally {
        UtsTally::default()
    }

    fn merge(&self, left: UtsTally, right: UtsTally) -> UtsTally {
        left.join(right)
    }

    fn finish(&self, total: UtsTally) -> UtsTally {
        total
    }

    fn serial(&self) -> UtsTally {
        serial::count(self)
    }

    fn verify(&self, output: &UtsTally, reference: &UtsTally) -> Result<(), Mismatch> {
        if let Some((nodes, depth, leaves)) = self.published() {
            Mismatch::unless_equal("published number of nodes", &output.nodes, &nodes)?;
            Mismatch::unless_equal("published depth", &output.depth, &depth)?;
            Mismatch::unless_equal("published number of leaves", &output.leaves, &leaves)?;
        }
        Mismatch::unless_equal("number of nodes", &output.nodes, &reference.nodes)?;
        Mismatch::unless_equal("depth", &output.depth, &reference.depth)?;
        Mismatch::unless_equal("number of leaves", &output.leaves, &reference.leaves)?;
        Mismatch::unless_equal("checksum", &output.checksum, &reference.checksum)
    }

    /// Operations are nodes: the published number, or the expected one where none is published.
    fn cost(&self) -> Cost {
        Cost::operations(self.published().map_or_else(|| self.expected_nodes(), |(nodes, _, _)| nodes))
    }
}
