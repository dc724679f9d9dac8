//! `ring`: a token that goes round.

use par_core::comm::{CommError, Communicator, Spmd, Tag};
use par_core::{Cost, Mismatch};
use serde::{Deserialize, Serialize};

use super::payload::Payload;
use super::watch::Watch;
use super::{LatencyPoint, LatencyTable, Ranked, SerialTime, SpmdWorkload};

const TAG: Tag = Tag(7);

/// A token of 64 bytes that is handed on from rank to rank, around and around.
///
/// Whoever has it checks its number and its checksum, adds one to the number and seals it anew; that is part of a hop.
/// The token is the number of hops it has made, so after h hops it is h, at rank h mod ranks; every rank counts its own.
/// Operations count hops. There is no serial code: one rank alone hands the token to itself.
///
/// # Examples
/// ```
/// use par_benches::spmd::{Ring, SpmdWorkload};
/// use par_core::testing::ModelWorld;
/// let ring = Ring::new(100)?;
/// let parts: Vec<_> = ModelWorld::new(3).run(&ring)?.into_iter().map(|rank| rank.part).collect();
/// ring.verify(&parts)?;
/// assert_eq!(parts[100 % 3].last, Some(100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    hops: u32,
    bytes: u32,
}

/// Why there is no such ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// No hop, or too many to count.
    #[error("{0} hops are not possible; choose from 1 to 1000000000")]
    Hops(u32),
}

/// What a rank has seen of the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingPart {
    /// How often it received the token.
    pub received: u64,
    /// The token that it received last.
    pub last: Option<u32>,
}

impl Ring {
    /// Bytes of the token, its number and its checksum included.
    const BYTES: u32 = 64;

    /// The size for tests: a thousand hops.
    pub const fn test() -> Self {
        Self { hops: 1_000, bytes: Self::BYTES }
    }

    /// The size for a first look: two thousand hops.
    pub const fn quick() -> Self {
        Self { hops: 2_000, bytes: Self::BYTES }
    }

    /// The size for measurements: a million hops.
    pub const fn bench() -> Self {
        Self { hops: 1_000_000, bytes: Self::BYTES }
    }

    /// A token that makes that many hops.
    ///
    /// # Errors
    /// [`RingError::Hops`] unless there are between one and a thousand million.
    pub const fn new(hops: u32) -> Result<Self, RingError> {
        if hops == 0 || hops > 1_000_000_000 {
            return Err(RingError::Hops(hops));
        }
        Ok(Self { hops, bytes: Self::BYTES })
    }

    /// How often a rank receives the token: the hops h in 1..=hops with h mod ranks = rank.
    const fn receipts(&self, rank: usize, ranks: usize) -> u64 {
        let (hops, rank, ranks) = (self.hops as u64, rank as u64, ranks as u64);
        let first = if rank == 0 { ranks } else { rank };
        if hops < first { 0 } else { (hops - first) / ranks + 1 }
    }
}

impl Spmd for Ring {
    const NAME: &'static str = "ring";
    type Output = Ranked<RingPart>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let mut watch = Watch::start(world)?;
        let (rank, ranks) = (world.rank(), world.size());
        let (next, previous) = ((rank + 1) % ranks, (rank + ranks - 1) % ranks);
        let mut token = vec![0; self.bytes as usize];
        let mut part = RingPart { received: 0, last: None };
        let (receipts, mut sent) = (self.receipts(rank, ranks), 0);
        let mut take = |token: &[u8]| {
            let number = Payload::read(token)
                .filter(|number| *number as usize % ranks == rank && Some(*number) > part.last)
                .ok_or_else(|| {
                    CommError::program(format_args!(
                        "the token that rank {rank} of {ranks} received after {:?} is damaged, late or lost",
                        part.last
                    ))
                })?;
            (part.received, part.last) = (part.received + 1, Some(number));
            Ok::<u32, CommError>(number)
        };
        watch.transfer(|| {
            if rank == 0 {
                Payload::write(&mut token, 1);
            }
            if ranks == 1 {
                // A rank that sends to itself must receive at the same time.
                for hop in 1..=self.hops {
                    let given = token.clone();
                    world.send_recv(&given, next, TAG, &mut token, previous, TAG)?;
                    sent += 1;
                    take(&token)?;
                    Payload::renumber(&mut token, hop + 1);
                }
                return Ok(());
            }
            if rank == 0 {
                world.send(&token, next, TAG)?;
                sent += 1;
            }
            for _ in 0..receipts {
                world.recv_into(&mut token, previous, TAG)?;
                let number = take(&token)?;
                if number < self.hops {
                    Payload::renumber(&mut token, number + 1);
                    world.send(&token, next, TAG)?;
                    sent += 1;
                }
            }
            Ok::<(), CommError>(())
        })?;
        watch.stop();
        watch.sent(world.world_rank(next), sent, sent * u64::from(self.bytes));
        Ok(watch.yields(part))
    }
}

impl SpmdWorkload for Ring {
    type Part = RingPart;

    fn checked_against(&self) -> &'static str {
        "token = hops, holder = hops mod ranks, CRC of every token"
    }

    fn cost(&self) -> Cost {
        Cost::operations(u64::from(self.hops))
    }

    fn verify(&self, parts: &[RingPart]) -> Result<(), Mismatch> {
        let hops: u64 = parts.iter().map(|part| part.received).sum();
        Mismatch::unless_equal("number of hops", &hops, &u64::from(self.hops))?;
        for (rank, part) in parts.iter().enumerate() {
            let receipts = self.receipts(rank, parts.len());
            Mismatch::unless_equal(&format!("number of hops to rank {rank}"), &part.received, &receipts)?;
        }
        let holder = self.hops as usize % parts.len();
        Mismatch::unless_equal("token of the last holder", &parts[holder].last, &Some(self.hops))
    }

    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>> {
        None
    }

    fn latency(&self, outputs: &[Ranked<RingPart>]) -> Option<LatencyTable> {
        let wall = outputs.iter().map(|output| output.cost.wall_ns).max()?;
        let one_way_ns = wall as f64 / f64::from(self.hops);
        let point = LatencyPoint { bytes: u64::from(self.bytes), one_way_ns, ci95_ns: None };
        Some(LatencyTable { points: vec![point], loggp: None })
    }
}
