//! Round trips of messages of one length.

use std::time::{Duration, Instant};

use par_core::comm::{CommError, Communicator};
use serde::{Deserialize, Serialize};

use super::{LIMIT, PingPong, PingPongPart, Player, TIMED};
use crate::spmd::Payload;

/// The buffers of a batch are this long together, so that what is timed is not the memory of long ago.
const BUFFERS: usize = 256 << 10;

/// The round trips of messages of one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeTimes {
    /// The length.
    pub bytes: usize,
    /// The mean round trip of each batch, in nanoseconds.
    pub round_trip_ns: Vec<f64>,
}

impl PingPong {
    /// Nothing, 8 B, then four times as much each, and from 64 KiB on twice as much.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let mut lengths = vec![0];
        let mut next = 8;
        while next <= self.longest as usize {
            lengths.push(next);
            next *= match next {
                8 => 8,
                65_536.. => 2,
                _ => 4,
            };
        }
        lengths
    }

    /// The round trips of a batch.
    pub(super) fn slots(&self, bytes: usize) -> usize {
        (BUFFERS / bytes.max(1)).clamp(1, self.round_trips as usize)
    }

    /// Messages that either rank examines for its lengths, warm-ups included.
    pub(super) fn examined_by_lengths(&self, first: &PingPongPart) -> u64 {
        let batches = |size: &SizeTimes| size.round_trip_ns.len() as u64 + 1;
        first.sizes.iter().map(|size| batches(size) * self.slots(size.bytes) as u64).sum()
    }

    /// All batches of one length.
    pub(super) fn play_length<C: Communicator>(
        &self,
        player: &mut Player<'_, C>,
        bytes: usize,
    ) -> Result<(), CommError> {
        let slots = self.slots(bytes);
        let mut given = vec![vec![0_u8; bytes]; if player.is_first() { slots } else { 0 }];
        let mut taken = vec![vec![0_u8; bytes]; slots];
        let mut times = Vec::with_capacity(self.batches as usize);
        let mut spent = Duration::ZERO;
        for batch in 0.. {
            let first = player.sequence;
            let more = batch <= self.batches && (batch < 2 || spent < LIMIT);
            if more {
                for (slot, message) in given.iter_mut().enumerate() {
                    Payload::write(message, first + slot as u32);
                }
            }
            if !player.ready(more)? {
                break;
            }
            player.sequence += slots as u32;
            let begun = Instant::now();
            let whole = if player.is_first() {
                there_and_back(player, &given, &mut taken)?
            } else {
                echo(player, &mut taken)?
            };
            let elapsed = begun.elapsed();
            spent += elapsed;
            for (slot, message) in taken.iter().enumerate() {
                player.examine(message, first + slot as u32);
            }
            player.part.wrong += u64::from(!whole);
            if batch > 0 {
                times.push(elapsed.as_nanos() as f64 / slots as f64);
            }
        }
        if player.is_first() {
            player.part.sizes.push(SizeTimes { bytes, round_trip_ns: times });
        }
        Ok(())
    }
}

/// Whether every answer was as long as the question.
fn there_and_back<C: Communicator>(
    player: &mut Player<'_, C>,
    given: &[Vec<u8>],
    taken: &mut [Vec<u8>],
) -> Result<bool, CommError> {
    let mut whole = true;
    for (given, taken) in given.iter().zip(taken) {
        player.send(given, TIMED)?;
        whole &= player.world.recv_into(taken, player.other, TIMED)?.bytes == given.len();
    }
    Ok(whole)
}

/// Whether every message was as long as its buffer.
fn echo<C: Communicator>(player: &mut Player<'_, C>, taken: &mut [Vec<u8>]) -> Result<bool, CommError> {
    let mut whole = true;
    for taken in taken {
        whole &= player.world.recv_into(taken, player.other, TIMED)?.bytes == taken.len();
        player.send(taken, TIMED)?;
    }
    Ok(whole)
}
