//! The price of a message through `MpiComm`, beside the same loop in C, and in Python by mpi4py where it is there.
//!
//! ```text
//! cargo bench -p par-mpi --features mpi --bench overhead
//! ```
//! Two ranks play ping-pong. The programs run in turn, several times; each pair of runs gives one ratio, and what is
//! printed is the median of the ratios, since times on a shared machine are no more than a hint. Every message is
//! checked before its time counts. `PAR_PYTHON` names the Python that has mpi4py, if it is not `python3`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use par_core::comm::{CommError, Communicator, Tag};
use par_mpi::launch::Mpirun;
use par_mpi::{MpiComm, MpiWorld, ThreadLevel};

const RANK: &str = "PAR_MPI_BENCH_RANK";
/// Bytes, and how many round trips make one time.
const SIZES: [(usize, usize); 3] = [(8, 20_000), (1 << 20, 200), (16 << 20, 16)];
/// How many times each program plays in one run; its best counts.
const TIMES: usize = 7;
const ROUNDS: usize = 9;

const PEER_IN_C: &str = r#"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    static const int sizes[] = {8, 1 << 20, 16 << 20}, trips[] = {20000, 200, 16};
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int s = 0; s < 3; s++) {
        char *buf = calloc(sizes[s], 1);
        double best = 1e9;
        for (int time = 0; time < 7; time++) {
            MPI_Barrier(MPI_COMM_WORLD);
            double begun = MPI_Wtime();
            for (int trip = 0; trip < trips[s]; trip++) {
                if (rank == 0) {
                    buf[0] = (char)trip;
                    MPI_Send(buf, sizes[s], MPI_BYTE, 1, 1, MPI_COMM_WORLD);
                    MPI_Recv(buf, sizes[s], MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                    if (buf[0] != (char)(trip + 1)) MPI_Abort(MPI_COMM_WORLD, 3);
                } else {
                    MPI_Recv(buf, sizes[s], MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                    buf[0]++;
                    MPI_Send(buf, sizes[s], MPI_BYTE, 0, 1, MPI_COMM_WORLD);
                }
            }
            double took = (MPI_Wtime() - begun) / trips[s] / 2;
            if (took < best) best = took;
        }
        if (rank == 0) printf("%d %.9e\n", sizes[s], best);
        free(buf);
    }
    MPI_Finalize();
    return 0;
}
"#;

const PEER_IN_PYTHON: &str = r#"
import sys
from mpi4py import MPI
comm = MPI.COMM_WORLD
rank, objects = comm.Get_rank(), sys.argv[1] == "objects"
for size, trips in ((8, 20000), (1 << 20, 200), (16 << 20, 16)):
    if objects:
        trips = max(trips // 10, 4)
    buf, best = bytearray(size), 1e9
    for time in range(7):
        comm.Barrier()
        begun = MPI.Wtime()
        for trip in range(trips):
            if rank == 0:
                buf[0] = trip & 255
                if objects:
                    comm.send(buf, 1, 1)
                    buf = comm.recv(source=1, tag=1)
                else:
                    comm.Send(buf, 1, 1)
                    comm.Recv(buf, 1, 1)
                assert buf[0] == (trip + 1) & 255
            else:
                if objects:
                    buf = comm.recv(source=0, tag=1)
                else:
                    comm.Recv(buf, 0, 1)
                buf[0] = (buf[0] + 1) & 255
                if objects:
                    comm.send(buf, 0, 1)
                else:
                    comm.Send(buf, 0, 1)
        best = min(best, (MPI.Wtime() - begun) / trips / 2)
    if rank == 0:
        print(size, "%.9e" % best)
"#;

fn main() -> ExitCode {
    if std::env::var_os(RANK).is_some() {
        // The level of C's `MPI_Init`: a higher one makes Open MPI 4.1 take locks, 50 ns for a message.
        let builder = MpiWorld::builder().thread_level(ThreadLevel::Single);
        return MpiWorld::main_with(builder, |world| Ok(play(world.comm())?));
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The ranks' side.
fn play(comm: &MpiComm) -> Result<(), CommError> {
    for (size, trips) in SIZES {
        let mut buf = vec![0_u8; size];
        let mut best = f64::MAX;
        for _ in 0..TIMES {
            comm.barrier()?;
            let begun = Instant::now();
            for trip in 0..trips {
                if comm.rank() == 0 {
                    buf[0] = trip as u8;
                    comm.send(&buf, 1, Tag(1))?;
                    comm.recv_into(&mut buf, 1, Tag(1))?;
                    assert_eq!(buf[0], (trip as u8).wrapping_add(1));
                } else {
                    comm.recv_into(&mut buf, 0, Tag(1))?;
                    buf[0] = buf[0].wrapping_add(1);
                    comm.send(&buf, 0, Tag(1))?;
                }
            }
            best = best.min(begun.elapsed().as_secs_f64() / trips as f64 / 2.0);
        }
        if comm.rank() == 0 {
            println!("{size} {best:e}");
        }
    }
    Ok(())
}

fn compare() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("par-mpi-overhead-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = contenders(&folder).and_then(|contenders| measure(&contenders));
    std::fs::remove_dir_all(&folder)?;
    done
}

struct Contender {
    name: &'static str,
    job: Mpirun,
}

/// This program, C, and Python.
fn contenders(folder: &Path) -> Result<Vec<Contender>, Box<dyn Error>> {
    let job = || Mpirun::find(2);
    let mut all =
        vec![Contender { name: "MpiComm", job: job()?.program(std::env::current_exe()?).env(RANK, "1") }];
    let (source, peer) = (folder.join("peer.c"), folder.join("peer"));
    std::fs::write(&source, PEER_IN_C)?;
    let compiler = std::env::var("MPICC").unwrap_or_else(|_| "mpicc".to_owned());
    if !Command::new(&compiler).args(["-O2", "-o"]).arg(&peer).arg(&source).status()?.success() {
        return Err(format!("{compiler} could not compile the peer").into());
    }
    all.push(Contender { name: "C", job: job()?.program(peer) });
    let python = PathBuf::from(std::env::var("PAR_PYTHON").unwrap_or_else(|_| "python3".to_owned()));
    let has_mpi4py = Command::new(&python).args(["-c", "import mpi4py.MPI"]).output();
    if has_mpi4py.is_ok_and(|answer| answer.status.success()) {
        let script = folder.join("peer.py");
        std::fs::write(&script, PEER_IN_PYTHON)?;
        for (name, how) in [("mpi4py, buffers", "buffers"), ("mpi4py, objects", "objects")] {
            let script = script.as_os_str().to_owned();
            let job = job()?.program(&python).args([script, how.into()]);
            all.push(Contender { name, job });
        }
    } else {
        println!("mpi4py is not there: without it");
    }
    println!("{}", all[0].job.launcher().version);
    println!("{}", all[0].job);
    Ok(all)
}

/// Seconds of half a round trip, one per size.
fn run(contender: &Contender) -> Result<Vec<f64>, Box<dyn Error>> {
    let answer = contender.job.command().output()?;
    if !answer.status.success() {
        let complaint = String::from_utf8_lossy(&answer.stderr);
        return Err(format!("{}: {}\n{complaint}", contender.name, answer.status).into());
    }
    let text = String::from_utf8(answer.stdout)?;
    let times: Vec<f64> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, time)| time.trim().parse())
        .collect::<Result<_, _>>()?;
    if times.len() == SIZES.len() { Ok(times) } else { Err(format!("{}: {text}", contender.name).into()) }
}

fn measure(contenders: &[Contender]) -> Result<(), Box<dyn Error>> {
    let mut rounds: Vec<Vec<Vec<f64>>> = Vec::new();
    for round in 0..ROUNDS {
        let mut times = vec![Vec::new(); contenders.len()];
        // The order changes, so that nobody is always first.
        for index in 0..contenders.len() {
            let index = (index + round) % contenders.len();
            times[index] = run(&contenders[index])?;
        }
        rounds.push(times);
    }
    for (place, (size, _)) in SIZES.iter().enumerate() {
        for (index, contender) in contenders.iter().enumerate() {
            let best = rounds.iter().map(|times| times[index][place]).fold(f64::MAX, f64::min);
            let mut ratios: Vec<f64> =
                rounds.iter().map(|times| times[0][place] / times[index][place]).collect();
            ratios.sort_by(f64::total_cmp);
            println!(
                "{size:>9} B  {:<16} {:>11.2} µs {:>8.2} GB/s   MpiComm takes {:.3} of it ({:.3} to {:.3})",
                contender.name,
                best * 1e6,
                *size as f64 / best / 1e9,
                ratios[ROUNDS / 2],
                ratios[ROUNDS / 4],
                ratios[ROUNDS - 1 - ROUNDS / 4],
            );
        }
    }
    Ok(())
}
