//! A walk that can stop and share: what work stealing is made of.

use super::tree::{Tree, UtsNode, offspring};
use super::{Uts, UtsTally};

/// A depth-first walk over some subtrees, which can be interrupted and can give half of what is left away.
///
/// [`compute`](par_core::Workload::compute) runs one to its end where it is alone. Beside other workers it runs a
/// budget of nodes at a time, and makes what [`give_half`](Self::give_half) returns a task of its own whenever somebody
/// has taken the last one: no static split balances a binomial tree, of which one subtree may hold more than half.
///
/// # Examples
/// ```
/// use par_benches::workloads::{Uts, UtsWalk};
/// use par_core::Workload;
/// use std::num::NonZeroUsize;
///
/// let tree = Uts::small();
/// let root = tree.chunks(NonZeroUsize::MIN).remove(0).roots;
/// let mut walk = UtsWalk::new(&tree, root);
/// assert!(walk.run(100));
/// let mut thief = UtsWalk::new(&tree, walk.give_half());
/// assert!(!walk.run(u64::MAX) && !thief.run(u64::MAX));
/// assert_eq!(walk.tally().nodes + thief.tally().nodes, 1732);
/// ```
#[derive(Debug)]
pub struct UtsWalk {
    tree: Tree,
    /// Nodes that nobody has counted yet, with the number of their children, not 0 but for roots.
    stack: Vec<(UtsNode, u32)>,
    tally: UtsTally,
}

impl UtsWalk {
    /// A walk over the subtrees below `roots`, which are counted with them.
    pub fn new(tree: &Uts, roots: Vec<UtsNode>) -> Self {
        let mut walk = Self { tree: Tree::new(tree), stack: Vec::new(), tally: UtsTally::default() };
        walk.add(roots);
        walk
    }

    /// Adds subtrees.
    pub fn add(&mut self, roots: Vec<UtsNode>) {
        let tree = &self.tree;
        self.stack.extend(roots.into_iter().map(|root| (root, tree.children(&root))));
    }

    /// Counts until at least `nodes` more nodes are counted or none is left; answers whether any is left.
    pub fn run(&mut self, nodes: u64) -> bool {
        let enough = self.tally.nodes.saturating_add(nodes);
        let mut tally = self.tally;
        while tally.nodes < enough
            && let Some((node, children)) = self.stack.pop()
        {
            tally.note(&node, children);
            for child in offspring(&node, children) {
                // Leaves, which are most of a tree, never reach the stack.
                let children = self.tree.children(&child);
                if children == 0 {
                    tally.note(&child, 0);
                } else {
                    self.stack.push((child, children));
                }
            }
        }
        self.tally = tally;
        !self.stack.is_empty()
    }

    /// Gives away every other node that is left, so that both halves have shallow and deep ones; empty where fewer
    /// than two are left.
    pub fn give_half(&mut self) -> Vec<UtsNode> {
        let mut given = Vec::with_capacity(self.stack.len() / 2);
        let mut give = false;
        self.stack.retain(|(node, _)| {
            give = !give;
            if !give {
                given.push(*node);
            }
            give
        });
        given
    }

    /// What has been counted so far.
    pub fn tally(&self) -> UtsTally {
        self.tally
    }
}
