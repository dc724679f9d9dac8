//! Programs that tests run in worlds.

use std::time::Duration;

use par_core::comm::{
    Blocks, CommError, Communicator, Located, Rank, SendMode, Source, Spmd, Tag, TagSelector, op, wait_all,
};
use rustix::process::{Pid, Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

pub(crate) type Done = Result<(), CommError>;

/// Fails with what was found and what was expected.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Done {
    if got == expected {
        return Ok(());
    }
    Err(CommError::Program(format!("{what}: {got:?} instead of {expected:?}")))
}

/// Bytes that tell who made them, for whom, and where each stands.
pub(crate) fn pattern(length: usize, from: Rank, to: Rank) -> Vec<u8> {
    (0..length).map(|i| (i ^ (i >> 8) ^ (i >> 16)).wrapping_add(31 * from + 57 * to) as u8).collect()
}

/// Messages of all lengths and modes around a ring, and to itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PointToPoint;

impl Spmd for PointToPoint {
    const NAME: &'static str = "it-point-to-point";
    type Output = u32;

    fn run<C: Communicator>(&self, world: &C) -> Result<u32, CommError> {
        let (rank, size) = (world.rank(), world.size());
        let (next, former) = ((rank + 1) % size, (rank + size - 1) % size);
        for length in [0, 1, 8, 55, 56, 57, 4095, 4096, 4097, 32_768, 100_000, 1_000_003] {
            let sent = pattern(length, rank, next);
            let mut got = vec![0; length + 1];
            let status = world.send_recv(&sent, next, Tag(3), &mut got, former, Tag(3))?;
            equal("the length", &status.bytes, &length)?;
            got.truncate(length);
            equal("exchanged", &(got == pattern(length, former, rank)), &true)?;

            for mode in [SendMode::Standard, SendMode::Synchronous] {
                let request = world.isend_with(mode, sent.clone(), next, Tag(4))?;
                let (got, status) = world.recv::<u8>(Source::Any, TagSelector::Any)?;
                equal("from", &(status.source, status.tag), &(former, Tag(4)))?;
                equal("received", &(got == pattern(length, former, rank)), &true)?;
                request.wait()?;
            }
        }
        // In reverse order, and many at once.
        let receives: Vec<_> =
            (0..50).map(|tag| world.irecv(vec![0_u64; 2000], former, Tag(tag))).collect::<Result<_, _>>()?;
        let sends: Vec<_> = (0..50)
            .rev()
            .map(|tag| world.isend(vec![u64::from(tag); 1 + 40 * usize::from(tag)], next, Tag(tag)))
            .collect::<Result<_, _>>()?;
        for (tag, done) in wait_all(receives)?.into_iter().enumerate() {
            equal("by tag", &done.data, &vec![tag as u64; 1 + 40 * tag])?;
        }
        wait_all(sends)?;
        world.attach_buffer(10_000)?;
        world.send_with(SendMode::Buffered, &pattern(5000, rank, next), next, Tag(5))?;
        let probed = world.probe(former, Tag(5))?;
        equal("probed", &probed.bytes, &5000)?;
        let (got, _) = world.matched_probe(former, Tag(5))?.recv::<u8>()?;
        equal("buffered", &(got == pattern(5000, former, rank)), &true)?;
        world.barrier()?;
        Ok(std::process::id())
    }
}

/// All collectives against what each rank can compute alone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Collectives {
    pub(crate) length: usize,
}

