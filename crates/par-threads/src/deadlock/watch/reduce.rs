//! Who of those that wait can never go on: the reduction of a graph of waits, with *and* and *or*.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a thread that waits needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Need {
    /// Those that it waits for.
    pub(super) from: Vec<u64>,
    /// Whether one of them suffices; else it needs all.
    pub(super) one_suffices: bool,
}

/// The circle of waits that `me` is part of, beginning with it, if there is one that can never end.
///
/// Who is no key of `needs` does not wait. A thread is stuck if it needs all of several, and one is stuck; or if one would
/// suffice, and all are. The greatest set of which that is true is what remains when those that can go on are taken out,
/// again and again.
pub(super) fn circle(needs: &BTreeMap<u64, Need>, me: u64) -> Option<Vec<u64>> {
    let mut stuck: BTreeSet<u64> = needs.keys().copied().collect();
    loop {
        let goes_on = |thread: &u64| {
            let Need { from, one_suffices } = &needs[thread];
            let mut states = from.iter().map(|other| stuck.contains(other));
            if *one_suffices {
                from.is_empty() || !states.all(|stuck| stuck)
            } else {
                !states.any(|stuck| stuck)
            }
        };
        let free: Vec<u64> = stuck.iter().copied().filter(goes_on).collect();
        if free.is_empty() {
            break;
        }
        stuck.retain(|thread| !free.contains(thread));
    }
    stuck.contains(&me).then(|| explain(needs, &stuck, me)).flatten()
}

/// As few of the stuck threads as show that `me` is; `None` if it only waits for others that are stuck without it.
fn explain(needs: &BTreeMap<u64, Need>, stuck: &BTreeSet<u64>, me: u64) -> Option<Vec<u64>> {
    let far = distances(needs, stuck, me);
    let steps = |thread: &u64| far.get(thread).copied().unwrap_or(usize::MAX);
    let mut circle = vec![me];
    let mut next = 0;
    while let Some(thread) = circle.get(next) {
        let Need { from, one_suffices } = &needs[thread];
        let mut others: Vec<u64> = from.iter().copied().filter(|other| stuck.contains(other)).collect();
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

/// How many waits lead from each stuck thread to `me`.
fn distances(needs: &BTreeMap<u64, Need>, stuck: &BTreeSet<u64>, me: u64) -> BTreeMap<u64, usize> {
    let mut far = BTreeMap::from([(me, 0)]);
    let mut todo = VecDeque::from([me]);
    while let Some(thread) = todo.pop_front() {
        let steps = far[&thread] + 1;
        for other in stuck.iter().filter(|other| needs[other].from.contains(&thread)) {
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

    fn all(from: &[u64]) -> Need {
        Need { from: from.to_vec(), one_suffices: false }
    }

    fn one(from: &[u64]) -> Need {
        Need { from: from.to_vec(), one_suffices: true }
    }

    fn find(needs: &[(u64, Need)], me: u64) -> Option<Vec<u64>> {
        circle(&needs.iter().cloned().collect(), me)
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
