//! The price of a message between threads, beside Open MPI's between processes:
//! `cargo bench -p par-threads --bench world`.
//!
//! Two ranks, one per processor. The contenders take turns, a whole run of each per round, so the ratios hold on a busy
//! machine; every message is checked. Open MPI runs where `mpicc` and `mpirun` are found: the program in `world.c` is
//! compiled into a temporary folder.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use par_core::comm::{CommError, Communicator, Tag, op};
use par_threads::{Affinity, ThreadComm, ThreadWorld};
use tempfile::TempDir;

const ROUNDS: usize = 9;

/// A row: what is measured, how long a message is, and how often it is sent in a run.
struct Row {
    name: &'static str,
    bytes: usize,
    times: usize,
    run: fn(&ThreadComm, usize, usize) -> Result<f64, CommError>,
    /// Whether `world.c` has the row, too.
    paired: bool,
}

const fn row(
    name: &'static str,
    bytes: usize,
    times: usize,
    run: fn(&ThreadComm, usize, usize) -> Result<f64, CommError>,
    paired: bool,
) -> Row {
    Row { name, bytes, times, run, paired }
}

const ROWS: [Row; 13] = [
    row("half-round-trip-8B", 8, 20_000, half_round_trip, true),
    row("half-round-trip-1KiB", 1 << 10, 10_000, half_round_trip, true),
    row("half-round-trip-64KiB", 64 << 10, 1_000, half_round_trip, true),
    row("half-round-trip-1MiB", 1 << 20, 100, half_round_trip, true),
    row("half-round-trip-16MiB", 16 << 20, 6, half_round_trip, true),
    row("moved-half-round-trip-1KiB", 1 << 10, 10_000, moved, false),
    row("moved-half-round-trip-64KiB", 64 << 10, 1_000, moved, false),
    row("moved-half-round-trip-1MiB", 1 << 20, 200, moved, false),
    row("one-way-8B", 8, 100_000, one_way, true),
    row("all-reduce-8B", 8, 10_000, all_reduce, true),
    row("all-reduce-1MiB", 1 << 20, 100, all_reduce, true),
    row("broadcast-1MiB", 1 << 20, 100, broadcast, true),
    row("barrier", 0, 10_000, barrier, true),
];

/// Runs what is measured for a tenth of the times, and then in earnest; seconds for each.
fn timed(
    comm: &ThreadComm,
    times: usize,
    mut once: impl FnMut(usize) -> Result<(), CommError>,
) -> Result<f64, CommError> {
    (0..times / 10 + 1).try_for_each(&mut once)?;
    comm.barrier()?;
    let begun = Instant::now();
    (0..times).try_for_each(&mut once)?;
    Ok(begun.elapsed().as_secs_f64() / times as f64)
}

fn half_round_trip(comm: &ThreadComm, bytes: usize, times: usize) -> Result<f64, CommError> {
    let other = 1 - comm.rank();
    let (mut data, mut back) = (vec![1_u64; bytes / 8], vec![0_u64; bytes / 8]);
    let last = back.len() - 1;
    let time = timed(comm, times, |turn| {
        if comm.rank() == 0 {
            data[last] = turn as u64;
            comm.send(&data, other, Tag(1))?;
            comm.recv_into(&mut back, other, Tag(1))?;
            assert_eq!(back[last], turn as u64);
        } else {
            comm.recv_into(&mut back, other, Tag(1))?;
            comm.send(&back, other, Tag(1))?;
        }
        Ok(())
    })?;
    Ok(time / 2.0)
}

fn moved(comm: &ThreadComm, bytes: usize, times: usize) -> Result<f64, CommError> {
    let other = 1 - comm.rank();
    let mut data = vec![1_u64; bytes / 8];
    let last = data.len() - 1;
    let time = timed(comm, times, |turn| {
        if comm.rank() == 0 {
            data[last] = turn as u64;
            comm.isend(std::mem::take(&mut data), other, Tag(1))?.wait()?;
            (data, _) = comm.recv(other, Tag(1))?;
            assert_eq!(data[last], turn as u64);
        } else {
            let (theirs, _) = comm.recv::<u64>(other, Tag(1))?;
            comm.isend(theirs, other, Tag(1))?.wait()?;
        }
        Ok(())
    })?;
    Ok(time / 2.0)
}

