//! Which of the waits can never end: the reduction of a graph of waits, with *and* and *or*.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A wait: the thread, and which of its waits, counted from the bottom of its stack.
pub(super) type Node = (u64, usize);

/// What a wait needs to end.
#[derive(Debug, Clone, Default)]
pub(super) struct Need {
    /// The waits that must end first.
    pub(super) from: Vec<Node>,
    /// Whether one of them suffices; else all must.
    pub(super) one_suffices: bool,
}

/// The circle of waits that `me` is part of, beginning with it, if there is one that can never end.
///
/// What is no key of `needs` does not wait. A wait is stuck if it needs several to end, and one of them is stuck; or if one
/// would suffice, and all are. The greatest set of which that is true is what remains when those that can end are taken
/// out, again and again.
pub(super) fn circle(needs: &BTreeMap<Node, Need>, me: Node) -> Option<Vec<Node>> {
    let mut stuck: BTreeSet<Node> = needs.keys().copied().collect();
    loop {
        let can_end = |wait: &Node| {
            let Need { from, one_suffices } = &needs[wait];
            let mut states = from.iter().map(|other| stuck.contains(other));
            if *one_suffices {
                from.is_empty() || !states.all(|stuck| stuck)
            } else {
                !states.any(|stuck| stuck)
            }
        };
        let free: Vec<Node> = stuck.iter().copied().filter(can_end).collect();
        if free.is_empty() {
            break;
        }
        stuck.retain(|wait| !free.contains(wait));
    }
    stuck.contains(&me).then(|| explain(needs, &stuck, me)).flatten()
}

/// As few of the stuck waits as show that `me` is one; `None` if it only waits for others that are stuck without it.
fn explain(needs: &BTreeMap<Node, Need>, stuck: &BTreeSet<Node>, me: Node) -> Option<Vec<Node>> {
    let far = distances(needs, stuck, me);
    let steps = |wait: &Node| far.get(wait).copied().unwrap_or(usize::MAX);
    let mut circle = vec![me];
    let mut next = 0;
    while let Some(wait) = circle.get(next) {
        let Need { from, one_suffices } = &needs[wait];
        let mut others: Vec<Node> = from.iter().copied().filter(|other| stuck.contains(other)).collect();
        if next == 0 && others.iter().all(|other| steps(other) == usize::MAX) {
            return None;
        }
        others.sort_by_key(steps);
        others.truncate(if *one_suffices { others.len() } else { 1 });
        for other in others {
            if !circle.contains(&other) {
                circle.push(other);
            }
        }
        next += 1;
    }
    Some(circle)
}

/// How many steps lead from each stuck wait to `me`.
fn distances(needs: &BTreeMap<Node, Need>, stuck: &BTreeSet<Node>, me: Node) -> BTreeMap<Node, usize> {
    let mut far = BTreeMap::from([(me, 0)]);
    let mut todo = VecDeque::from([me]);
    while let Some(wait) = todo.pop_front() {
        let steps = far[&wait] + 1;
        for other in stuck.iter().filter(|other| needs[other].from.contains(&wait)) {
            far.entry(*other).or_insert_with(|| {
                todo.push_back(*other);
                steps
            });
        }
    }
    far
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In these tests every thread waits once.
    fn need(from: &[u64], one_suffices: bool) -> Need {
        Need { from: from.iter().map(|thread| (*thread, 0)).collect(), one_suffices }
    }

    fn all(from: &[u64]) -> Need {
        need(from, false)
    }

    fn one(from: &[u64]) -> Need {
        need(from, true)
    }

    fn find(needs: &[(u64, Need)], me: u64) -> Option<Vec<u64>> {
        let needs = needs.iter().map(|(thread, need)| ((*thread, 0), need.clone())).collect();
        Some(circle(&needs, (me, 0))?.into_iter().map(|(thread, _)| thread).collect())
    }

    #[test]
    fn circles_are_found_and_chains_are_not() {
        assert_eq!(find(&[(1, all(&[1]))], 1), Some(vec![1]));
        assert_eq!(find(&[(1, all(&[2])), (2, all(&[1]))], 1), Some(vec![1, 2]));
        assert_eq!(find(&[(1, all(&[2])), (2, all(&[3]))], 1), None, "3 does not wait");
        assert_eq!(find(&[(1, all(&[]))], 1), None, "for whom?");
        let ring = [(1, all(&[2])), (2, all(&[3])), (3, all(&[1]))];
        assert_eq!(find(&ring, 2), Some(vec![2, 3, 1]));
    }

    #[test]
    fn the_shortest_circle_explains() {
        let needs = [(1, all(&[2, 4])), (2, all(&[3])), (3, all(&[1])), (4, all(&[1, 2]))];
        assert_eq!(find(&needs, 1), Some(vec![1, 4]));
    }

    #[test]
    fn who_waits_for_a_circle_without_being_in_it_closes_nothing() {
        assert_eq!(find(&[(1, all(&[2])), (2, all(&[3])), (3, all(&[2]))], 1), None);
    }

    #[test]
    fn one_that_suffices_must_not_be_free() {
        let free = [(1, one(&[2, 3])), (2, all(&[1]))];
        assert_eq!(find(&free, 2), None, "3 may help 1, which then helps 2");
        let taken = [(1, one(&[2, 3])), (2, all(&[1])), (3, all(&[2]))];
        assert_eq!(find(&taken, 3), Some(vec![3, 2, 1]));
        assert_eq!(find(&[(1, one(&[])), (2, all(&[1]))], 2), None, "nothing is known of 1");
    }
}
