//! Ranks with neighbours.

use super::reference::given;
use super::stage::{Behaviour, watch};
use crate::comm::{Blocks, Cartesian, CommError, Communicator, Graph, Tag, Topology, compute_dims};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a torus wraps around, and a shift goes where it says", torus),
        Behaviour::new("an open grid ends at its edges", open),
        Behaviour::new("a grid that does not fit is an error, and ranks too many are in none", sizes),
        Behaviour::new("rows and columns of a grid are grids", sub),
        Behaviour::new("neighbours in a grid tell one another what they have", neighbours_gather),
        Behaviour::new(
            "neighbours in a grid exchange blocks, and what is beyond the edge stays",
            neighbours_exchange,
        ),
        Behaviour::new("a neighbour on both sides gets each side's block", both_sides),
        Behaviour::new("neighbours in any graph exchange blocks of any length", graph),
        Behaviour::of_ranks(2, "a graph whose ranks do not agree on an edge is an error of all", wrong_graph),
    ]
}

/// The grid of all ranks, whose waits have an end.
fn grid<C: Communicator>(comm: &C, dims: &[usize], periods: &[bool]) -> Result<Cartesian<C>, CommError> {
    let grid = comm.cartesian(dims, periods, false)?.expect("every rank is in it");
    watch(grid.comm());
    Ok(grid)
}

fn torus<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let dims = compute_dims(comm.size(), &[0, 0])?;
    let grid = grid(comm, &dims, &[true, true])?;
    assert_eq!((grid.dims(), grid.periods()), (&dims[..], &[true, true][..]));
    let here = grid.coords(grid.comm().rank())?;
    for dimension in 0..2 {
        let (from, to) = grid.shift(dimension, 1)?;
        assert_eq!(grid.neighbours()[2 * dimension..2 * dimension + 2], [from, to]);
        let (from, to) = (from.expect("a torus has no edge"), to.expect("a torus has no edge"));
        let mut there = here.clone();
        there[dimension] = (here[dimension] + 1) % dims[dimension];
        assert_eq!(grid.coords(to)?, there);
        let mut got = [0_u64];
        let own = [grid.comm().rank() as u64];
        grid.comm().send_recv(&own, to, Tag(1), &mut got, from, Tag(1))?;
        assert_eq!(got, [from as u64]);
    }
    let all_round = grid.shift(0, dims[0].cast_signed())?;
    assert_eq!(all_round, (Some(grid.comm().rank()), Some(grid.comm().rank())));
    Ok(())
}

fn open<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let line = grid(comm, &[comm.size()], &[false])?;
    let (rank, last) = (line.comm().rank(), comm.size() - 1);
    let expected = (rank.checked_sub(1), (rank < last).then_some(rank + 1));
    assert_eq!(line.shift(0, 1)?, expected);
    assert_eq!(line.neighbours(), [expected.0, expected.1]);
    assert_eq!(line.shift(0, isize::MAX)?, (None, None));
    assert_eq!(line.rank_at(&[-1])?, None);
    assert_eq!(line.rank_at(&[0])?, Some(0));
    assert!(matches!(line.shift(1, 1), Err(CommError::Invalid(_))));
    Ok(())
}

fn sizes<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let outcome = comm.cartesian(&[comm.size() + 1], &[true], false);
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "{:?}", outcome.err());
    let outcome = comm.cartesian(&[comm.size(), 0], &[true, true], false);
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "{:?}", outcome.err());
    let outcome = comm.cartesian(&[usize::MAX, 3], &[true, true], false);
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "{:?}", outcome.err());
    let outcome = comm.cartesian(&[comm.size()], &[], false);
    assert!(matches!(outcome, Err(CommError::WrongLength { .. })), "{:?}", outcome.err());
    let one = comm.cartesian(&[1, 1], &[true, false], true)?;
    let mut count = [u64::from(one.is_some())];
    comm.all_reduce_in_place(&mut count, &crate::comm::op::Sum)?;
    assert_eq!(count, [1], "a grid of one point has one rank");
    Ok(())
}

