//! A rank that never runs dry of messages of one other still serves all.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::frame::{Head, Kind};
use super::{Comm, Ended, RING_WORDS, RingSender, Settings, Transport, Word};
use crate::comm::{CommError, Communicator, Rank, Tag};

type Rings = HashMap<(Rank, Rank), Rc<[Word]>>;

/// The rings of a world of three, of which rank 0 alone is there; the test writes what the others send.
#[derive(Clone, Default)]
struct Alone(Rc<RefCell<Rings>>);

impl Transport for Alone {
    type Words = Rc<[Word]>;

    fn rank(&self) -> Rank {
        0
    }

    fn ranks(&self) -> usize {
        3
    }

    fn processors(&self) -> usize {
        3
    }

    fn ring(&self, from: Rank, to: Rank) -> Rc<[Word]> {
        let zeros = || (0..RING_WORDS).map(|_| Word::new(0)).collect();
        Rc::clone(self.0.borrow_mut().entry((from, to)).or_insert_with(zeros))
    }

    fn fragments(&self) -> (usize, usize) {
        (2, 64)
    }

    fn write_fragment(&self, _: Rank, _: usize, _: &[u8]) {
        unreachable!("nothing long is sent");
    }

    fn read_fragment(&self, _: Rank, _: usize, _: &mut [u8]) {
        unreachable!("nothing long is received");
    }

    fn sleep(&self, _: Duration, ready: &mut dyn FnMut() -> bool) {
        assert!(ready(), "nobody would wake this rank");
    }

    fn wake(&self, _: Rank) {}

    fn ended(&self, _: Rank) -> Option<Ended> {
        None
    }

    fn shared_words(&self, _: u64, _: usize) -> Result<Rc<[Word]>, CommError> {
        Err(CommError::Unsupported("there is no board here".to_owned()))
    }
}

#[test]
fn a_busy_sender_keeps_no_other_waiting() -> Result<(), CommError> {
    let transport = Alone::default();
    let comm = Comm::world(transport.clone(), Settings::default());
    let short = |tag| Head { kind: Kind::Short, bytes: 8, tag: Tag(tag), context: 0 }.pack();
    let (mut busy, mut other) =
        (RingSender::new(transport.ring(1, 0)), RingSender::new(transport.ring(2, 0)));
    assert!(other.push(short(2), &[7]));
    // Whoever is served in these 64 receives is served in any.
    for number in 0..64 {
        assert!(busy.push(short(1), &[number]));
        let mut word = [0_u64];
        comm.recv_into(&mut word, 1, Tag(1))?;
        assert_eq!(word, [number]);
    }
    assert_eq!(comm.program.shared.0.borrow().matching.unexpected(), 1, "rank 2 was never looked at");
    assert_eq!(comm.recv::<u64>(2, Tag(2))?.0, [7]);
    Ok(())
}
