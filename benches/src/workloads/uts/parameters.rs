//! Which tree: shapes, published trees, and what makes a tree finite.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// Unbalanced tree search: every node is a SHA-1 state, and its children are hashed from it, so a subtree's size
/// is known only when it has been walked.
///
/// Source: S. Olivier, J. Huan, J. Liu, J. Prins, J. Dinan, P. Sadayappan, C.-W. Tseng, "UTS: An Unbalanced Tree
/// Search Benchmark", LCPC 2006. Every node is hashed, also those whose depth alone makes them leaves, as in the
/// reference implementation.
///
/// A chunk is a set of subtrees: `chunks` expands the tree breadth-first until there are enough roots, and deals
/// them out in turn. A chunk that turns out large gives subtrees away as nested tasks, where its executor has more than
/// one worker.
///
/// Reproducibility: exact.
///
/// # Examples
/// ```
/// use par_benches::workloads::Uts;
/// use par_core::Workload;
///
/// let tree = Uts::small();
/// let tally = tree.serial();
/// assert_eq!((tally.nodes, tally.depth, tally.leaves), (1732, 6, 1050));
/// tree.verify(&tally, &tally)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uts {
    shape: UtsShape,
    branching: f64,
    seed: u32,
}

/// How many children a node has.
///
/// The geometric shapes draw the number of children from a geometric distribution whose mean, the *branching*,
/// depends on the depth; the binomial one gives a node `children` children or none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum UtsShape {
    /// GEO, fixed: the same branching above `depth`, none at it.
    Fixed {
        /// The depth of the lowest nodes.
        depth: u32,
    },
    /// GEO, linear: the branching falls linearly to 0 at `depth`.
    Linear {
        /// The depth of the lowest nodes.
        depth: u32,
    },
    /// GEO, cyclic: the branching is b0^sin(2π·d/depth), and 0 beyond five cycles.
    Cyclic {
        /// The length of a cycle, in levels.
        depth: u32,
    },
    /// BIN: the root has floor(b0) children, every other node `children` with probability `probability`.
    Binomial {
        /// q: the probability that a node other than the root has children.
        probability: f64,
        /// m: how many it then has, at most 100.
        children: u32,
    },
}

/// Parameters that describe no finite tree.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UtsError {
    /// The root's branching is not usable.
    #[error("a root branching of {branching}; choose a number from 0 to 1e6")]
    Branching {
        /// The branching that was asked for.
        branching: f64,
    },
    /// A geometric tree without levels, or with too many.
    #[error("a geometric tree of {depth} levels; choose 1 to 10000")]
    Depth {
        /// The depth that was asked for.
        depth: u32,
    },
    /// A binomial tree that is infinite with positive probability.
    #[error(
        "a binomial tree with q = {probability} and m = {children}; choose 0 ≤ q, m ≤ 100 and q·m < 1, \
         or the tree need not end"
    )]
    Binomial {
        /// The q that was asked for.
        probability: f64,
        /// The m that was asked for.
        children: u32,
    },
    /// A name that is not one of the published trees.
    #[error("no tree is called {name:?}; choose one of default, T1, T2, T3, T5, T1L")]
    Name {
        /// The name that was asked for.
        name: String,
    },
}

/// The most children that a node other than a binomial root may have (`MAXNUMCHILDREN` of the reference).
pub(super) const MAX_CHILDREN: u32 = 100;

/// Trees with published counts: name, parameters, (nodes, depth, leaves). Source: the sample trees that come with
/// UTS 1.1 (`sample_trees.sh`), and its default parameters.
const PUBLISHED: [(&str, Uts, (u64, u32, u64)); 6] = [
    ("default", Uts::with(UtsShape::Linear { depth: 6 }, 4.0, 0), (1_732, 6, 1_050)),
    ("T1", Uts::with(UtsShape::Fixed { depth: 10 }, 4.0, 19), (4_130_071, 10, 3_305_118)),
    ("T2", Uts::with(UtsShape::Cyclic { depth: 16 }, 6.0, 502), (4_117_769, 81, 2_342_762)),
    (
        "T3",
        Uts::with(UtsShape::Binomial { probability: 0.124_875, children: 8 }, 2000.0, 42),
        (4_112_897, 1_572, 3_599_034),
    ),
    ("T5", Uts::with(UtsShape::Linear { depth: 20 }, 4.0, 34), (4_147_582, 20, 2_181_318)),
    ("T1L", Uts::with(UtsShape::Fixed { depth: 13 }, 4.0, 29), (102_181_082, 13, 81_746_377)),
];

