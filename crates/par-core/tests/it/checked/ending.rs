//! Strict worlds, and what is left behind at the end.

use std::time::Duration;

use par_core::comm::{Checks, CommError, Communicator, SendMode, Source, SpmdError, Tag, TagSelector};
use par_core::testing::{ModelWorld, within};

const TAG: Tag = Tag(5);

/// What a world of two ranks says of a program.
fn report(
    checks: Checks,
    program: impl Fn(&par_core::comm::Checked<par_core::testing::ModelComm>) -> Result<(), CommError> + Sync,
) -> Result<(), String> {
    within(Duration::from_secs(10), "a small program", || {
        let outcome = ModelWorld::new(2).run_fn(|comm| checks.run_fn(comm, &program));
        outcome.map(drop).map_err(|error: SpmdError| error.to_string())
    })
}

#[test]
fn a_strict_world_finds_what_only_buffers_save() {
    let exchange = |world: &par_core::comm::Checked<_>| {
        world.send(&[1_u8], 1 - world.rank(), TAG)?;
        world.recv::<u8>(1 - world.rank(), TAG).map(drop)
    };
    assert_eq!(report(Checks::default(), exchange), Ok(()));
    let report = report(Checks::default().strict(), exchange).expect_err("both send first");
    assert!(report.contains("rank 0 waits in send of 1 × u8 to rank 1, tag 5, at "), "{report}");
    assert!(report.contains("rank 1 waits in send of 1 × u8 to rank 0, tag 5, at "), "{report}");
}

#[test]
fn a_message_that_nobody_receives_is_told_in_a_strict_world() {
    let forgets = |world: &par_core::comm::Checked<_>| {
        if world.rank() == 0 {
            // Not a standard send, which would wait in a strict world.
            world.attach_buffer(1 << 10)?;
            world.send_with(par_core::comm::SendMode::Buffered, &[1.0, 2.0], 1, TAG)?;
        }
        Ok(())
    };
    assert_eq!(report(Checks::default(), forgets), Ok(()));
    let report = report(Checks::default().strict(), forgets).expect_err("a message is left");
    assert!(report.contains("rank 1 has not received 1 message from rank 0: tag 5 of 16 bytes"), "{report}");
}

#[test]
fn a_request_that_nobody_waits_for_is_told_in_a_strict_world() {
    let forgets = |world: &par_core::comm::Checked<_>| {
        drop(world.irecv(vec![0_u8], 1 - world.rank(), TAG)?);
        Ok(())
    };
    assert_eq!(report(Checks::default(), forgets), Ok(()));
    let report = report(Checks::default().strict(), forgets).expect_err("a request is left");
    assert!(report.contains("rank 0: the irecv at "), "{report}");
    assert!(report.contains(" was never waited for"), "{report}");
}

#[test]
fn a_message_of_a_communicator_that_is_gone_is_counted() {
    let forgets = |world: &par_core::comm::Checked<_>| {
        let other = world.duplicate()?;
        if world.rank() == 0 {
            world.attach_buffer(1 << 10)?;
            other.attach_buffer(1 << 10)?;
            other.send_with(par_core::comm::SendMode::Buffered, &[1_u8], 1, TAG)?;
        }
        Ok(())
    };
    let report = report(Checks::default().strict(), forgets).expect_err("a message is left");
    assert!(
        report.contains("rank 1 has not received 1 message from rank 0: 1 in other communicators"),
        "{report}"
    );
}

#[test]
fn cancelled_requests_and_truncated_messages_are_not_left_behind() {
    let fine = |world: &par_core::comm::Checked<_>| {
        world.irecv(vec![0_u8], 1 - world.rank(), TAG)?.cancel()?;
        // Else the message could come before the receive is cancelled, which would take it.
        world.barrier()?;
        if world.rank() == 0 {
            world.send(&[1_u8; 8], 1, TAG)
        } else {
            let truncated = world.recv_into(&mut [0_u8; 4], 0, TAG);
            assert!(matches!(truncated, Err(CommError::Truncated { .. })), "{truncated:?}");
            Ok(())
        }
    };
    assert_eq!(report(Checks::default().strict(), fine), Ok(()));
}

#[test]
fn after_a_deadlock_everything_answers_the_same() {
    let outcome = report(Checks::default(), |world| {
        let first = world.recv::<u8>(1 - world.rank(), TAG).expect_err("nobody sends");
        assert_eq!(world.barrier(), Err(first.clone()));
        assert_eq!(world.send(&[0_u8], 1 - world.rank(), TAG), Err(first.clone()));
        Err(first)
    });
    assert!(outcome.expect_err("nobody sends").contains("deadlock: "));
}

#[test]
fn a_receive_that_ends_in_an_error_or_is_cancelled_too_late_has_taken_its_message() {
    let fine = |world: &par_core::comm::Checked<_>| {
        if world.rank() == 0 {
            return (0..3).try_for_each(|tag| world.send(&[1_u8; 8], 1, Tag(tag)));
        }
        let truncated = world.irecv(vec![0_u8; 4], 0, Tag(0))?.wait();
        assert!(matches!(truncated, Err(CommError::Truncated { .. })), "{truncated:?}");
        for from in [Source::Rank(0), Source::Any] {
            let mut late = world.irecv(vec![0_u8; 8], from, TagSelector::Any)?;
            while !late.test()? {
                std::thread::yield_now();
            }
            assert_eq!(late.cancel(), Ok(false));
        }
        Ok(())
    };
    assert_eq!(report(Checks::default().strict(), fine), Ok(()));
}

#[test]
fn the_send_of_an_exchange_whose_receive_was_too_short_counts() {
    let stuck = |world: &par_core::comm::Checked<_>| {
        let (other, mut short) = (1 - world.rank(), vec![0_u8; if world.rank() == 0 { 4 } else { 8 }]);
        let exchanged = world.send_recv(&[1_u8; 8], other, TAG, &mut short, other, TAG);
        assert_eq!(matches!(exchanged, Err(CommError::Truncated { .. })), world.rank() == 0);
        world.send_with(SendMode::Synchronous, &[1_u8], other, TAG)
    };
    let report = report(Checks::default(), stuck).expect_err("both send first");
    assert!(
        report.starts_with("ranks 0 and 1: deadlock: rank 0 waits in send of 1 × u8 to rank 1"),
        "{report}"
    );
}
