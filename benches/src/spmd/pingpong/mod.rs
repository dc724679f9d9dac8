//! `pingpong`: latency and bandwidth between two ranks, and the LogGP model of them.

mod loggp;
mod overheads;
mod sizes;

use std::time::Duration;

use par_core::comm::{CommError, Communicator, Rank, Spmd, Tag};
use par_core::{Cost, Mismatch};
use serde::{Deserialize, Serialize};

pub use loggp::{Estimate, LogGp, Overheads, Parameter, fit_loggp};
pub use sizes::SizeTimes;

use super::payload::Payload;
use super::watch::Watch;
use super::{LatencyPoint, LatencyTable, Ranked, SerialTime, SpmdWorkload};

/// Of what is timed.
const TIMED: Tag = Tag(1);
/// Of what tells the other rank that this one is ready.
const READY: Tag = Tag(2);
/// When one length has taken so long it gets no further batch but its first: a machine that is busy elsewhere makes a
/// sweep coarse, and not endless.
const LIMIT: Duration = Duration::from_millis(250);
/// The longest message of all sizes, 16 MiB.
const LONGEST: u32 = 1 << 24;

/// Messages of 0 B to some MiB from rank 0 to the last rank and back.
///
/// The regime is latency. Each length is timed in batches of round trips, in cycles over buffers of 256 KiB together;
/// the first batch of each length warms up, and a length that takes long gets fewer. Every message has a sequence number and a checksum of its own and lies in
/// a buffer of its own until its batch is over; then, outside of the time, the rank that received it examines it, and
/// fills the buffers of the next batch. What is late, lost, doubled, damaged or of another batch is found.
///
/// Then single overheads are measured at 8 B, for the LogGP model (Alexandrov, Ionescu, Schauser, Scheiman, *LogGP:
/// incorporating long messages into the `LogP` model*, SPAA 1995); [`fit_loggp`] says how.
///
/// Operations count round trips. There is no serial code to compare with.
///
/// # Examples
/// ```
/// use par_benches::spmd::{PingPong, SpmdWorkload};
/// use par_core::testing::ModelWorld;
/// let pingpong = PingPong::new(1024, 8, 10)?;
/// let outputs = ModelWorld::new(2).run(&pingpong)?;
/// let parts: Vec<_> = outputs.iter().map(|rank| rank.part.clone()).collect();
/// pingpong.verify(&parts)?;
/// let table = pingpong.latency(&outputs).ok_or("no table")?;
/// assert!(table.points.iter().all(|point| point.one_way_ns > 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingPong {
    longest: u32,
    batches: u32,
    round_trips: u32,
}

/// Why there is no such measurement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PingPongError {
    /// Messages longer than an ordinary memory has room for.
    #[error("messages of {0} bytes are not possible; choose at most 16 MiB")]
    Longest(u32),
    /// Nothing would be measured, or it would not end.
    #[error("{0} batches of {1} round trips are not possible; choose from 1 to 10000 of each")]
    Amount(u32, u32),
}

/// What a rank has timed and examined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PingPongPart {
    /// Messages that it received and examined.
    pub received: u64,
    /// Of these, how many were not what was sent.
    pub wrong: u64,
    /// Round trips by length; of rank 0 alone.
    pub sizes: Vec<SizeTimes>,
    /// Single overheads; of rank 0 alone.
    pub overheads: Option<Overheads>,
}

impl PingPong {
    /// The size for tests: up to 64 KiB.
    pub const fn test() -> Self {
        Self { longest: 1 << 16, batches: 8, round_trips: 10 }
    }

    /// The size for a first look: up to 4 MiB.
    pub const fn quick() -> Self {
        Self { longest: 1 << 22, batches: 9, round_trips: 50 }
    }

    /// The size for measurements: up to 16 MiB.
    pub const fn bench() -> Self {
        Self { longest: LONGEST, batches: 15, round_trips: 200 }
    }

    /// Messages of at most `longest` bytes, `batches` times `round_trips` of them, long ones fewer.
    ///
    /// # Errors
    /// [`PingPongError::Longest`] above 16 MiB, [`PingPongError::Amount`] outside 1..=10000.
    pub const fn new(longest: u32, batches: u32, round_trips: u32) -> Result<Self, PingPongError> {
        if longest > LONGEST {
            return Err(PingPongError::Longest(longest));
        }
        if batches == 0 || batches > 10_000 || round_trips == 0 || round_trips > 10_000 {
            return Err(PingPongError::Amount(batches, round_trips));
        }
        Ok(Self { longest, batches, round_trips })
    }

    /// Round trips of all lengths that are timed.
    fn timed(&self) -> u64 {
        self.lengths().iter().map(|bytes| u64::from(self.batches) * self.slots(*bytes) as u64).sum()
    }
}

