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
