//! Collectives, grids and groups against what they mean, for sizes nobody has chosen.

use std::collections::BTreeSet;

use par_core::comm::{Blocks, Communicator, CommunicatorExt, Group, Likeness, compute_dims, op};
use par_core::testing::ModelWorld;
use proptest::prelude::*;

/// One seed, one world: ranks work out the same data from it.
fn words(seed: u64, rank: usize, len: usize) -> Vec<u64> {
    let start = seed ^ (rank as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..len as u64).map(|place| (start ^ place).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(23)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_scattered_and_gathered_is_what_was_there(
        counts in prop::collection::vec(0_usize..3_000, 1..10),
        gap in 0_usize..4,
        root in any::<prop::sample::Index>(),
        eager in prop::sample::select(vec![0_usize, 4096]),
        seed in any::<u64>(),
    ) {
        let (size, root) = (counts.len(), root.index(counts.len()));
        let starts: Vec<usize> = (0..size).map(|rank| counts[..rank].iter().sum::<usize>() + rank * gap).collect();
        let blocks = Blocks::placed(&counts, &starts).expect("one start per count");
        let whole = words(seed, 99, blocks.extent());
        ModelWorld::new(size).eager_limit(eager).run_fn(|world| {
            let mut own = vec![0; counts[world.rank()]];
            world.scatter_v(&whole, &blocks, &mut own, root)?;
            assert_eq!(own, whole[blocks.range(world.rank())]);
            let (mut at_root, mut at_all) = (whole.clone(), whole.clone());
            (0..size).for_each(|rank| {
                at_root[blocks.range(rank)].fill(0);
                at_all[blocks.range(rank)].fill(0);
            });
            world.gather_v(&own, &mut at_root, &blocks, root)?;
            assert!(world.rank() != root || at_root == whole);
            world.all_gather_v(&own, &mut at_all, &blocks)?;
            assert_eq!(at_all, whole);
            world.broadcast(&mut at_root, root)?;
            assert_eq!(at_root, whole);
            Ok(())
        }).expect("no rank fails");
    }

    #[test]
    fn an_exchange_of_all_is_a_transposition(
        size in 1_usize..11,
        len in prop_oneof![0_usize..40, 1_000_usize..3_000],
        eager in prop::sample::select(vec![0_usize, 4096]),
        seed in any::<u64>(),
    ) {
        ModelWorld::new(size).eager_limit(eager).run_fn(|world| {
            let given = words(seed, world.rank(), size * len);
            let mut taken = vec![0; size * len];
            world.all_to_all(&given, &mut taken)?;
            for from in 0..size {
                let theirs = words(seed, from, size * len);
                assert_eq!(taken[from * len..(from + 1) * len], theirs[world.rank() * len..(world.rank() + 1) * len]);
            }
            let mut in_place = given.clone();
            world.all_to_all_in_place(&mut in_place)?;
            assert_eq!(in_place, taken);
            world.all_to_all_in_place(&mut in_place)?;
            assert_eq!(in_place, given, "twice is nothing");
            Ok(())
        }).expect("no rank fails");
    }

    #[test]
    fn reductions_agree_bit_by_bit_with_one_another(
        size in 1_usize..12,
        len in prop_oneof![0_usize..20, 5_000_usize..9_000],
        root in any::<prop::sample::Index>(),
        eager in prop::sample::select(vec![0_usize, 4096]),
        seed in any::<u64>(),
    ) {
        let root = root.index(size);
        ModelWorld::new(size).eager_limit(eager).run_fn(|world| {
            let rank = world.rank();
            let given: Vec<f64> = words(seed, rank, len).into_iter().map(|word| word as f64 / 3.0).collect();
            let mut all = given.clone();
            world.all_reduce_in_place(&mut all, &op::Sum)?;
            let mut one = if rank == root { vec![0.0; len] } else { Vec::new() };
            world.reduce(&given, &mut one, &op::Sum, root)?;
            assert!(rank != root || one == all, "reduce and all_reduce");
            let blocks = Blocks::even(len, size);
            let mut part = vec![0.0; blocks.counts()[rank]];
            world.reduce_scatter(&given, &blocks, &mut part, &op::Sum)?;
            assert_eq!(part, all[blocks.range(rank)], "reduce_scatter and all_reduce");
            for (place, sum) in all.iter().enumerate().take(3) {
                let value = world.all_reduce_value(given[place], |left, right| left + right)?;
                assert_eq!(value.to_bits(), sum.to_bits(), "values and elements");
            }
            let (mut upto, mut below) = (given.clone(), given);
            world.scan(&mut upto, &op::Sum)?;
            world.exscan(&mut below, &op::Sum)?;
            let mut of_the_one_below = vec![0.0; len];
            let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size);
            let tag = par_core::comm::Tag(1);
            world.send_recv(&upto, next, tag, &mut of_the_one_below, previous, tag)?;
            assert!(rank == 0 || below == of_the_one_below, "exscan and the scan below");
            Ok(())
        }).expect("no rank fails");
    }

    #[test]
    fn a_division_into_dimensions_is_whole_and_balanced(ranks in 1_usize..2_000, count in 1_usize..5) {
        let dims = compute_dims(ranks, &vec![0; count]).expect("every number divides by 1");
        prop_assert_eq!(dims.iter().product::<usize>(), ranks);
        prop_assert!(dims.is_sorted_by(|a, b| a >= b));
        if count == 2 {
            let nearest = (1..=ranks).filter(|dim| dim * dim >= ranks).find(|dim| ranks.is_multiple_of(*dim));
            prop_assert_eq!(Some(dims[0]), nearest);
        }
    }

    #[test]
    fn groups_are_ordered_sets(
        a in prop::collection::btree_set(0_usize..20, 0..12),
        b in prop::collection::btree_set(0_usize..20, 0..12),
    ) {
        let of = |set: &BTreeSet<usize>| {
            let members: Vec<usize> = set.iter().rev().copied().collect();
            Group::new(&members).expect("a set has each once")
        };
        let (left, right) = (of(&a), of(&b));
        let set = |group: &Group| group.members().iter().copied().collect::<BTreeSet<_>>();
        prop_assert_eq!(set(&left.union(&right)), &a | &b);
        prop_assert_eq!(set(&left.intersection(&right)), &a & &b);
        prop_assert_eq!(set(&left.difference(&right)), &a - &b);
        prop_assert_eq!(left.compare(&right) == Likeness::Unequal, a != b);
        let ranks: Vec<usize> = (0..left.len()).collect();
        let there = left.translate_ranks(&ranks, &right).expect("these ranks are in it");
        for (rank, place) in there.into_iter().enumerate() {
            prop_assert_eq!(place.map(|place| right.members()[place]), right.rank_of(left.members()[rank]).map(|_| left.members()[rank]));
        }
        prop_assert_eq!(left.union(&right).len(), left.len() + right.difference(&left).len());
    }
}