/// One of the two ranks, with what it has seen.
#[derive(Debug)]
struct Player<'c, C> {
    world: &'c C,
    other: Rank,
    /// The number of the next message from rank 0; both ranks count alike.
    sequence: u32,
    part: PingPongPart,
    sent: (u64, u64),
}

impl<C: Communicator> Player<'_, C> {
    fn is_first(&self) -> bool {
        self.world.rank() == 0
    }

    fn send(&mut self, message: &[u8], tag: Tag) -> Result<(), CommError> {
        self.sent = (self.sent.0 + 1, self.sent.1 + message.len() as u64);
        self.world.send(message, self.other, tag)
    }

    /// Returns when the other rank has examined its last batch and stands ready; whether there is another one, which
    /// rank 0 says with `more`.
    fn ready(&mut self, more: bool) -> Result<bool, CommError> {
        if self.is_first() {
            self.send(&[u8::from(more)], READY)?;
            self.world.recv_into::<u8>(&mut [], self.other, READY)?;
            return Ok(more);
        }
        let mut more = [0_u8];
        self.world.recv_into(&mut more, self.other, READY)?;
        self.send(&[], READY)?;
        Ok(more == [1])
    }

    /// Examines a message that was received as the one with that number.
    fn examine(&mut self, message: &[u8], sequence: u32) {
        self.part.received += 1;
        self.part.wrong += u64::from(!Payload::is(message, sequence));
    }
}

impl Spmd for PingPong {
    const NAME: &'static str = "pingpong";
    type Output = Ranked<PingPongPart>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let (rank, last) = (world.rank(), world.size() - 1);
        if last == 0 {
            return Err(CommError::program("one rank has nobody to play with: take two"));
        }
        let mut watch = Watch::start(world)?;
        let other = if rank == 0 { last } else { 0 };
        let part = PingPongPart { received: 0, wrong: 0, sizes: Vec::new(), overheads: None };
        let mut player = Player { world, other, sequence: 1, part, sent: (0, 0) };
        if rank == 0 || rank == last {
            for bytes in self.lengths() {
                watch.transfer(|| self.play_length(&mut player, bytes))?;
            }
            watch.transfer(|| self.play_overheads(&mut player))?;
        }
        watch.stop();
        watch.sent(world.world_rank(other), player.sent.0, player.sent.1);
        Ok(watch.yields(player.part))
    }
}

impl SpmdWorkload for PingPong {
    type Part = PingPongPart;

    fn checked_against(&self) -> &'static str {
        "sequence number and CRC of every message"
    }

    fn cost(&self) -> Cost {
        Cost::operations(self.timed())
    }

    fn ranks_min(&self) -> usize {
        2
    }

    fn ranks_max(&self) -> Option<usize> {
        Some(2)
    }

    fn verify(&self, parts: &[PingPongPart]) -> Result<(), Mismatch> {
        let Some(first) = parts.first().filter(|_| parts.len() > 1) else {
            return Err(Mismatch::new("number of ranks", parts.len(), "at least 2"));
        };
        let lengths: Vec<usize> = first.sizes.iter().map(|size| size.bytes).collect();
        Mismatch::unless_equal("lengths that were timed", &lengths, &self.lengths())?;
        let empty = first.sizes.iter().filter(|size| size.round_trip_ns.is_empty()).count();
        Mismatch::unless_equal("number of lengths without a time", &empty, &0)?;
        let times = first.sizes.iter().flat_map(|size| &size.round_trip_ns);
        let bad = times.filter(|ns| !(ns.is_finite() && **ns > 0.0)).count();
        Mismatch::unless_equal("number of times that are none", &bad, &0)?;
        let last = parts.len() - 1;
        for (rank, part) in parts.iter().enumerate() {
            let expected = match rank {
                0 => self.examined_by_first(first),
                rank if rank == last => self.examined_by_last(first),
                _ => 0,
            };
            let quantity = |what| format!("number of {what} that rank {rank} received");
            Mismatch::unless_equal(&quantity("messages"), &part.received, &expected)?;
            Mismatch::unless_equal(&quantity("wrong messages"), &part.wrong, &0)?;
        }
        Ok(())
    }

    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>> {
        None
    }

    fn latency(&self, outputs: &[Ranked<PingPongPart>]) -> Option<LatencyTable> {
        let part = &outputs.first()?.part;
        let points = part.sizes.iter().map(|size| {
            let (one_way_ns, ci95_ns) = loggp::one_way(size);
            LatencyPoint { bytes: size.bytes as u64, one_way_ns, ci95_ns }
        });
        let loggp = part.overheads.as_ref().map(|overheads| fit_loggp(&part.sizes, overheads));
        Some(LatencyTable { points: points.collect(), loggp })
    }
}