impl Spmd for Collectives {
    const NAME: &'static str = "it-collectives";
    type Output = Vec<f64>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Vec<f64>, CommError> {
        let (rank, size, length) = (world.rank(), world.size(), self.length);
        let value = |rank: Rank, i: usize| (1000 * rank + i) as u64;
        let of = |rank: Rank| (0..length).map(|i| value(rank, i)).collect::<Vec<u64>>();
        for root in 0..size {
            let mut data = if rank == root { of(root) } else { vec![0; length] };
            world.broadcast(&mut data, root)?;
            equal("broadcast", &data, &of(root))?;

            let mut all = vec![0; if rank == root { size * length } else { 0 }];
            world.gather(&of(rank), &mut all, root)?;
            let expected: Vec<u64> = (0..size).flat_map(of).collect();
            equal("gather", &(rank != root || all == expected), &true)?;

            let mut mine = vec![0; length];
            world.scatter(&all, &mut mine, root)?;
            equal("scatter", &mine, &of(rank))?;
        }
        let counts: Vec<usize> = (0..size).map(|rank| (rank * 7) % 5).collect();
        let blocks = Blocks::packed(&counts);
        let mut all = vec![0; counts.iter().sum()];
        world.all_gather_v(&of(rank)[..counts[rank]], &mut all, &blocks)?;
        let expected: Vec<u64> = (0..size).flat_map(|rank| of(rank)[..counts[rank]].to_vec()).collect();
        equal("all_gather_v", &all, &expected)?;

        let sent: Vec<u64> = (0..size).flat_map(|to| vec![value(rank, to); length]).collect();
        let mut got = vec![0; size * length];
        world.all_to_all(&sent, &mut got)?;
        let expected: Vec<u64> = (0..size).flat_map(|from| vec![value(from, rank); length]).collect();
        equal("all_to_all", &(got == expected), &true)?;

        let mut sum = of(rank);
        world.all_reduce_in_place(&mut sum, &op::Sum)?;
        let total = |i: usize| (0..size).map(|rank| value(rank, i)).sum::<u64>();
        equal("all_reduce", &sum, &(0..length).map(total).collect())?;

        // Composition of x ↦ a·x + b does not commute.
        let compose = op::User::ordered(|f: [u64; 2], g: [u64; 2]| {
            [f[0].wrapping_mul(g[0]), f[1].wrapping_mul(g[0]).wrapping_add(g[1])]
        });
        let map = |rank: usize| [rank as u64 + 2, 3 * rank as u64 + 1];
        let fold = |ranks: std::ops::Range<usize>| {
            ranks
                .map(map)
                .reduce(|f, g| [f[0].wrapping_mul(g[0]), f[1].wrapping_mul(g[0]).wrapping_add(g[1])])
        };
        let mut scanned = [map(rank)];
        world.scan(&mut scanned, &compose)?;
        equal("scan", &Some(scanned[0]), &fold(0..rank + 1))?;
        let mut folded = [map(rank)];
        world.all_reduce_in_place(&mut folded, &compose)?;
        equal("in rank order", &Some(folded[0]), &fold(0..size))?;

        let mut least = [Located::new((rank as f64 - 1.0).abs(), rank as u64)];
        world.all_reduce_in_place(&mut least, &op::MinLoc)?;
        equal("min_loc", &least[0].index(), &(1 % size as u64))?;

        let mut floats: Vec<f64> = (0..length).map(|i| 1.0 / (1 + i + 17 * rank) as f64).collect();
        world.all_reduce_in_place(&mut floats, &op::Sum)?;
        world.barrier()?;
        Ok(floats)
    }
}

/// Values of all kinds, and other communicators.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Values {
    pub(crate) letters: usize,
}

impl Spmd for Values {
    const NAME: &'static str = "it-values";
    type Output = (String, Option<Rank>);

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let (rank, size) = (world.rank(), world.size());
        let text = |rank: Rank| format!("rank {rank} ").repeat(1 + self.letters * rank);
        if rank == 0 {
            for to in 1..size {
                world.send_value(&(to, text(to)), to, Tag(1))?;
            }
        } else {
            let (got, _) = world.recv_value::<(Rank, String)>(0, Tag(1))?;
            equal("a value", &got, &(rank, text(rank)))?;
        }
        let all: Vec<String> = world.all_gather_values(&text(rank))?;
        equal("all values", &all, &(0..size).map(text).collect())?;

        let half = world.split(Some((rank % 2) as u32), -(rank as i64))?;
        let half = half.ok_or_else(|| CommError::program("every rank has a color"))?;
        let mut ranks = vec![0_u64; half.size()];
        half.all_gather(&[rank as u64], &mut ranks)?;
        let expected: Vec<u64> =
            (0..size).rev().filter(|other| other % 2 == rank % 2).map(|r| r as u64).collect();
        equal("a half", &ranks, &expected)?;
        let none = world.split((rank == 0).then_some(0), 0)?;
        equal("alone", &none.map(|alone| alone.size()), &(rank == 0).then_some(1))?;