fn one_way(comm: &ThreadComm, _: usize, times: usize) -> Result<f64, CommError> {
    let mut word = [0_u64];
    timed(comm, times / 100, |turn| {
        for index in 0..100 {
            if comm.rank() == 0 {
                comm.send(&[(turn + index) as u64], 1, Tag(1))?;
            } else {
                comm.recv_into(&mut word, 0, Tag(1))?;
                assert_eq!(word[0], (turn + index) as u64);
            }
        }
        if comm.rank() == 0 {
            comm.recv_into(&mut word, 1, Tag(2)).map(drop)
        } else {
            comm.send(&[1_u64], 0, Tag(2))
        }
    })
    .map(|time| time / 100.0)
}

fn all_reduce(comm: &ThreadComm, bytes: usize, times: usize) -> Result<f64, CommError> {
    let data = vec![comm.rank() as f64 + 1.0; bytes / 8];
    let mut sum = vec![0.0; bytes / 8];
    timed(comm, times, |_| {
        comm.all_reduce(&data, &mut sum, &op::Sum)?;
        assert_eq!(black_box(&sum)[sum.len() - 1].to_bits(), 3.0_f64.to_bits());
        Ok(())
    })
}

fn broadcast(comm: &ThreadComm, bytes: usize, times: usize) -> Result<f64, CommError> {
    let mut data = vec![0_u64; bytes / 8];
    let last = data.len() - 1;
    timed(comm, times, |turn| {
        if comm.rank() == 0 {
            data[last] = turn as u64;
        }
        comm.broadcast(&mut data, 0)?;
        assert_eq!(data[last], turn as u64);
        Ok(())
    })
}

fn barrier(comm: &ThreadComm, _: usize, times: usize) -> Result<f64, CommError> {
    timed(comm, times, |_| comm.barrier())
}

/// One run of all rows.
fn threads(world: &ThreadWorld) -> Vec<f64> {
    let times = world
        .run_fn(|comm| {
            let mut times = Vec::new();
            for row in &ROWS {
                comm.barrier()?;
                times.push((row.run)(comm, row.bytes, row.times)?);
            }
            Ok(times)
        })
        .expect("the ranks do what they do");
    times.into_iter().next().expect("there is a rank 0")
}

/// Open MPI's program, where there is one.
fn compile(folder: &Path) -> Result<std::path::PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/world.c");
    let program = folder.join("world");
    let compiled = Command::new("mpicc").arg("-O2").arg(source).arg("-o").arg(&program).output();
    match compiled {
        Err(error) => Err(format!("mpicc could not be run: {error}")),
        Ok(output) if !output.status.success() => {
            Err(format!("mpicc failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Ok(_) => Ok(program),
    }
}

fn open_mpi(program: &Path) -> Result<Vec<(String, f64)>, String> {
    let output = Command::new("mpirun")
        .args(["-n", "2"])
        .arg(program)
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_btl", "self,vader")
        .env("OMPI_MCA_btl_vader_single_copy_mechanism", "none")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("mpirun could not be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("mpirun failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| {
            let (name, time) = line.split_once(' ')?;
            Some((name.to_owned(), time.trim().parse().ok()?))
        })
        .collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    // `cargo test --benches` runs this, too, and measures nothing.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    let world =
        ThreadWorld::builder().ranks(2).affinity(Affinity::Inherit).build().expect("two ranks can be had");
    let folder = TempDir::new().expect("there is a place for temporary files");
    let mut peer = compile(folder.path());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(threads(&world));
        if let Ok(program) = &peer {
            match open_mpi(program) {
                Ok(times) => theirs.push(times),
                Err(reason) => peer = Err(reason),
            }
        }
    }
    println!("two ranks, medians of {rounds} rounds; below 1 ThreadWorld is faster");
    println!("{:30} {:>14} {:>14} {:>8}", "", "ThreadWorld", "Open MPI", "ratio");
    for (index, row) in ROWS.iter().enumerate() {
        let mine = median(ours.iter().map(|round| round[index]).collect());
        let rate = row.bytes as f64 / mine / 1e9;
        let pairs = ours.iter().zip(&theirs).filter_map(|(ours, theirs)| {
            let (_, time) = theirs.iter().find(|(name, _)| name == row.name)?;
            Some((*time, ours[index] / time))
        });
        let (times, ratios): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let compared = if times.is_empty() {
            let why = if row.paired { "absent" } else { "-" };
            format!("{why:>14} {:>8}", "")
        } else {
            format!("{:>11.3} µs {:>8.2}", 1e6 * median(times), median(ratios))
        };
        println!("{:30} {:>11.3} µs {compared}   {rate:6.2} GB/s", row.name, 1e6 * mine);
    }
    if let Err(reason) = peer {
        println!("Open MPI is absent: {reason}");
    }
}
