//! N-queens against OEIS A000170.

use libtest_mimic::Trial;
use par_benches::workloads::{NQueens, NQueensError};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{PARTS, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        serial_and_chunks_give_the_published_counts,
        verify_rejects_null_off_by_one_and_stale_answers,
        boards_out_of_range_are_errors,
        merge_is_a_monoid,
    ]
}

// OEIS A000170, n = 1…12.
const PUBLISHED: [u64; 12] = [1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200];

fn serial_and_chunks_give_the_published_counts() {
    for (n, published) in (1..).zip(PUBLISHED) {
        let board = NQueens::new(n).unwrap();
        let reference = board.serial();
        assert_eq!(reference, published, "serial, n = {n}");
        for parts in PARTS {
            let output = run_in_chunks(&board, parts);
            assert_eq!(output, published, "n = {n}, {parts} parts");
            board.verify(&output, &reference).unwrap();
        }
    }
}

fn verify_rejects_null_off_by_one_and_stale_answers() {
    let board = NQueens::test();
    let right = board.serial();
    for wrong in [0, right - 1, right + 1, 352] {
        // A reference that is as wrong as the answer must not help.
        assert!(board.verify(&wrong, &right).is_err(), "{wrong} passed");
        assert!(board.verify(&wrong, &wrong).is_err(), "{wrong} passed beside a wrong reference");
    }
}

fn boards_out_of_range_are_errors() {
    assert_eq!(NQueens::new(0), Err(NQueensError::Side { n: 0 }));
    assert_eq!(NQueens::new(40).unwrap_err().to_string(), "no board with a side of 40; choose 1 to 18");
}

proptest! {
    fn merge_is_a_monoid(a in 0..1_u64 << 40, b in 0..1_u64 << 40, c in 0..1_u64 << 40) {
        let board = NQueens::test();
        prop_assert_eq!(board.merge(board.merge(a, b), c), board.merge(a, board.merge(b, c)));
        prop_assert_eq!(board.merge(board.identity(), a), a);
        prop_assert_eq!(board.merge(a, board.identity()), a);
    }
}
