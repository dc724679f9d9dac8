//! Values that serde knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stage::{Behaviour, watched};
use crate::comm::{CommError, Communicator, CommunicatorExt, Source, Tag};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a value of any shape and size crosses", crosses),
        Behaviour::new("what is no such value is an error, and the next is whole", undecodable),
        Behaviour::new(
            "values of different sizes are broadcast, scattered, gathered and exchanged",
            collective,
        ),
        Behaviour::new("values are folded and scanned in rank order", folded),
        Behaviour::new("a root without its values is an error", no_value),
    ]
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Tagged { name: String, sizes: Vec<Option<u32>> },
    Tree(Box<(Shape, BTreeMap<String, Shape>)>),
}

/// Every rank and every number has another, of another size.
fn value(rank: usize, number: usize) -> Shape {
    let leaf = Shape::Tagged {
        name: format!("rank {rank}, {}", "é".repeat(number * 10)),
        sizes: (0..rank + number).map(|size| (size % 3 > 0).then_some(size as u32)).collect(),
    };
    match number % 3 {
        0 => leaf,
        1 => Shape::Tree(Box::new((Shape::Point, BTreeMap::from([("leaf".to_owned(), leaf)])))),
        _ => Shape::Tree(Box::new((leaf, BTreeMap::new()))),
    }
}

fn next(comm: &impl Communicator) -> usize {
    (comm.rank() + 1) % comm.size()
}

fn previous(comm: &impl Communicator) -> usize {
    (comm.rank() + comm.size() - 1) % comm.size()
}

/// Rank 0 begins, the others pass on: a send may wait for its receive.
fn pass_on<C: Communicator, V: Serialize + for<'d> Deserialize<'d>>(
    comm: &C,
    own: &V,
) -> Result<Option<V>, CommError> {
    if comm.size() == 1 {
        return Ok(None);
    }
    if comm.rank() == 0 {
        comm.send_value(own, next(comm), Tag(1))?;
    }
    let (value, status) = comm.recv_value(previous(comm), Tag(1))?;
    assert_eq!((status.source, status.tag), (previous(comm), Tag(1)));
    if comm.rank() > 0 {
        comm.send_value(own, next(comm), Tag(1))?;
    }
    Ok(Some(value))
}

fn crosses<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for number in 0..12 {
        let expected = value(previous(comm), number);
        assert!(pass_on(comm, &value(comm.rank(), number))?.is_none_or(|got| got == expected));
    }
    let long: Vec<u64> = (0..400_000).map(|i| i * i).collect();
    assert!(pass_on(comm, &long)?.is_none_or(|got| got == long), "some megabytes");
    assert!(pass_on(comm, &())?.is_none_or(|()| true), "nothing at all");
    Ok(())
}

fn undecodable<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let sent = comm.isend(vec![255_u8; 3], next(comm), Tag(1))?;
    let outcome = comm.recv_value::<Shape>(Source::Any, Tag(1));
    assert!(matches!(outcome, Err(CommError::Codec(_))), "{outcome:?}");
    sent.wait()?;
    let sent = comm.isend(vec![7_u8], next(comm), Tag(1))?;
    assert_eq!(comm.recv_value::<u8>(Source::Any, Tag(1))?.0, 7);
    sent.wait()?;
    Ok(())
}

fn collective<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    for root in 0..size {
        let number = root + 2;
        let own = (rank == root).then(|| value(rank, number));
        assert_eq!(comm.broadcast_value(own, root)?, value(root, number));
        let own = (rank == root).then(|| (0..size).map(|to| value(root, to)).collect());
        assert_eq!(comm.scatter_values::<Shape>(own, root)?, value(root, rank));
        let all = comm.gather_values(&value(rank, rank + number), root)?;
        let expected: Vec<Shape> = (0..size).map(|from| value(from, from + number)).collect();
        assert_eq!(all, (rank == root).then_some(expected));
    }
    let expected: Vec<Shape> = (0..size).map(|from| value(from, from)).collect();
    assert_eq!(comm.all_gather_values(&value(rank, rank))?, expected);
    let given: Vec<Shape> = (0..size).map(|to| value(rank, to)).collect();
    let expected: Vec<Shape> = (0..size).map(|from| value(from, rank)).collect();
    assert_eq!(comm.all_to_all_values(&given)?, expected);
    Ok(())
}

fn no_value<C: Communicator>(comm: &C) -> Result<(), CommError> {
    // Each alone: the error is the root's, and the others would wait for it.
    let Some(own) = comm.split(Some(comm.rank() as u32), 0)? else { panic!("a color, and no communicator") };
    let own = watched(own);
    assert!(matches!(own.broadcast_value::<u8>(None, 0), Err(CommError::Invalid(_))));
    assert!(matches!(own.scatter_values::<u8>(None, 0), Err(CommError::Invalid(_))));
    let outcome = own.scatter_values(Some(vec![1_u8, 2]), 0);
    assert!(matches!(outcome, Err(CommError::WrongLength { got: 2, expected: 1, .. })), "{outcome:?}");
    let outcome = own.all_to_all_values::<u8>(&[]);
    assert!(matches!(outcome, Err(CommError::WrongLength { got: 0, expected: 1, .. })), "{outcome:?}");
    Ok(())
}

fn folded<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    // Strings of different lengths, one of them empty, which show the order and the groups.
    let own = |rank: usize| "x".repeat(rank % 3) + &rank.to_string();
    let join = |left: String, right: String| format!("({left} {right})");
    let grouped = super::reference::folded_values((0..size).map(own).collect(), join);
    for root in 0..size {
        let total = comm.reduce_value(own(rank), join, root)?;
        assert_eq!(total, (rank == root).then(|| grouped.clone()), "at rank {root}");
    }
    assert_eq!(comm.all_reduce_value(own(rank), join)?, grouped);
    let flat = |left: String, right: String| left + &right;
    let upto = |rank: usize| (0..=rank).map(own).collect::<String>();
    assert_eq!(comm.scan_value(own(rank), flat)?, upto(rank));
    assert_eq!(comm.exscan_value(&own(rank), flat)?, rank.checked_sub(1).map(upto));
    Ok(())
}
