//! The price of a message between two processes, beside MPI's shared memory.
//!
//! ```text
//! cargo bench -p par-process --bench world [-- BYTES …]
//! ```
//! Half the time of a message there and back, the best of a hundred repeats; both are measured in the same run, in turn,
//! and a ratio is the median of the ratios of the rounds. The C program beside this file is compiled with `mpicc` where
//! that is there. Other ranks run on the same processors if there are fewer than two, and then this measures them. Numbers choose among the sizes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use par_core::comm::{CommError, Communicator, Spmd, Tag};
use par_process::ProcessWorld;
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 7;
const REPEATS: usize = 100;
/// Bytes of a message, and how many there are in a repeat.
const SIZES: [(usize, usize); 7] =
    [(8, 1000), (1024, 1000), (4096, 500), (65_536, 100), (1 << 20, 5), (4 << 20, 2), (16 << 20, 2)];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Serialize, Deserialize)]
struct PingPong {
    sizes: Vec<(usize, usize)>,
}

impl Spmd for PingPong {
    const NAME: &'static str = "bench-ping-pong";
    /// Seconds for one message of each size.
    type Output = Vec<f64>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Vec<f64>, CommError> {
        self.sizes.iter().map(|(bytes, rounds)| half_round_trip(world, *bytes, *rounds)).collect()
    }
}

par_process::program!(PingPong);

fn half_round_trip<C: Communicator>(world: &C, bytes: usize, rounds: usize) -> Result<f64, CommError> {
    let rank = world.rank();
    let (sent, mut got) = (vec![rank as u8 + 1; bytes], vec![0_u8; bytes]);
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let begun = Instant::now();
        for _ in 0..rounds {
            if rank == 0 {
                world.send(&sent, 1, Tag(0))?;
                world.recv_into(&mut got, 1, Tag(0))?;
            } else {
                world.recv_into(&mut got, 0, Tag(0))?;
                world.send(&sent, 0, Tag(0))?;
            }
        }
        best = best.min(begun.elapsed().as_secs_f64() / (2 * rounds) as f64);
    }
    if got.iter().any(|byte| usize::from(*byte) != 2 - rank) {
        return Err(CommError::program("the bytes came changed"));
    }
    Ok(best)
}

fn main() -> Outcome<()> {
    par_process::init();
    let world = ProcessWorld::builder().ranks(2).checked(false).build()?;
    let wanted: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let mut sizes = SIZES.to_vec();
    sizes.retain(|(bytes, _)| wanted.is_empty() || wanted.contains(bytes));
    let program = PingPong { sizes };
    let peer = Peer::build(&program.sizes)?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let here = world.run(&program)?.swap_remove(0);
        rounds.push((here, peer.as_ref().map(Peer::run).transpose()?));
    }
    println!("from nothing to the outcomes of 2 ranks {:>8.2} ms", start(&world)? * 1e3);
    println!("half a round trip between 2 processes");
    for (index, (bytes, _)) in program.sizes.into_iter().enumerate() {
        let here = median(rounds.iter().map(|(here, _)| here[index]).collect());
        let speed = bytes as f64 / here / 1e9;
        print!("  {bytes:>9} bytes {:>11.3} µs {speed:>7.2} GB/s", here * 1e6);
        let peers: Vec<(f64, f64)> =
            rounds.iter().filter_map(|(here, peer)| Some((here[index], peer.as_ref()?[index]))).collect();
        if peers.is_empty() {
            println!("   MPI: skipped, there is no mpicc, or no mpirun, here");
            continue;
        }
        let theirs = median(peers.iter().map(|(_, peer)| *peer).collect());
        let ratio = median(peers.iter().map(|(here, peer)| here / peer).collect());
        println!("   MPI {:>11.3} µs   here {ratio:.2} × its time", theirs * 1e6);
    }
    Ok(())
}

/// Seconds for a world that does nothing, the best of several.
fn start(world: &ProcessWorld) -> Outcome<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(world.run(&PingPong { sizes: Vec::new() })?.len(), 2);
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The C program, compiled.
struct Peer {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Peer {
    fn build(sizes: &[(usize, usize)]) -> Outcome<Option<Self>> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pingpong.c");
        let program = std::env::temp_dir().join(format!("par-process-pingpong-{}", std::process::id()));
        let arguments =
            sizes.iter().flat_map(|(bytes, rounds)| [bytes.to_string(), rounds.to_string()]).collect();
        let peer = Self { program, arguments };
        let compiled = Command::new("mpicc").arg("-O2").arg(source).arg("-o").arg(&peer.program).status();
        match compiled {
            Ok(status) if status.success() => Ok(peer.run().is_ok().then_some(peer)),
            Ok(status) => Err(format!("mpicc: {status}").into()),
            Err(_) => Ok(None),
        }
    }

    fn run(&self) -> Outcome<Vec<f64>> {
        let output = Command::new("mpirun")
            .args(["-n", "2"])
            .arg(&self.program)
            .args(&self.arguments)
            // What a laptop, a container and a machine with two processors need of Open MPI; others pass it over.
            .envs([
                ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
                ("OMPI_MCA_btl", "self,vader"),
                ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
            ])
            .output()?;
        let times: Result<Vec<f64>, _> =
            String::from_utf8(output.stdout)?.split_whitespace().map(str::parse).collect();
        let times = times?;
        if 2 * times.len() == self.arguments.len() { Ok(times) } else { Err("mpirun failed".into()) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.program);
    }
}