#[test]
fn known_divisions_into_dimensions() {
    let known: [(usize, &[usize], &[usize]); 9] = [
        (12, &[0, 0], &[4, 3]),
        (6, &[0, 0], &[3, 2]),
        (24, &[0, 0, 0], &[4, 3, 2]),
        (72, &[0, 0], &[9, 8]),
        (7, &[0, 0, 0], &[7, 1, 1]),
        (6, &[0, 3, 0], &[2, 3, 1]),
        (8, &[2, 4], &[2, 4]),
        (1, &[0], &[1]),
        (1, &[], &[]),
    ];
    for (ranks, given, expected) in known {
        assert_eq!(compute_dims(ranks, given).as_deref(), Ok(expected), "{ranks} over {given:?}");
    }
    for (ranks, given) in [(7, &[0, 2][..]), (6, &[2, 2]), (0, &[0]), (2, &[])] {
        assert!(compute_dims(ranks, given).is_err(), "{ranks} over {given:?}");
    }
}

#[test]
fn ranges_of_groups_go_up_and_down() {
    let all = Group::new(&[10, 11, 12, 13, 14, 15]).expect("each once");
    let some = all.range_incl(&[(4, 0, -2), (1, 1, 1)]).expect("each once");
    assert_eq!(some.members(), [14, 12, 10, 11]);
    assert_eq!(all.range_excl(&[(0, 5, 3)]).expect("each once").members(), [11, 12, 14, 15]);
    assert_eq!(all.range_incl(&[(5, 2, 1)]).expect("an empty range").len(), 0);
    assert!(all.range_incl(&[(0, 1, 0)]).is_err(), "in steps of nothing");
    assert!(all.range_incl(&[(0, 2, 1), (2, 3, 1)]).is_err(), "rank 2 twice");
    assert!(all.incl(&[6]).is_err(), "no such rank");
    assert_eq!(all.compare(&some), Likeness::Unequal);
    assert_eq!(all.incl(&[5, 4, 3, 2, 1, 0]).expect("each once").compare(&all), Likeness::Similar);
}