        // The same message in three communicators: each gets its own.
        let (twin, shared) = (world.duplicate()?, world.split_shared()?);
        let (next, former) = ((rank + 1) % size, (rank + size - 1) % size);
        let requests = [
            world.isend(vec![1_u8], next, Tag(0))?,
            twin.isend(vec![2_u8], next, Tag(0))?,
            shared.isend(vec![3_u8], next, Tag(0))?,
        ];
        equal("shared", &shared.recv::<u8>(former, Tag(0))?.0, &vec![3])?;
        equal("twin", &twin.recv::<u8>(former, Tag(0))?.0, &vec![2])?;
        equal("world", &world.recv::<u8>(former, Tag(0))?.0, &vec![1])?;
        wait_all(requests)?;
        Ok((text(rank), (rank > 0).then_some(rank)))
    }
}

/// Long messages in both directions at once, which are also what each rank yields.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Large {
    pub(crate) bytes: usize,
}

impl Spmd for Large {
    const NAME: &'static str = "it-large";
    type Output = par_core::Blob;

    fn run<C: Communicator>(&self, world: &C) -> Result<par_core::Blob, CommError> {
        let (rank, size) = (world.rank(), world.size());
        let (next, former) = ((rank + 1) % size, (rank + size - 1) % size);
        let sent = pattern(self.bytes, rank, next);
        let mut got = vec![0_u8; self.bytes];
        world.send_recv(&sent, next, Tag(0), &mut got, former, Tag(0))?;
        equal("exchanged", &(got == pattern(self.bytes, former, rank)), &true)?;
        Ok(got.into())
    }
}

/// What goes wrong, and where the victim is meanwhile.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Wrong {
    Panics,
    Fails,
    Exits,
    Aborts,
    /// It sends itself SIGKILL, while the others wait for it.
    DiesWaitedFor,
    /// Another kills it while it waits for a message.
    KilledInReceive,
    /// Another kills it while it waits in a collective.
    KilledInCollective,
    /// Another kills it while it sends 64 MiB, of which nothing was received.
    KilledInSend,
    /// It sends itself SIGKILL after so many microseconds, whatever it does then, and all do all kinds of things.
    DiesAnytime(u64),
    /// It is stopped, while the others wait for it.
    Stops,
    /// It computes for ever; another fails.
    Computes,
    /// It finishes, and the others wait for it.
    Leaves,
}

/// A program in which rank `victim` comes to grief.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Accident {
    pub(crate) what: Wrong,
    pub(crate) victim: Rank,
}

impl Spmd for Accident {
    const NAME: &'static str = "it-accident";
    type Output = u64;

    fn run<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
        let mut pids = vec![0_i32; world.size()];
        world.all_gather(&[getpid().as_raw_nonzero().get()], &mut pids)?;
        if let Wrong::DiesAnytime(micros) = self.what {
            if world.rank() == self.victim {
                std::thread::spawn(move || {
                    // Not to synchronise: the moment is meant to be any.
                    std::thread::sleep(Duration::from_micros(micros));
                    signal_to(getpid(), Signal::KILL)
                });
            }
            return busy(world);
        }
        if world.rank() == self.victim {
            return self.come_to_grief(world);
        }
        // One of the others does the deed, all then wait for the victim.
        let killer = usize::from(self.victim == 0);
        if world.rank() == killer {
            self.kill(world, pids[self.victim])?;
        }
        match self.what {
            // In its first barrier the victim may have done its part already.
            Wrong::KilledInCollective => (0..10).try_for_each(|_| world.barrier())?,
            Wrong::KilledInSend if world.rank() == killer => drop(world.recv::<u8>(self.victim, Tag(2))?),
            _ => drop(world.recv::<u8>(self.victim, Tag(9))?),
        }
        Ok(0)
    }
}

/// Messages of all kinds, until something goes wrong.
fn busy<C: Communicator>(world: &C) -> Result<u64, CommError> {
    let (rank, size) = (world.rank(), world.size());
    let (next, former) = ((rank + 1) % size, (rank + size - 1) % size);
    let mut floats = vec![1.0_f64; 10_000];
    let mut got = vec![0_u8; 300_000];
    loop {
        world.all_reduce_in_place(&mut floats, &op::Max)?;
        world.send_recv(&vec![7_u8; 300_000], next, Tag(1), &mut got, former, Tag(1))?;
        let request = world.isend(vec![1_u8; 30_000], next, Tag(2))?;
        drop(world.recv::<u8>(Source::Any, Tag(2))?);
        request.wait()?;
        world.broadcast(&mut got, 0)?;
        world.barrier()?;
    }
}

