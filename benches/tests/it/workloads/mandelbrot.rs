//! The Mandelbrot set against the published area, exact counts, and its own symmetry.

use libtest_mimic::Trial;
use par_benches::workloads::{Mandelbrot, MandelbrotError, MandelbrotPicture, MandelbrotRow};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{PARTS, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        exact_counts_of_a_small_grid,
        chunks_give_the_serial_picture,
        side_256_has_its_counts_and_about_the_estimated_cost,
        verify_rejects_null_changed_swapped_and_stale_pictures,
        grids_out_of_range_are_errors,
        merge_is_a_monoid,
    ]
}

fn iterations(picture: &MandelbrotPicture) -> u64 {
    picture.rows.iter().map(|row| row.iterations).sum()
}

// Counted beside this code with Python's unbounded integers, one point at a time.
fn exact_counts_of_a_small_grid() {
    let picture = Mandelbrot::new(64, 4096).unwrap().serial();
    assert_eq!(iterations(&picture), 4_122_502);
    assert_eq!(picture.rows.iter().map(|row| row.moment).sum::<u64>(), 183_528_352);
    assert_eq!(picture.histogram[4096], 1002);
    assert_eq!(picture.histogram[..8], [226, 284, 980, 488, 284, 186, 130, 76]);
    assert_eq!(picture.rows[31].iterations, 176_344);
}

fn chunks_give_the_serial_picture() {
    // Odd sides, sides below a block of lanes, and bounds that are no multiple of a stride.
    for (side, bound) in [(1, 1), (2, 100), (3, 7), (33, 1000), (96, 257)] {
        let grid = Mandelbrot::new(side, bound).unwrap();
        let reference = grid.serial();
        for parts in PARTS {
            assert_eq!(run_in_chunks(&grid, parts), reference, "side {side}, {parts} parts");
        }
    }
}

fn side_256_has_its_counts_and_about_the_estimated_cost() {
    let grid = Mandelbrot::new(256, 4096).unwrap();
    let reference = grid.serial();
    // Counted by this workload; 256² points.
    assert_eq!(iterations(&reference), 65_082_088);
    for parts in [1, 7] {
        grid.verify(&run_in_chunks(&grid, parts), &reference).unwrap();
    }
    let estimated = grid.cost().operations as f64 / iterations(&reference) as f64;
    assert!((estimated - 1.0).abs() < 0.01, "{estimated}");
}

fn verify_rejects_null_changed_swapped_and_stale_pictures() {
    let grid = Mandelbrot::new(64, 512).unwrap();
    let right = grid.serial();
    grid.verify(&right, &right).unwrap();
    let changed = |change: fn(&mut MandelbrotPicture)| {
        let mut picture = right.clone();
        change(&mut picture);
        picture
    };
    let zeros = MandelbrotPicture {
        histogram: vec![0; right.histogram.len()],
        rows: vec![MandelbrotRow::default(); right.rows.len()],
    };
    let wrong = [
        ("null", MandelbrotPicture::default()),
        ("zeros", zeros),
        ("one point of a row", changed(|p| p.rows[20].iterations += 1)),
        (
            "one point of a row and its mirror image",
            changed(|p| {
                p.rows[20].iterations += 1;
                p.rows[43].iterations += 1;
            }),
        ),
        ("two points swapped", changed(|p| p.rows[20].moment += 3)),
        ("two rows swapped", changed(|p| p.rows.swap(20, 21))),
        (
            "two pairs of rows swapped",
            changed(|p| {
                p.rows.swap(20, 21);
                p.rows.swap(43, 42);
            }),
        ),
        ("one bin", changed(|p| p.histogram[3] += 1)),
        ("two bins swapped", changed(|p| p.histogram.swap(1, 2))),
        ("a row lost", changed(|p| p.rows.truncate(63))),
        ("stale: another bound", Mandelbrot::new(64, 511).unwrap().serial()),
        ("twice", grid.merge(right.clone(), right.clone())),
    ];
    for (what, picture) in wrong {
        assert!(grid.verify(&picture, &right).is_err(), "{what} passed");
    }
    // Checks that need no reference.
    let asymmetric = changed(|p| p.rows[0].moment += 1);
    assert!(grid.verify(&asymmetric, &asymmetric).is_err());
    let empty = changed(|p| p.histogram[512] = 0);
    assert!(grid.verify(&empty, &empty).is_err());
}

fn grids_out_of_range_are_errors() {
    assert_eq!(Mandelbrot::new(0, 10), Err(MandelbrotError::Side { side: 0 }));
    assert_eq!(Mandelbrot::new(10, 0), Err(MandelbrotError::Bound { bound: 0 }));
}

fn picture() -> impl Strategy<Value = MandelbrotPicture> {
    let rows = prop::collection::vec((0..1_u64 << 40, 0..1_u64 << 40), 0..4);
    (prop::collection::vec(0..1_u64 << 40, 5), rows).prop_map(|(histogram, rows)| MandelbrotPicture {
        histogram,
        rows: rows.into_iter().map(|(iterations, moment)| MandelbrotRow { iterations, moment }).collect(),
    })
}

proptest! {
    fn merge_is_a_monoid(a in picture(), b in picture(), c in picture()) {
        let grid = Mandelbrot::test();
        let left = grid.merge(grid.merge(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, grid.merge(a.clone(), grid.merge(b, c)));
        prop_assert_eq!(&grid.merge(grid.identity(), a.clone()), &a);
        prop_assert_eq!(&grid.merge(a.clone(), grid.identity()), &a);
    }
}
