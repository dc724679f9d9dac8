//! The rule for children, and the split.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::parameters::{MAX_CHILDREN, Uts, UtsShape};
use super::{UtsChunk, UtsTally, sha};

/// A node, by which its whole subtree is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UtsNode {
    /// The SHA-1 digest, as five big-endian words.
    pub state: [u32; 5],
    /// Levels below the root.
    pub depth: u32,
}

/// How many subtrees a chunk gets, where the tree has that many: the more, the more even.
const ROOTS_PER_CHUNK: usize = 128;

/// How many nodes the split expands at most, for each chunk: it is serial work, and more of it would not help.
/// Subtrees of a binomial tree near q·m = 1 differ too much: even after 64,000 expansions of T3, dealt to 64 chunks,
/// one chunk held 53 % of the tree.
const EXPANSIONS_PER_CHUNK: usize = 256;

/// A tree's rule for children, tabulated.
#[derive(Debug)]
pub(super) struct Tree {
    root: UtsNode,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Binomial {
        root: u32,
        below: u32,
        children: u32,
    },
    /// For each depth, ascending: the least random values that give 1, 2, 3 … children.
    Geometric(Vec<Vec<u32>>),
}

impl Tree {
    pub(super) fn new(parameters: &Uts) -> Self {
        let rule = match parameters.shape() {
            UtsShape::Binomial { probability, children } => Rule::Binomial {
                root: parameters.branching() as u32,
                // u < q is exact as integers: both sides are scaled by a power of two.
                below: (probability * f64::from(1_u32 << 31)).ceil() as u32,
                children,
            },
            _ => Rule::Geometric((0..parameters.levels()).map(|d| thresholds(parameters, d)).collect()),
        };
        Self { root: UtsNode { state: sha::root(parameters.seed()), depth: 0 }, rule }
    }

    #[inline]
    pub(super) fn children(&self, node: &UtsNode) -> u32 {
        let value = sha::value(&node.state);
        match &self.rule {
            Rule::Binomial { root, .. } if node.depth == 0 => *root,
            Rule::Binomial { below, children, .. } => {
                if value < *below {
                    *children
                } else {
                    0
                }
            }
            Rule::Geometric(levels) => levels.get(node.depth as usize).map_or(0, |thresholds| {
                thresholds.iter().take_while(|least| value >= **least).count() as u32
            }),
        }
    }

    /// Expands breadth-first until there are enough inner nodes, then deals them out in turn: neighbours are of
    /// one depth, so each chunk gets equally many of each depth.
    pub(super) fn split(&self, parts: NonZeroUsize) -> Vec<UtsChunk> {
        let parts = parts.get();
        if parts == 1 {
            return vec![UtsChunk { roots: vec![self.root], seen: UtsTally::default() }];
        }
        // Seen are leaves and expanded nodes; those that wait at the frontier are counted by their chunk.
        let mut seen = UtsTally::default();
        let mut frontier = VecDeque::from([self.root]);
        let mut expansions = 0;
        while frontier.len() < parts * ROOTS_PER_CHUNK && expansions < parts * EXPANSIONS_PER_CHUNK {
            let Some(node) = frontier.pop_front() else { break };
            let children = self.children(&node);
            seen.note(&node, children);
            for child in offspring(&node, children) {
                if self.children(&child) == 0 {
                    seen.note(&child, 0);
                } else {
                    frontier.push_back(child);
                }
            }
            expansions += 1;
        }
        let count = parts.min(frontier.len()).max(1);
        let mut chunks = vec![UtsChunk { roots: Vec::new(), seen: UtsTally::default() }; count];
        for (index, node) in frontier.into_iter().enumerate() {
            chunks[index % count].roots.push(node);
        }
        chunks[0].seen = seen;
        chunks
    }
}

impl UtsTally {
    #[inline]
    pub(super) fn note(&mut self, node: &UtsNode, children: u32) {
        self.nodes += 1;
        self.leaves += u64::from(children == 0);
        self.depth = self.depth.max(node.depth);
        self.checksum = self.checksum.wrapping_add(u64::from(sha::value(&node.state)));
    }
}

#[inline]
pub(super) fn offspring(node: &UtsNode, children: u32) -> impl Iterator<Item = UtsNode> {
    (0..children).map(|number| UtsNode {
        state: sha::digest(sha::child_block(&node.state, number)),
        depth: node.depth + 1,
    })
}

/// The least random values that give 1, 2, 3 … children at a depth: estimated, then moved to where the reference's
/// own formula changes.
///
/// That is exact: the formula is monotone on the 2^31 possible values, since neighbours move ln(1 − u) by at least
/// 2^-31 and the error of `ln` is some 2^-48 at most.
fn thresholds(parameters: &Uts, depth: u32) -> Vec<u32> {
    const VALUES: u32 = 1 << 31;
    let p = 1.0 / (1.0 + parameters.branching_at(depth));
    let log = (1.0 - p).ln();
    let children = |value: u32| ((1.0 - f64::from(value) / f64::from(VALUES)).ln() / log).floor() as u32;
    let mut thresholds = Vec::new();
    for wanted in 1..=MAX_CHILDREN {
        let estimate = f64::from(VALUES) * (1.0 - (1.0 - p).powi(wanted as i32));
        let mut least = (estimate as u32).min(VALUES);
        while least > 0 && children(least - 1) >= wanted {
            least -= 1;
        }
        while least < VALUES && children(least) < wanted {
            least += 1;
        }
        if least == VALUES {
            break;
        }
        thresholds.push(least);
    }
    thresholds
}