impl Accident {
    fn come_to_grief<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
        let killer = usize::from(self.victim == 0);
        match self.what {
            Wrong::Panics => panic!("rank {} meets its end", world.rank()),
            Wrong::Fails => return Err(CommError::program("there is no data here")),
            Wrong::Exits => std::process::exit(3),
            Wrong::Aborts => std::process::abort(),
            Wrong::DiesWaitedFor => signal_to(getpid(), Signal::KILL)?,
            Wrong::Stops => signal_to(getpid(), Signal::STOP)?,
            Wrong::KilledInReceive => drop(world.recv::<u8>(killer, Tag(8))?),
            Wrong::KilledInCollective => world.barrier()?,
            Wrong::KilledInSend => world.send(&pattern(64 << 20, 0, 0), killer, Tag(2))?,
            Wrong::Computes => loop {
                std::hint::spin_loop();
            },
            Wrong::Leaves | Wrong::DiesAnytime(_) => {}
        }
        Ok(1)
    }

    fn kill<C: Communicator>(&self, world: &C, victim: i32) -> Done {
        match self.what {
            Wrong::KilledInSend => drop(world.probe(self.victim, Tag(2))?),
            Wrong::Computes => return Err(CommError::program("enough")),
            Wrong::KilledInReceive | Wrong::KilledInCollective => asleep(victim)?,
            _ => return Ok(()),
        }
        signal_to(Pid::from_raw(victim).ok_or_else(|| CommError::program("no pid"))?, Signal::KILL)
    }
}

fn signal_to(pid: Pid, signal: Signal) -> Done {
    kill_process(pid, signal).map_err(CommError::program)
}

/// Waits until a process sleeps.
fn asleep(pid: i32) -> Done {
    let sleeps = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    };
    if crate::watch::until(Duration::from_secs(5), sleeps) {
        Ok(())
    } else {
        Err(CommError::program("it is awake"))
    }
}

/// What each rank yields cannot be read again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unreadable;

/// Written as a number, and not to be read.
#[derive(Debug)]
pub(crate) struct Secret;

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(7)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("it is a secret"))
    }
}

impl Spmd for Unreadable {
    const NAME: &'static str = "it-unreadable";
    type Output = Secret;

    fn run<C: Communicator>(&self, _: &C) -> Result<Secret, CommError> {
        Ok(Secret)
    }
}

/// Says where it is; a program that nobody registers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stranger;

impl Spmd for Stranger {
    const NAME: &'static str = "it-stranger";
    type Output = ();

    fn run<C: Communicator>(&self, _: &C) -> Done {
        Ok(())
    }
}

/// Of the name of another program.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Impostor;

impl Spmd for Impostor {
    const NAME: &'static str = "it-large";
    type Output = ();

    fn run<C: Communicator>(&self, _: &C) -> Done {
        Ok(())
    }
}

/// What a rank finds around itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Surroundings;

impl Spmd for Surroundings {
    const NAME: &'static str = "it-surroundings";
    /// A variable that was set, the mark, the parent's pid, open descriptors, and a child that it leaves behind.
    type Output = (Option<String>, Option<String>, u32, Vec<String>, u32);

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        world.barrier()?;
        let open = std::fs::read_dir("/proc/self/fd").map_err(CommError::program)?.flatten();
        let open = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let open = open.map(|path| path.to_string_lossy().into_owned()).collect();
        let child = std::process::Command::new("sleep").arg("1000").spawn().map_err(CommError::program)?;
        let parent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
        let variable = |name| std::env::var(name).ok();
        Ok((variable("PAR_IT_COLOUR"), variable("PAR_PROCESS_RANK"), parent, open, child.id()))
    }
}

/// Says its pid, and waits for what never comes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitsForEver;

impl Spmd for WaitsForEver {
    const NAME: &'static str = "it-waits-for-ever";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Done {
        println!("{}", std::process::id());
        world.recv::<u8>(Source::Any, Tag(1))?;
        Ok(())
    }
}

par_process::program!(par_core::testing::comm::Suite);
par_process::program!(par_core::testing::Wrong);
par_process::program!(PointToPoint);
par_process::program!(Collectives);
par_process::program!(Values);
par_process::program!(Large);
par_process::program!(Accident);
par_process::program!(Unreadable);
par_process::program!(Surroundings);
par_process::program!(WaitsForEver);