impl Uts {
    /// A tree of any shape; `branching` is b0, `seed` the number of the root.
    ///
    /// # Errors
    /// A [`UtsError`] where the tree would be malformed, or infinite.
    pub fn new(shape: UtsShape, branching: f64, seed: u32) -> Result<Self, UtsError> {
        if !(0.0..=1e6).contains(&branching) {
            return Err(UtsError::Branching { branching });
        }
        match shape {
            UtsShape::Fixed { depth } | UtsShape::Linear { depth } | UtsShape::Cyclic { depth }
                if !(1..=10_000).contains(&depth) =>
            {
                Err(UtsError::Depth { depth })
            }
            // Written so that a NaN is refused.
            UtsShape::Binomial { probability, children }
                if !(probability >= 0.0 && probability * f64::from(children) < 1.0)
                    || children > MAX_CHILDREN =>
            {
                Err(UtsError::Binomial { probability, children })
            }
            _ => Ok(Self::with(shape, branching, seed)),
        }
    }

    /// One of the published trees: `default`, `T1`, `T2`, `T3`, `T5` or `T1L`.
    ///
    /// # Errors
    /// [`UtsError::Name`] for any other name.
    pub fn named(name: &str) -> Result<Self, UtsError> {
        PUBLISHED
            .into_iter()
            .find(|(known, _, _)| *known == name)
            .map(|(_, tree, _)| tree)
            .ok_or_else(|| UtsError::Name { name: name.to_owned() })
    }

    const fn with(shape: UtsShape, branching: f64, seed: u32) -> Self {
        Self { shape, branching, seed }
    }

    /// The default tree: geometric, linear, 1,732 nodes.
    pub const fn small() -> Self {
        Self::with(UtsShape::Linear { depth: 6 }, 4.0, 0)
    }

    /// T1, the test size: geometric, fixed, 4.1 million nodes, depth 10.
    pub const fn t1() -> Self {
        Self::with(UtsShape::Fixed { depth: 10 }, 4.0, 19)
    }

    /// T3, the test size that is hard to balance: binomial, 4.1 million nodes, depth 1572.
    pub const fn t3() -> Self {
        Self::with(UtsShape::Binomial { probability: 0.124_875, children: 8 }, 2000.0, 42)
    }

    /// T1L, the bench size: geometric, fixed, 102 million nodes, depth 13.
    pub const fn t1l() -> Self {
        Self::with(UtsShape::Fixed { depth: 13 }, 4.0, 29)
    }

    /// How many children a node has.
    pub const fn shape(&self) -> UtsShape {
        self.shape
    }

    /// b0: the branching at the root.
    pub const fn branching(&self) -> f64 {
        self.branching
    }

    /// The number of the root.
    pub const fn seed(&self) -> u32 {
        self.seed
    }

    /// What [`verify`](par_core::Workload::verify) compares with, beside the checksum of the serial code.
    pub fn checked_against(&self) -> String {
        PUBLISHED
            .iter()
            .find(|(_, tree, _)| tree == self)
            .map_or_else(|| "serial code".to_owned(), |(name, _, _)| format!("UTS 1.1 sample tree {name}"))
    }

    /// Nodes, depth and leaves, where they are published.
    pub(super) fn published(&self) -> Option<(u64, u32, u64)> {
        PUBLISHED.iter().find(|(_, tree, _)| tree == self).map(|(_, _, counts)| *counts)
    }

    /// The mean number of children at a depth of a geometric tree; the formulas of the reference, term by term,
    /// since its counts depend on every rounding.
    pub(super) fn branching_at(&self, depth: u32) -> f64 {
        match self.shape {
            _ if depth == 0 => self.branching,
            UtsShape::Fixed { depth: last } => {
                if depth < last {
                    self.branching
                } else {
                    0.0
                }
            }
            UtsShape::Linear { depth: last } => self.branching * (1.0 - f64::from(depth) / f64::from(last)),
            UtsShape::Cyclic { depth: cycle } => {
                if depth > 5 * cycle {
                    0.0
                } else {
                    self.branching.powf((2.0 * PI * f64::from(depth) / f64::from(cycle)).sin())
                }
            }
            UtsShape::Binomial { probability, children } => probability * f64::from(children),
        }
    }

    /// The depth from which on a geometric tree has no children.
    pub(super) fn levels(&self) -> u32 {
        match self.shape {
            UtsShape::Fixed { depth } | UtsShape::Linear { depth } => depth,
            UtsShape::Cyclic { depth } => 5 * depth + 1,
            UtsShape::Binomial { .. } => 0,
        }
    }

    /// The mean number of nodes over all seeds, capping at 2^64 − 1.
    pub(super) fn expected_nodes(&self) -> u64 {
        if let UtsShape::Binomial { probability, children } = self.shape {
            return (1.0 + self.branching.floor() / (1.0 - probability * f64::from(children))) as u64;
        }
        let mut level = 1.0;
        let mut nodes = 1.0;
        for depth in 0..self.levels() {
            level *= self.branching_at(depth);
            nodes += level;
        }
        nodes as u64
    }
}
