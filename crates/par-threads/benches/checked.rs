//! The price of checked and of counted messages: `cargo bench -p par-threads --bench checked`.
//!
//! The first of each table is the plain communicator. All run in turns, on both ranks in the same order, so the ratios hold
//! on a busy machine; every message is checked. A message of a rank to itself shows the price without the other thread.

use par_core::comm::{Checked, CommError, Communicator, Counted, Tag};
use par_core::testing::{Contender, Paired};
use par_threads::{ThreadComm, ThreadWorld};

const TAG: Tag = Tag(1);

/// One sample has so many messages there and back.
struct Sizes {
    rounds: usize,
    messages: usize,
    barriers: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let sizes = if quick {
        Sizes { rounds: 1, messages: 100, barriers: 10 }
    } else {
        Sizes { rounds: 101, messages: 1_000, barriers: 200 }
    };
    for bytes in [8, 1024, 16 << 10] {
        println!("{} messages of {bytes} bytes, there and back between two ranks", sizes.messages);
        println!("{}", measured(2, &sizes, &ThereAndBack { messages: sizes.messages, bytes })?);
        println!("{} messages of {bytes} bytes, of a rank to itself", sizes.messages);
        println!("{}", measured(1, &sizes, &ToItself { messages: sizes.messages, bytes })?);
    }
    println!("{} barriers of two ranks", sizes.barriers);
    println!("{}", measured(2, &sizes, &Barriers(sizes.barriers))?);
    Ok(())
}

/// What is measured, for any communicator; a closure could not be.
trait Program {
    fn run<C: Communicator>(&self, comm: &C) -> Result<(), CommError>;
}

/// Both ranks run the contenders in the same turns; what rank 0 has measured.
fn measured(
    ranks: usize,
    sizes: &Sizes,
    program: &(impl Program + Sync),
) -> Result<Paired, par_core::comm::SpmdError> {
    let mut all = ThreadWorld::new(ranks).run_fn(|comm: &ThreadComm| {
        let checked = Checked::new(comm.duplicate()?)?;
        let counted = Counted::new(comm.duplicate()?);
        let fails = "a right program does not fail";
        let contenders: Vec<Contender<'_>> = vec![
            ("plain", Box::new(|| program.run(comm).expect(fails))),
            ("checked", Box::new(|| program.run(&checked).expect(fails))),
            ("counted", Box::new(|| program.run(&counted).expect(fails))),
        ];
        Ok(Paired::measure(sizes.rounds, contenders))
    })?;
    Ok(all.swap_remove(0))
}

struct ThereAndBack {
    messages: usize,
    bytes: usize,
}

impl Program for ThereAndBack {
    fn run<C: Communicator>(&self, comm: &C) -> Result<(), CommError> {
        let (mut buf, other) = (vec![0_u8; self.bytes], 1 - comm.rank());
        for number in 0..self.messages {
            if comm.rank() == 0 {
                buf[0] = number as u8;
                comm.send(&buf, other, TAG)?;
            }
            let status = comm.recv_into(&mut buf, other, TAG)?;
            assert_eq!((buf[0], status.bytes), (number as u8, self.bytes));
            if comm.rank() == 1 {
                comm.send(&buf, other, TAG)?;
            }
        }
        Ok(())
    }
}

struct ToItself {
    messages: usize,
    bytes: usize,
}

impl Program for ToItself {
    fn run<C: Communicator>(&self, comm: &C) -> Result<(), CommError> {
        let (mut buf, mut got) = (vec![0_u8; self.bytes], vec![0_u8; self.bytes]);
        for number in 0..self.messages {
            buf[0] = number as u8;
            comm.send(&buf, 0, TAG)?;
            comm.recv_into(&mut got, 0, TAG)?;
            assert_eq!(got[0], number as u8);
        }
        Ok(())
    }
}

struct Barriers(usize);

impl Program for Barriers {
    fn run<C: Communicator>(&self, comm: &C) -> Result<(), CommError> {
        (0..self.0).try_for_each(|_| comm.barrier())
    }
}
