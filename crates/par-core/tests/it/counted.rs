//! Counted communicators.

use std::time::Duration;

use par_core::Counter;
use par_core::comm::{Communicator, Counted, Flow, Source, Tag, op, wait_all};
use par_core::testing::comm::check_communicator;
use par_core::testing::{ModelWorld, within};

const TAG: Tag = Tag(1);

#[test]
fn rows_are_what_was_sent_and_columns_what_was_received() {
    let all = within(Duration::from_secs(10), "a counted program", || {
        ModelWorld::new(3).run_fn(|comm| {
            let world = Counted::new(comm.duplicate()?);
            let (here, next) = (world.rank(), (world.rank() + 1) % 3);
            // In a ring, one of each kind, and `here` more.
            world.send_value(&"hello", next, TAG)?;
            world.recv_value::<String>(Source::Any, TAG)?;
            world.send_recv(&[0_u32; 5], next, TAG, &mut [0_u32; 5], Source::Any, TAG)?;
            let requests =
                [world.isend(vec![0_u8; 7], next, TAG)?, world.irecv(vec![0_u8; 7], Source::Any, TAG)?];
            wait_all(requests)?;
            let part = world.split(Some(0), -(here as i64))?.expect("everybody is in it");
            if here == 2 {
                part.send(&[0.0; 2], 2, TAG)?;
            } else if here == 0 {
                part.recv_into(&mut [0.0; 4], 0, TAG)?;
            }
            world.all_reduce_in_place(&mut [0_u64; 4], &op::Sum)?;
            world.broadcast_value((here == 0).then_some(7_u8), 0)?;
            let traffic = world.traffic();
            let counted = world.metrics();
            assert_eq!(
                counted.get(Counter::MessagesSent),
                traffic.sent.iter().map(|flow| flow.messages).sum::<u64>()
            );
            assert_eq!(
                counted.get(Counter::BytesReceived),
                traffic.received.iter().map(|flow| flow.bytes).sum::<u64>()
            );
            world.gather_traffic(1)
        })
    });
    let mut all = all.expect("a right program");
    assert!(all[0].is_none() && all[2].is_none());
    let traffic = all.remove(1).expect("rank 1 has gathered it");
    let ring = 6 + 20 + 7;
    // Rank 2 of the world is rank 0 of the part, and rank 0 of the world its rank 2.
    assert_eq!(traffic.messages, [[0, 3, 0], [0, 0, 3], [4, 0, 0]]);
    assert_eq!(traffic.bytes, [[0, ring, 0], [0, 0, ring], [ring + 16, 0, 0]]);
    for rank in 0..3 {
        assert_eq!(traffic.sent_to(rank), traffic.received[rank]);
    }
    assert_eq!(traffic.total(), Flow { messages: 10, bytes: 3 * ring + 16 });
    assert!(traffic.missing().is_empty());
    let reductions = traffic.collectives["all_reduce_in_place"];
    assert_eq!((reductions.calls, reductions.bytes), (3, 96));
    assert_eq!(traffic.collectives["broadcast_value"].bytes, 1);

    let json = serde_json::to_value(&traffic).expect("a matrix is JSON");
    assert_eq!(json["messages"][2][0], 4);
    assert_eq!(serde_json::from_value::<par_core::comm::Traffic>(json).expect("and back"), traffic);
    let table = traffic.to_string();
    assert!(table.contains("4 · 49 B") && table.contains("all_reduce_in_place: 3 calls, 96 B"), "{table}");
}

#[test]
fn what_was_not_received_is_missing() {
    let all = ModelWorld::new(2).run_fn(|comm| {
        let world = Counted::new(comm.duplicate()?);
        if world.rank() == 1 {
            world.send(&[0_u8; 3], 0, TAG)?;
        }
        world.barrier()?;
        world.gather_traffic(0)
    });
    let traffic = all.expect("short sends do not wait")[0].clone().expect("rank 0 has gathered it");
    assert_eq!(traffic.missing(), [(1, 0, 1)]);
    assert!(traffic.to_string().contains("1 from rank 1 to rank 0 were not received"), "{traffic}");
}

#[test]
fn only_a_whole_world_gathers() {
    let outcome = ModelWorld::new(2).run_fn(|comm| {
        let half = Counted::new(comm.split(Some(comm.rank() as u32), 0)?.expect("everybody is in one"));
        assert!(half.gather_traffic(0).is_err());
        Ok(())
    });
    outcome.expect("the error came back");
}

#[test]
fn a_counted_model_of_3_ranks_passes_the_suite() {
    check_communicator("Counted<ModelWorld>", |suite| {
        ModelWorld::new(3).run_fn(|comm| par_core::comm::Spmd::run(suite, &Counted::new(comm.duplicate()?)))
    });
}

#[test]
fn what_was_taken_in_vain_is_not_missing() {
    let all = within(Duration::from_secs(10), "a counted program", || {
        ModelWorld::new(2).run_fn(|comm| {
            let world = Counted::new(comm.duplicate()?);
            if world.rank() == 0 {
                (0..3).try_for_each(|_| world.send(&[1_u8; 9], 1, TAG))?;
                world.send_recv(&[1_u8; 9], 1, TAG, &mut [0_u8; 9], 1, TAG)?;
                world.send(&[1_u8; 9], 1, TAG)?;
            } else {
                assert!(world.recv_into(&mut [0_u8; 4], 0, TAG).is_err(), "it is too long");
                assert!(world.recv::<u64>(0, TAG).is_err(), "it is no whole number of them");
                assert!(world.irecv(vec![0_u8; 4], 0, TAG)?.wait().is_err(), "it is too long");
                assert!(world.send_recv(&[1_u8; 9], 0, TAG, &mut [0_u8; 4], 0, TAG).is_err());
                let mut late = world.irecv(vec![0_u8; 9], 0, TAG)?;
                while !late.test()? {
                    std::thread::yield_now();
                }
                assert_eq!(late.cancel(), Ok(false));
            }
            world.gather_traffic(0)
        })
    });
    let mut all = all.expect("errors that are expected");
    let traffic = all.remove(0).expect("rank 0 has gathered it");
    assert_eq!(traffic.messages, [[0, 5], [1, 0]]);
    assert_eq!(traffic.missing(), []);
}
