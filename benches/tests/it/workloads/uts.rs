//! Unbalanced tree search against the counts published with UTS 1.1.

use libtest_mimic::Trial;
use par_benches::workloads::{Uts, UtsError, UtsShape, UtsTally, UtsWalk};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{PARTS, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        default_tree_in_every_number_of_parts,
        geometric_fixed_t1,
        geometric_cyclic_t2,
        binomial_t3,
        geometric_linear_t5,
        named_sizes_are_the_published_trees,
        unpublished_trees_agree_with_the_serial_code,
        chunks_of_t3_hold_equally_many_subtrees,
        walks_that_share_their_work_count_every_node_once,
        verify_rejects_null_changed_swapped_and_stale_answers,
        infinite_and_malformed_trees_are_errors,
        merge_is_a_monoid,
    ]
}

/// (nodes, depth, leaves), from UTS 1.1.
fn counts(tally: &UtsTally) -> (u64, u32, u64) {
    (tally.nodes, tally.depth, tally.leaves)
}

fn check(name: &str, published: (u64, u32, u64), parts: &[usize]) {
    let tree = Uts::named(name).expect("a published tree");
    let reference = tree.serial();
    assert_eq!(counts(&reference), published, "serial, {name}");
    for &parts in parts {
        let output = run_in_chunks(&tree, parts);
        assert_eq!(counts(&output), published, "{name}, {parts} parts");
        tree.verify(&output, &reference).expect("the published answer");
    }
}

fn default_tree_in_every_number_of_parts() {
    check("default", (1732, 6, 1050), &PARTS);
}

fn geometric_fixed_t1() {
    check("T1", (4_130_071, 10, 3_305_118), &[7]);
}

fn geometric_cyclic_t2() {
    check("T2", (4_117_769, 81, 2_342_762), &[2]);
}

fn binomial_t3() {
    check("T3", (4_112_897, 1572, 3_599_034), &[3, 16]);
}

fn geometric_linear_t5() {
    check("T5", (4_147_582, 20, 2_181_318), &[16]);
}

fn named_sizes_are_the_published_trees() {
    for (tree, name) in [(Uts::small(), "default"), (Uts::t1(), "T1"), (Uts::t3(), "T3"), (Uts::t1l(), "T1L")]
    {
        assert_eq!(tree, Uts::named(name).unwrap());
        assert_eq!(tree.checked_against(), format!("UTS 1.1 sample tree {name}"));
    }
    assert_eq!(Uts::t1l().cost().operations, 102_181_082);
}

fn unpublished_trees_agree_with_the_serial_code() {
    let shapes = [
        UtsShape::Fixed { depth: 5 },
        UtsShape::Linear { depth: 9 },
        UtsShape::Cyclic { depth: 3 },
        UtsShape::Binomial { probability: 0.3, children: 3 },
    ];
    for shape in shapes {
        for seed in 0..5 {
            let tree = Uts::new(shape, 3.5, seed).unwrap();
            assert_eq!(tree.checked_against(), "serial code");
            let reference = tree.serial();
            for parts in PARTS {
                tree.verify(&run_in_chunks(&tree, parts), &reference).unwrap();
            }
        }
    }
}

fn chunks_of_t3_hold_equally_many_subtrees() {
    let parts = std::num::NonZeroUsize::new(16).unwrap();
    let roots: Vec<_> = Uts::t3().chunks(parts).iter().map(|chunk| chunk.roots.len()).collect();
    let (least, most) = (roots.iter().min().unwrap(), roots.iter().max().unwrap());
    assert!(most - least <= 1 && *least >= 8, "{roots:?}");
}

fn walks_that_share_their_work_count_every_node_once() {
    let tree = Uts::named("T3").unwrap();
    let root = tree.chunks(std::num::NonZeroUsize::MIN).remove(0).roots;
    let mut walks = vec![UtsWalk::new(&tree, root)];
    for _ in 0..3 {
        let thieves: Vec<_> = walks
            .iter_mut()
            .map(|walk| {
                assert!(walk.run(1000), "T3 ended early");
                UtsWalk::new(&tree, walk.give_half())
            })
            .collect();
        walks.extend(thieves);
    }
    let total = walks.into_iter().fold(tree.identity(), |total, mut walk| {
        assert!(!walk.run(u64::MAX), "work is left");
        tree.merge(total, walk.tally())
    });
    tree.verify(&total, &tree.serial()).unwrap();
}

fn verify_rejects_null_changed_swapped_and_stale_answers() {
    let tree = Uts::small();
    let right = tree.serial();
    let wrong = [
        UtsTally::default(),
        UtsTally { nodes: right.nodes + 1, ..right },
        UtsTally { leaves: right.leaves - 1, ..right },
        UtsTally { depth: 5, ..right },
        UtsTally { checksum: right.checksum ^ 1, ..right },
        UtsTally { nodes: right.leaves, leaves: right.nodes, ..right },
        // Stale: the same tree counted twice into one tally.
        tree.merge(right, right),
        // Another tree's answer.
        Uts::new(tree.shape(), tree.branching(), 1).unwrap().serial(),
    ];
    for wrong in wrong {
        assert!(tree.verify(&wrong, &right).is_err(), "{wrong:?} passed");
    }
    let miscounted = UtsTally { nodes: 1, ..right };
    assert!(tree.verify(&miscounted, &miscounted).is_err(), "a reference as wrong as the answer helped");
}

fn infinite_and_malformed_trees_are_errors() {
    let critical = UtsShape::Binomial { probability: 0.125, children: 8 };
    assert!(matches!(Uts::new(critical, 2000.0, 0), Err(UtsError::Binomial { .. })));
    let undefined = UtsShape::Binomial { probability: f64::NAN, children: 8 };
    assert!(matches!(Uts::new(undefined, 2000.0, 0), Err(UtsError::Binomial { .. })));
    assert!(matches!(Uts::new(UtsShape::Fixed { depth: 0 }, 4.0, 0), Err(UtsError::Depth { depth: 0 })));
    assert!(matches!(Uts::new(UtsShape::Fixed { depth: 3 }, f64::NAN, 0), Err(UtsError::Branching { .. })));
    assert!(matches!(Uts::named("T9"), Err(UtsError::Name { .. })));
}

fn tally() -> impl Strategy<Value = UtsTally> {
    (0..1_u64 << 40, 0..1_u64 << 40, any::<u32>(), any::<u64>())
        .prop_map(|(nodes, leaves, depth, checksum)| UtsTally { nodes, leaves, depth, checksum })
}

proptest! {
    fn merge_is_a_monoid(a in tally(), b in tally(), c in tally()) {
        let tree = Uts::small();
        prop_assert_eq!(tree.merge(tree.merge(a, b), c), tree.merge(a, tree.merge(b, c)));
        prop_assert_eq!(tree.merge(tree.identity(), a), a);
        prop_assert_eq!(tree.merge(a, tree.identity()), a);
    }
}
