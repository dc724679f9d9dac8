//! Messages from rank to rank.

use par_core::comm::{Communicator, SendMode, Source, Tag, TagSelector};

use super::run;

const LENGTHS: [usize; 14] =
    [0, 1, 7, 8, 48, 49, 56, 57, 1000, 8 << 10, 32 << 10, (32 << 10) + 1, 100_000, 3_000_001];

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 31 + seed * 7 + (index >> 8)) as u8).collect()
}

#[test]
fn every_length_in_every_mode() {
    for ranks in [1, 2, 3, 4, 7] {
        run(ranks, |comm| {
            let (size, rank) = (comm.size(), comm.rank());
            let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
            comm.attach_buffer(16 << 20)?;
            for len in LENGTHS {
                for mode in [SendMode::Standard, SendMode::Synchronous, SendMode::Buffered, SendMode::Ready] {
                    let begun = comm.irecv(vec![0_u8; len + 3], before, Tag(3))?;
                    comm.send_with(mode, &pattern(len, rank), next, Tag(3))?;
                    let done = begun.wait()?;
                    assert_eq!((done.status.source, done.status.bytes), (before, len));
                    assert_eq!(done.data, pattern(len, before));

                    let sent = comm.isend_with(mode, pattern(len, rank), next, Tag(4))?;
                    let (data, status) = comm.recv::<u8>(Source::Any, TagSelector::Any)?;
                    assert_eq!((status.source, status.tag, status.bytes), (before, Tag(4), len));
                    assert_eq!(data, pattern(len, before));
                    assert_eq!(sent.wait()?.status.bytes, len);
                }
            }
            Ok(())
        });
    }
}

#[test]
fn a_vector_moves() {
    run(2, |comm| {
        for eager in [true, false] {
            let length = if eager { 20_000 } else { 1_000_000 };
            if comm.rank() == 0 {
                let data = vec![7_u8; length];
                let place = [data.as_ptr().addr() as u64];
                let sent = comm.isend(data, 1, Tag(1))?;
                comm.send(&place, 1, Tag(2))?;
                let done = sent.wait()?;
                assert_eq!((done.data.len(), done.status.bytes), (0, length));
            } else {
                let begun = comm.irecv(vec![0_u8; length], 0, Tag(1))?;
                let (place, _) = comm.recv::<u64>(0, Tag(2))?;
                let data = begun.wait()?.data;
                assert_eq!((data.as_ptr().addr() as u64, data.len()), (place[0], length));
                assert!(data.iter().all(|byte| *byte == 7));
            }
        }
        Ok(())
    });
}

#[test]
fn a_vector_of_another_type_is_copied() {
    run(2, |comm| {
        if comm.rank() == 0 {
            comm.isend(vec![u64::MAX; 4_000], 1, Tag(1))?.wait()?;
        } else {
            assert_eq!(comm.recv::<u32>(0, Tag(1))?.0, vec![u32::MAX; 8_000]);
        }
        Ok(())
    });
}

#[test]
fn a_flood_leaves_the_sender_waiting_and_loses_nothing() {
    run(3, |comm| {
        const MESSAGES: u64 = 50_000;
        if comm.rank() > 0 {
            return (0..MESSAGES).try_for_each(|number| comm.send(&[number], 0, Tag(1)));
        }
        // Nobody can be further than the limit on messages without a receive: the last one waits for the first.
        comm.probe(1, Tag(1))?;
        let mut next = [0; 3];
        for _ in 0..2 * MESSAGES {
            let mut word = [0];
            let status = comm.recv_into(&mut word, Source::Any, TagSelector::Any)?;
            assert_eq!(word[0], next[status.source]);
            next[status.source] += 1;
        }
        assert_eq!(next, [0, MESSAGES, MESSAGES]);
        Ok(())
    });
}

#[test]
fn a_hundred_mebibytes() {
    run(2, |comm| {
        let other = 1 - comm.rank();
        let data = vec![comm.rank() as u64 + 1; 100 << 17];
        let mut theirs = vec![0_u64; data.len()];
        comm.send_recv(&data, other, Tag(1), &mut theirs, other, Tag(1))?;
        assert!(theirs.iter().all(|word| *word == other as u64 + 1));
        Ok(())
    });
}
