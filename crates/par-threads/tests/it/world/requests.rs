//! What becomes of requests and of what they were paid with, also where nobody receives.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use par_core::comm::{CommError, Communicator, SendMode, Tag, wait_all, wait_any};
use par_threads::ThreadWorld;

use super::{run, run_in};

const LIMIT: Option<Duration> = Some(Duration::from_secs(5));

#[test]
fn what_requests_pay_comes_back() {
    let world = ThreadWorld::builder().ranks(2).unexpected_limit(8 << 10).wait_limit(LIMIT).build().unwrap();
    let outcome = run_in(&world, |comm| {
        let other = 1 - comm.rank();
        for number in 0..2_000_u64 {
            let sent = comm.isend(vec![number], other, Tag(1))?;
            assert_eq!(comm.recv::<u64>(other, Tag(1))?.0, [number]);
            sent.wait()?;
        }
        // Both send first, which only works while short messages need no receive.
        comm.send(&[7_u8], other, Tag(2))?;
        comm.recv::<u8>(other, Tag(2)).map(|(data, _)| data)
    });
    assert_eq!(outcome.unwrap(), [[7], [7]]);
}

#[test]
fn what_a_flood_leaves_at_a_rank_is_bounded() {
    const MESSAGES: usize = 5_000;
    const ROOM: usize = 1 << 20;
    // In slots, in fragments, and as vectors that move.
    for bytes in [8, 1 << 10, 20_000] {
        let world = ThreadWorld::builder().ranks(2).unexpected_limit(ROOM).build().unwrap();
        let outcome = run_in(&world, |comm| {
            if comm.rank() == 0 {
                // Comes last, so all others have come, or are announced; none was received.
                comm.recv::<u8>(1, Tag(2))?;
                comm.send(&[0_u8], 1, Tag(3))?;
                comm.recv::<u8>(1, Tag(4))?;
                for number in 0..MESSAGES {
                    assert_eq!(comm.recv::<u8>(1, Tag(1))?.0, vec![number as u8; bytes]);
                }
                return Ok(0);
            }
            let begin = |number: usize| comm.isend(vec![number as u8; bytes], 0, Tag(1));
            let mut sent = (0..MESSAGES).map(begin).collect::<Result<Vec<_>, _>>()?;
            let last = comm.isend(vec![0_u8], 0, Tag(2))?;
            comm.recv::<u8>(0, Tag(3))?;
            let mut there = 0;
            for request in &mut sent {
                there += usize::from(request.test()?);
            }
            // Only now may they be received.
            last.wait()?;
            comm.send(&[0_u8], 0, Tag(4))?;
            wait_all(sent).map(|_| there)
        });
        // Those that lie there have all been paid for, and the rest lies here.
        let cost = 256 + if bytes > 56 { bytes } else { 0 };
        assert_eq!(outcome.unwrap()[1], (ROOM / cost).min(MESSAGES), "messages of {bytes} bytes");
    }
}

#[test]
fn short_messages_that_nobody_wanted_survive_their_sender() {
    const LENGTHS: [usize; 6] = [0, 1, 8, 48, 49, 100];
    let world = ThreadWorld::builder().ranks(2).eager_limit(0).build().unwrap();
    let outcome = run_in(&world, |comm| {
        comm.attach_buffer(1 << 10)?;
        if comm.rank() == 1 {
            for tag in 1..=3 {
                for length in LENGTHS {
                    comm.send_with(SendMode::Buffered, &vec![7_u8; length], 0, Tag(tag))?;
                }
            }
            return Ok(());
        }
        // Until it is gone.
        while comm.try_probe(1, Tag(9)).is_ok() {}
        for length in LENGTHS {
            assert_eq!(comm.recv::<u8>(1, Tag(1))?.0, vec![7; length]);
            let mut room = vec![0_u8; length];
            comm.recv_into(&mut room, 1, Tag(2))?;
            assert_eq!(room, vec![7; length]);
            assert_eq!(comm.irecv(vec![0_u8; 100], 1, Tag(3))?.wait()?.data, vec![7; length]);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_send_to_oneself_that_failed_is_not_received() {
    run(1, |comm| {
        let failed = comm.send_with(SendMode::Synchronous, &[1_u8], 0, Tag(1));
        assert!(matches!(failed, Err(CommError::Deadlock(_))), "{failed:?}");
        drop(comm.isend_with(SendMode::Synchronous, vec![2_u8], 0, Tag(1))?);
        assert_eq!(comm.try_probe(0, Tag(1))?, None);
        let sent = comm.isend_with(SendMode::Synchronous, vec![4_u8], 0, Tag(1))?;
        let message = comm.try_matched_probe(0, Tag(1))?.expect("it is there");
        drop(sent);
        let lost = message.recv::<u8>();
        assert!(matches!(lost, Err(CommError::RankLost { .. })), "{lost:?}");
        assert!(comm.isend_with(SendMode::Synchronous, vec![5_u8], 0, Tag(1))?.cancel()?);
        let sent = comm.isend(vec![3_u8], 0, Tag(1))?;
        assert_eq!(comm.recv::<u8>(0, Tag(1))?.0, [3]);
        sent.wait().map(drop)
    });
}

#[test]
fn who_waits_for_any_message_of_its_own_is_told() {
    run(2, |comm| {
        if comm.rank() == 1 {
            return comm.send(&[1_u8], 0, Tag(2));
        }
        let mut begun = vec![comm.irecv(vec![0_u8], 0, Tag(1))?, comm.irecv(vec![0_u8], 1, Tag(2))?];
        let (index, done) = wait_any(&mut begun)?.expect("there are requests");
        assert_eq!((index, done.data), (1, vec![1]));
        let outcome = wait_any(&mut begun);
        assert!(matches!(outcome, Err(CommError::Deadlock(_))), "{outcome:?}");
        Ok(())
    });
}

#[test]
fn a_cancelled_send_leaves_its_buffer() {
    let looks = AtomicBool::new(false);
    run(2, |comm| {
        if comm.rank() == 1 {
            while !looks.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            return (0..100).try_for_each(|_| comm.recv::<u8>(0, Tag(1)).map(drop));
        }
        comm.attach_buffer(10)?;
        // More than there is room for on the way.
        let begin = |_| comm.isend(vec![0_u8], 1, Tag(1));
        let before = (0..100).map(begin).collect::<Result<Vec<_>, _>>()?;
        let sent = comm.isend_with(SendMode::Buffered, vec![0_u8; 10], 1, Tag(2))?;
        let cancelled = sent.cancel();
        let attached = comm.attach_buffer(20);
        looks.store(true, Ordering::Release);
        wait_all(before)?;
        assert_eq!((cancelled, attached), (Ok(true), Ok(())));
        Ok(())
    });
}