fn sub<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let dims = compute_dims(comm.size(), &[0, 0])?;
    let whole = grid(comm, &dims, &[true, false])?;
    let here = whole.coords(whole.comm().rank())?;
    for (remain, kept) in [([true, false], 0), ([false, true], 1)] {
        let line = whole.sub(&remain)?;
        watch(line.comm());
        assert_eq!((line.dims(), line.periods()), (&dims[kept..=kept], &[kept == 0][..]));
        assert_eq!((line.comm().size(), line.comm().rank()), (dims[kept], here[kept]));
        let mut coords = vec![[0_u64; 2]; dims[kept]];
        line.comm().all_gather(&[[here[0] as u64, here[1] as u64]], &mut coords)?;
        for (place, coords) in coords.into_iter().enumerate() {
            let mut expected = [here[0] as u64, here[1] as u64];
            expected[kept] = place as u64;
            assert_eq!(coords, expected, "who is in this rank's line");
        }
    }
    let point = whole.sub(&[false, false])?;
    assert_eq!((point.dims().len(), point.comm().size()), (0, 1));
    assert!(matches!(whole.sub(&[true]), Err(CommError::WrongLength { .. })));
    Ok(())
}

/// What a rank has for the one that has it at this place of its neighbourhood.
fn block(rank: usize, place: usize, len: usize) -> Vec<u64> {
    given(10 * rank + place, len)
}

fn neighbours_gather<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let dims = compute_dims(comm.size(), &[0, 0])?;
    for periods in [[true, true], [false, true], [false, false]] {
        let grid = grid(comm, &dims, &periods)?;
        for len in [0, 1, 900, 40_000] {
            let mut into = vec![9; 4 * len];
            grid.neighbor_all_gather(&given(grid.comm().rank(), len), &mut into)?;
            for (place, neighbour) in grid.neighbours().iter().enumerate() {
                let expected = neighbour.map_or_else(|| vec![9; len], |rank| given(rank, len));
                assert!(into[place * len..(place + 1) * len] == expected, "{len} elements, place {place}");
            }
        }
    }
    Ok(())
}

fn neighbours_exchange<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let dims = compute_dims(comm.size(), &[0, 0, 0])?;
    for periods in [[true; 3], [false, true, false], [false; 3]] {
        let grid = grid(comm, &dims, &periods)?;
        let rank = grid.comm().rank();
        for len in [1, 30_000] {
            let data: Vec<u64> = (0..6).flat_map(|place| block(rank, place, len)).collect();
            let mut into = vec![9; 6 * len];
            grid.neighbor_all_to_all(&data, &mut into)?;
            for (place, neighbour) in grid.neighbours().iter().enumerate() {
                // What this rank hears on one side, its neighbour there says on the other.
                let expected = neighbour.map_or_else(|| vec![9; len], |rank| block(rank, place ^ 1, len));
                assert!(into[place * len..(place + 1) * len] == expected, "{len} elements, place {place}");
            }
        }
        let outcome = grid.neighbor_all_to_all(&[1_u8; 12], &mut [0; 6]);
        assert!(matches!(outcome, Err(CommError::WrongLength { .. })), "{outcome:?}");
        // Of each dimension, the negative side has one element and the positive side three, with gaps between them.
        let blocks = Blocks::placed(&[1, 3, 1, 3, 1, 3], &[25, 20, 15, 10, 5, 0])?;
        let into_blocks = Blocks::placed(&[3, 1, 3, 1, 3, 1], &[0, 5, 10, 15, 20, 25])?;
        let mut data = vec![7; 26];
        (0..6).for_each(|place| {
            data[blocks.range(place)].copy_from_slice(&block(rank, place, blocks.counts()[place]));
        });
        let mut into = vec![9; 27];
        let mut expected = into.clone();
        grid.neighbor_all_to_all_v(&data, &blocks, &mut into, &into_blocks)?;
        for (place, neighbour) in grid.neighbours().iter().enumerate() {
            if let Some(rank) = neighbour {
                let told = block(*rank, place ^ 1, into_blocks.counts()[place]);
                expected[into_blocks.range(place)].copy_from_slice(&told);
            }
        }
        assert_eq!(into, expected, "blocks of different lengths");
    }
    Ok(())
}

