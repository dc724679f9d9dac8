//! The whole tree on one thread: an explicit stack, and the reference's formulas evaluated node by node.

use super::parameters::{MAX_CHILDREN, Uts, UtsShape};
use super::{UtsTally, sha};

/// A node with children: its state, its depth, how many children.
type Inner = (sha::State, u32, u32);

/// 1 / 2^31: what one step of a random value is worth.
const UNIT: f64 = 1.0 / 2_147_483_648.0;

pub(super) fn count(tree: &Uts) -> UtsTally {
    let root = sha::root(tree.seed());
    match tree.shape() {
        UtsShape::Binomial { probability, children } => walk(root, tree.branching() as u32, |value, _| {
            if f64::from(value) * UNIT < probability { children } else { 0 }
        }),
        _ => {
            // ln(1 − p) is the same for all nodes of a depth.
            let logs: Vec<f64> = (0..tree.levels())
                .map(|depth| (1.0 - 1.0 / (1.0 + tree.branching_at(depth))).ln())
                .collect();
            let children = |value: u32, depth: u32| {
                logs.get(depth as usize).map_or(0, |log| {
                    let u = f64::from(value) * UNIT;
                    (((1.0 - u).ln() / log).floor() as u32).min(MAX_CHILDREN)
                })
            };
            walk(root, children(sha::value(&root), 0), children)
        }
    }
}

fn walk(root: sha::State, root_children: u32, children_of: impl Fn(u32, u32) -> u32) -> UtsTally {
    let mut checksum = u64::from(sha::value(&root));
    let (mut nodes, mut inner, mut deepest) = (1_u64, 0_u64, 0_u32);
    let mut stack: Vec<Inner> = Vec::new();
    if root_children > 0 {
        stack.push((root, 0, root_children));
    }
    while let Some((parent, parent_depth, children)) = stack.pop() {
        let depth = parent_depth + 1;
        inner += 1;
        nodes += u64::from(children);
        deepest = deepest.max(depth);
        // Children do not depend on each other, so their hashes overlap in the processor.
        for number in 0..children {
            let state = sha::digest(sha::child_block(&parent, number));
            let value = sha::value(&state);
            checksum = checksum.wrapping_add(u64::from(value));
            let grandchildren = children_of(value, depth);
            if grandchildren > 0 {
                stack.push((state, depth, grandchildren));
            }
        }
    }
    UtsTally { nodes, leaves: nodes - inner, depth: deepest, checksum }
}
