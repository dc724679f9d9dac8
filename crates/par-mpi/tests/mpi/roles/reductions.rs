//! Collectives that fold, checked against folds that each rank does alone, and against the model of a world.

use par_core::comm::{Blocks, CommError, Communicator, Located, Reduction, op};
use par_core::testing::ModelWorld;
use par_mpi::MpiWorld;

use super::Outcome;

/// Numbers whose sum depends on its order.
fn awkward(rank: usize) -> Vec<f64> {
    (0..40).map(|at| (1.0 / (rank * 7 + at + 1) as f64) * 10_f64.powi((at as i32 % 7) * 3 - 9)).collect()
}

/// A map x ↦ a·x + b, whose composition does not commute.
fn affine(rank: usize) -> [[u64; 2]; 3] {
    [0, 1, 2].map(|at| [rank as u64 + 2, at + 1])
}

fn compose() -> op::User<impl Fn([u64; 2], [u64; 2]) -> [u64; 2] + Sync> {
    op::User::ordered(|f: [u64; 2], g: [u64; 2]| {
        [f[0].wrapping_mul(g[0]), f[1].wrapping_mul(g[0]).wrapping_add(g[1])]
    })
}

/// What a rank gets from each kind of fold.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Folded {
    sums: Vec<u64>,
    own_block: Vec<u64>,
    up_to: Vec<u64>,
    below: Vec<u64>,
    maps: Vec<[u64; 2]>,
    maps_up_to: Vec<[u64; 2]>,
    place: (i32, u64),
}

fn bits(floats: &[f64]) -> Vec<u64> {
    floats.iter().map(|float| float.to_bits()).collect()
}

fn fold<C: Communicator>(comm: &C, keeps_order: bool) -> Result<Folded, CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    let own = awkward(rank);
    let mut sums = vec![0.0; own.len()];
    comm.all_reduce(&own, &mut sums, &op::Sum)?;
    for root in 0..size {
        let mut into = vec![0.0; if rank == root { own.len() } else { 0 }];
        comm.reduce(&own, &mut into, &op::Sum, root)?;
        let same = bits(&into) == bits(&sums) || !keeps_order;
        assert!(rank != root || same, "the root gets what all get");
    }
    let blocks = Blocks::even(own.len(), size);
    let mut own_block = vec![0.0; blocks.counts()[rank]];
    comm.reduce_scatter(&own, &blocks, &mut own_block, &op::Sum)?;
    let (mut up_to, mut below) = (own.clone(), own);
    comm.scan(&mut up_to, &op::Sum)?;
    comm.exscan(&mut below, &op::Sum)?;
    let mut maps = affine(rank).to_vec();
    comm.all_reduce_in_place(&mut maps, &compose())?;
    let mut maps_up_to = affine(rank).to_vec();
    comm.scan(&mut maps_up_to, &compose())?;
    let mut place = [Located::new(-(((rank + 1) % size) as i32), rank as u64)];
    comm.all_reduce_in_place(&mut place, &op::MinLoc)?;
    Ok(Folded {
        sums: bits(&sums),
        own_block: bits(&own_block),
        up_to: bits(&up_to),
        below: bits(&below),
        maps,
        maps_up_to,
        place: (place[0].value(), place[0].index()),
    })
}

pub(super) fn as_in_every_world(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let model = ModelWorld::new(comm.size()).run_fn(|comm| fold(comm, true))?;
    assert_eq!(fold(comm, true)?, model[comm.rank()], "the answer is the same, bit by bit, in every world");
    exact(world)
}

/// Operations that MPI does itself: those whose answer does not depend on the order.
fn exact(world: &MpiWorld) -> Outcome {
    each(world, &op::Sum)?;
    each(world, &op::Product)?;
    each(world, &op::Min)?;
    each(world, &op::Max)?;
    each(world, &op::LogicalAnd)?;
    each(world, &op::LogicalOr)?;
    each(world, &op::LogicalXor)?;
    each(world, &op::BitAnd)?;
    each(world, &op::BitOr)?;
    each(world, &op::BitXor)
}

fn each<O>(world: &MpiWorld, op: &O) -> Outcome
where
    O: Reduction<i8> + Reduction<i16> + Reduction<i32> + Reduction<i64> + Reduction<isize>,
    O: Reduction<u8> + Reduction<u16> + Reduction<u32> + Reduction<u64> + Reduction<usize> + Reduction<u128>,
{
    macro_rules! kinds {
        ($($kind:ty),*) => { $(one::<$kind>(world, op, |at| at as $kind)?;)* };
    }
    kinds!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, u128);
    Ok(())
}

fn one<T: par_core::comm::Datum + PartialEq + std::fmt::Debug>(
    world: &MpiWorld,
    op: &impl Reduction<T>,
    number: impl Fn(u64) -> T,
) -> Outcome {
    let comm = world.comm();
    let of =
        |rank: usize| -> Vec<T> { (0..9_u64).map(|at| number((rank as u64 * 37 + at * 91) % 251)).collect() };
    let up_to = |last: usize| {
        (1..=last).fold(of(0), |mut sum, rank| {
            op.combine_into_left(&mut sum, &of(rank));
            sum
        })
    };
    let (rank, size) = (comm.rank(), comm.size());
    let what = Reduction::<T>::name(op);
    let mut all = of(rank);
    comm.all_reduce_in_place(&mut all, op)?;
    assert_eq!(all, up_to(size - 1), "{what}");
    let mut at_root = of(rank);
    comm.reduce_in_place(&mut at_root, op, size / 2)?;
    assert!(rank != size / 2 || at_root == all, "{what}");
    let mut scanned = of(rank);
    comm.scan(&mut scanned, op)?;
    assert_eq!(scanned, up_to(rank), "{what}");
    let mut below = of(rank);
    comm.exscan(&mut below, op)?;
    assert_eq!(below, if rank == 0 { of(0) } else { up_to(rank - 1) }, "{what}");
    // Blocks with gaps and in another order.
    let counts = vec![1; size.min(9)].into_iter().chain(vec![0; size.saturating_sub(9)]).collect::<Vec<_>>();
    let places: Vec<usize> = (0..size).map(|rank| 8 - rank.min(8)).collect();
    let mut own = vec![T::zeroed(); counts[rank]];
    comm.reduce_scatter(&of(rank), &Blocks::placed(&counts, &places)?, &mut own, op)?;
    assert!(own.iter().all(|own| *own == all[places[rank]]), "{what}");
    Ok(())
}

/// MPI's own order, with operations of one's own: nearly the same sums, and the same where the order is no matter.
pub(super) fn native(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let model = ModelWorld::new(comm.size()).run_fn(|comm| fold(comm, true))?;
    let (ours, theirs) = (fold(comm, false)?, &model[comm.rank()]);
    assert_eq!(
        (&ours.maps, &ours.maps_up_to),
        (&theirs.maps, &theirs.maps_up_to),
        "the order of ranks is kept"
    );
    assert_eq!(ours.place, theirs.place);
    for (ours, theirs) in
        [(&ours.sums, &theirs.sums), (&ours.up_to, &theirs.up_to), (&ours.below, &theirs.below)]
    {
        for (ours, theirs) in ours.iter().zip(theirs) {
            let (ours, theirs) = (f64::from_bits(*ours), f64::from_bits(*theirs));
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{ours} is not near {theirs}");
        }
    }
    exact(world)
}
