//! Recipe: point-to-point communication. Numbers, text and structures go from one rank to another, each with a tag
//! that says what it is about, and are received in the order that the receiver wants.
//!
//! Run it: `cargo run -p par-examples --example ranks_point_to_point`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_point_to_point`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! rank 1 received 10000000 from rank 0
//! rank 1 received "hello from rank 0", sent before the number
//! rank 0 received the first of 3 answers from some rank, and then the others
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Source, Spmd, Tag};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

const NUMBER: Tag = Tag(5);
const TEXT: Tag = Tag(6);
const ANSWER: Tag = Tag(7);

#[derive(Debug, Serialize, Deserialize)]
struct PointToPoint;

par_process::program!(PointToPoint);

impl Spmd for PointToPoint {
    const NAME: &'static str = "point-to-point";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        if world.size() < 2 {
            println!("nobody to talk to: run it on two ranks or more");
            return Ok(());
        }
        match world.rank() {
            0 => {
                // A vector that moves into the request, so neither side can touch it while it is under way.
                let text = world.isend(b"hello from rank 0".to_vec(), 1, TEXT)?;
                let number = world.isend(vec![10_000_000_u64], 1, NUMBER)?;
                world.send_value(&("structures need no layout", 1.5), 1, TEXT)?;
                text.wait()?;
                // The buffer comes back, to be used again.
                number.wait()?;
            }
            1 => {
                // The tag chooses: the number first, though the text was sent first.
                let (number, status) = world.recv::<u64>(0, NUMBER)?;
                assert_eq!((number.as_slice(), status.source), ([10_000_000].as_slice(), 0));
                println!("rank 1 received {} from rank {}", number[0], status.source);
                let (text, _) = world.recv::<u8>(0, TEXT)?;
                let ((words, value), _) = world.recv_value::<(String, f64)>(0, TEXT)?;
                assert_eq!((words.as_str(), value), ("structures need no layout", 1.5));
                println!("rank 1 received {:?}, sent before the number", String::from_utf8_lossy(&text));
            }
            _ => {}
        }
        if world.rank() == 0 {
            for _ in 1..world.size() {
                let (answer, status) = world.recv::<u64>(Source::Any, ANSWER)?;
                assert_eq!(answer, [status.source as u64 * 100]);
            }
            println!(
                "rank 0 received the first of {} answers from some rank, and then the others",
                world.size() - 1
            );
        } else {
            world.send(&[world.rank() as u64 * 100], 0, ANSWER)?;
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&PointToPoint).map(drop)?))
}
