//! The whole tree on one thread: an explicit stack, and the reference's formulas evaluated node by node.

use super::parameters::{MAX_CHILDREN, Uts, UtsShape};
use super::{UtsTally, sha};

/// A node with children: its state, its depth, how many children.
type Inner = (sha::State, u32, u32);

/// How many random values there are.
const VALUES: f64 = 2_147_483_648.0;

pub(super) fn count(tree: &Uts) -> UtsTally {
    let root = sha::root(tree.seed());
    if let UtsShape::Binomial { probability, children } = tree.shape() {
        // u < q in whole random values: scaling both sides by 2^31 is exact.
        let below = (probability * VALUES).ceil() as u32;
        return walk(root, tree.branching() as u32, |value, _| if value < below { children } else { 0 });
    }
    let levels: Vec<Level> = (0..tree.levels()).map(|depth| Level::new(tree.branching_at(depth))).collect();
    let children =
        |value: u32, depth: u32| levels.get(depth as usize).map_or(0, |level| level.children(value));
    walk(root, children(sha::value(&root), 0), children)
}

/// One depth of a geometric tree.
struct Level {
    /// ln(1 − p).
    log: f64,
    /// Where the number of children changes, 2^31·(1 − (1 − p)^k) for k = 1, 2, …: the last value that is surely
    /// below and the first that is surely beyond.
    steps: Vec<(u32, u32)>,
}

impl Level {
    fn new(branching: f64) -> Self {
        let rest = 1.0 - 1.0 / (1.0 + branching);
        let steps = (1..=MAX_CHILDREN as i32).map(|k| VALUES * (1.0 - rest.powi(k)));
        let around = |step: f64| ((step - 1.0) as u32, (step + 2.0) as u32);
        Self { log: rest.ln(), steps: steps.take_while(|step| *step < VALUES).map(around).collect() }
    }

    /// floor(ln(1 − u) / ln(1 − p)): read off the steps, and computed only so close to a step that rounding could
    /// decide.
    #[inline]
    fn children(&self, value: u32) -> u32 {
        let mut children = 0;
        for (below, beyond) in &self.steps {
            if value <= *below {
                break;
            }
            if value < *beyond {
                let u = f64::from(value) / VALUES;
                return (((1.0 - u).ln() / self.log).floor() as u32).min(MAX_CHILDREN);
            }
            children += 1;
        }
        children
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