fn both_sides<C: Communicator>(comm: &C) -> Result<(), CommError> {
    // Dimensions of one and of two points: both neighbours are one rank, maybe this one.
    let members = comm.size().min(2);
    let Some(ring) = comm.cartesian(&[members, 1], &[true, true], false)? else { return Ok(()) };
    watch(ring.comm());
    let (rank, other) = (ring.comm().rank(), (ring.comm().rank() + 1) % members);
    let say = |rank: usize, place: usize| (10 * rank + place) as u64;
    let mut into = [0; 4];
    ring.neighbor_all_to_all(&[say(rank, 0), say(rank, 1), say(rank, 2), say(rank, 3)], &mut into)?;
    assert_eq!(into, [say(other, 1), say(other, 0), say(rank, 3), say(rank, 2)]);
    Ok(())
}

fn graph<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    // Every rank tells itself, the next one twice and rank 0; in an order that differs from that of the ranks.
    let tells = |rank: usize| vec![(rank + 1) % size, 0, rank, (rank + 1) % size];
    let lists: Vec<Vec<usize>> = (0..size).map(tells).collect();
    let graph = Graph::of_lists(comm, &lists)?;
    watch(graph.comm());
    let sources: Vec<usize> = graph.neighbourhood().sources().iter().copied().flatten().collect();
    assert_eq!(graph.neighbourhood().destinations().len(), 4);
    let edges_to_all: usize = lists.iter().flatten().filter(|to| **to == rank).count();
    assert_eq!(sources.len(), edges_to_all);
    // The length of a block tells its sender, and the number of the edge between the two.
    for scale in [1, 8_000] {
        let length = |from: usize, number: usize| scale * (from % 3) + number;
        let number = |from: usize, place: usize| {
            lists[from][..place].iter().filter(|to| **to == lists[from][place]).count()
        };
        let counts: Vec<usize> = (0..4).map(|place| length(rank, number(rank, place))).collect();
        let send_blocks = Blocks::packed(&counts);
        let data: Vec<u64> =
            (0..4).flat_map(|place| block(rank, number(rank, place), counts[place])).collect();
        let numbers: Vec<usize> = (0..sources.len())
            .map(|place| sources[..place].iter().filter(|from| **from == sources[place]).count())
            .collect();
        let counts: Vec<usize> =
            sources.iter().zip(&numbers).map(|(from, number)| length(*from, *number)).collect();
        let receive_blocks = Blocks::packed(&counts);
        let mut into = vec![9; receive_blocks.extent()];
        graph.neighbor_all_to_all_v(&data, &send_blocks, &mut into, &receive_blocks)?;
        for (place, from) in sources.iter().enumerate() {
            let expected = block(*from, numbers[place], counts[place]);
            assert!(into[receive_blocks.range(place)] == expected, "edge {place}, from rank {from}, {scale}");
        }
        let mut heard = vec![0; sources.len() * scale];
        graph.neighbor_all_gather(&given(rank, scale), &mut heard)?;
        assert!(heard == sources.iter().flat_map(|from| given(*from, scale)).collect::<Vec<_>>());
    }
    Ok(())
}

fn wrong_graph<C: Communicator>(comm: &C) -> Result<(), CommError> {
    // Rank 0 tells rank 1, which does not listen.
    let destinations: &[usize] = if comm.rank() == 0 { &[1] } else { &[] };
    let outcome = Graph::new(comm, &[], destinations);
    assert!(matches!(outcome, Err(CommError::CollectiveMismatch(_))), "{:?}", outcome.err());
    let outcome = Graph::new(comm, &[comm.size()], &[]);
    assert!(matches!(outcome, Err(CommError::NoSuchRank { .. })), "{:?}", outcome.err());
    comm.barrier()
}
