//! A walk that shares: no static split balances a binomial tree, so a chunk that turns out long gives work away.
//!
//! After every [`BUDGET`] of nodes the walk looks whether its last gift was taken; if so, it gives half of what is
//! left to a nested task, which does the same. When it has nothing left itself, it takes back the gifts that nobody
//! has begun, and then waits for the others.
//!
//! - *Exact*: every node is counted by one task, and counts add in any order, so the answer does not depend on when
//!   what was given.
//! - *No deadlock*: a task waits only for tasks that it has submitted, so waits form a tree; and a worker that waits
//!   runs other tasks meanwhile.
//! - *Bounded*: a gift costs its giver a budget of nodes, so there are fewer gifts than nodes / [`BUDGET`]; one task
//!   has at most as many under way as there are workers; and tasks that run on top of [`DEEPEST`] waiting ones give
//!   nothing, so that stacks end.
//! - *Robust*: who gives keeps the roots until the count is there. A gift that is refused or fails (its worker died) is
//!   walked by the giver.

use std::cell::Cell;
use std::sync::Arc;

use par_core::{ChunkTask, Executor, ExecutorExt, Handle};

use super::{Uts, UtsChunk, UtsNode, UtsTally, UtsWalk};

/// Nodes between two looks, 1 to 2 ms of work: far above the price of a task, also on a pool of processes.
const BUDGET: u64 = 1 << 15;
/// Walks that may run on one another's stack and still give.
const DEEPEST: u32 = 16;

thread_local! {
    /// Walks on this thread's stack.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Work that was given away.
struct Gift {
    roots: Vec<UtsNode>,
    count: Handle<UtsTally>,
}

/// Walks over `roots`, with the help of the executor's other workers.
pub(super) fn walk(tree: &Uts, roots: Vec<UtsNode>, executor: &Arc<dyn Executor>) -> UtsTally {
    let _depth = Depth::enter();
    let mut walk = UtsWalk::new(tree, roots);
    let mut sharing = Sharing { tree, executor, gifts: Vec::new(), counted: UtsTally::default() };
    let may_give = DEPTH.get() <= DEEPEST;
    loop {
        while walk.run(BUDGET) {
            if may_give {
                sharing.settle_finished(&mut walk);
                if sharing.gift_is_wanted() {
                    sharing.give(&mut walk);
                }
            }
        }
        // The last gift is the smallest, and the likeliest to be still there.
        let Some(gift) = sharing.gifts.pop() else { break };
        sharing.settle(gift, &mut walk);
    }
    sharing.counted.join(walk.tally())
}

struct Sharing<'a> {
    tree: &'a Uts,
    executor: &'a Arc<dyn Executor>,
    gifts: Vec<Gift>,
    /// What others have counted.
    counted: UtsTally,
}

impl Sharing<'_> {
    /// Whether somebody has taken the last gift, and not all workers are busy with earlier ones.
    fn gift_is_wanted(&self) -> bool {
        self.gifts.last().is_none_or(|gift| gift.count.is_running())
            && self.gifts.len() < self.executor.workers().get()
    }

    fn give(&mut self, walk: &mut UtsWalk) {
        let roots = walk.give_half();
        if roots.is_empty() {
            return;
        }
        let chunk = UtsChunk { roots: roots.clone(), seen: UtsTally::default() };
        match self.executor.submit(ChunkTask::new(self.tree.clone(), chunk)) {
            Ok(count) => self.gifts.push(Gift { roots, count }),
            Err(_) => walk.add(roots),
        }
    }

    /// Adds what the finished gifts came to, and forgets their roots.
    fn settle_finished(&mut self, walk: &mut UtsWalk) {
        let (finished, others): (Vec<_>, _) =
            std::mem::take(&mut self.gifts).into_iter().partition(|gift| gift.count.is_finished());
        self.gifts = others;
        for gift in finished {
            self.settle(gift, walk);
        }
    }

    /// Adds what a gift comes to, or takes its roots back where nobody has counted or will count them.
    fn settle(&mut self, gift: Gift, walk: &mut UtsWalk) {
        let Gift { roots, count } = gift;
        // One that runs is not cancelled: that could cost its worker the life.
        if !count.is_running() && count.cancel() {
            return walk.add(roots);
        }
        match count.wait() {
            Ok(tally) => self.counted = self.counted.join(tally),
            Err(_) => walk.add(roots),
        }
    }
}

/// One walk on this thread's stack, until it is dropped.
struct Depth;

impl Depth {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use par_core::{Counter, SerialExecutor, Shutdown, Workload};

    use super::*;

    fn walk_all(executor: &Arc<dyn Executor>) {
        let tree = Uts::t3();
        let root = tree.chunks(NonZeroUsize::MIN).remove(0).roots;
        let tally = walk(&tree, root, executor);
        assert_eq!((tally.nodes, tally.depth, tally.leaves), (4_112_897, 1572, 3_599_034));
    }

    #[test]
    fn what_is_given_is_counted_once() {
        let executor: Arc<dyn Executor> = Arc::new(SerialExecutor::new());
        walk_all(&executor);
        assert!(executor.metrics().get(Counter::Submitted) > 0, "nothing was given");
    }

    #[test]
    fn what_nobody_takes_is_walked_by_the_giver() {
        let executor: Arc<dyn Executor> = Arc::new(SerialExecutor::new());
        executor.shutdown(Shutdown::drain().within(Duration::from_secs(1))).unwrap();
        walk_all(&executor);
    }
}
