//! What a send and a receive cost the processor, and how closely messages can follow one another.
//!
//! With PRTT(n, d) for the time of n messages of 8 B there, a delay d before each but the first, and one back
//! (Hoefler, Lichei, Rehm, *Low-overhead LogGP parameter assessment for modern interconnection networks*, IPDPS 2007):
//! the send overhead is (PRTT(n, d) − PRTT(1, 0))/(n − 1) − d where d is longer than PRTT(1, 0), because the messages
//! then vanish in the delays, and the gap is (PRTT(n, 0) − PRTT(1, 0))/(n − 1).
//! The receive overhead is the time of a receive whose message has long come, because a delay went before
//! (Kielmann, Bal, Verstoep, *Fast measurement of `LogP` parameters for message passing platforms*, IPDPS Workshops 2000).
//! What the delay itself takes is measured by the same loop without messages.

use std::time::{Duration, Instant};

use par_core::comm::{CommError, Communicator};

use super::loggp::{self, Overheads};
use super::{LIMIT, PingPong, PingPongPart, Player, TIMED};
use crate::spmd::Payload;

/// n, the messages of a burst.
const BURST: usize = 16;
/// Their length.
pub(super) const BYTES: usize = 8;
/// Delays are this many round trips long, within these limits.
const DELAY_ROUND_TRIPS: f64 = 2.0;
const DELAY_MIN: Duration = Duration::from_micros(1);
const DELAY_MAX: Duration = Duration::from_micros(500);

impl PingPong {
    /// Messages that rank 0 examines: one back of PRTT(1, 0), PRTT(n, d) and PRTT(n, 0) each, and n late ones.
    pub(super) fn examined_by_first(&self, first: &PingPongPart) -> u64 {
        self.examined_by_lengths(first) + overhead_batches(first) * (3 + BURST as u64)
    }

    /// Messages that the last rank examines: one, n, n, and n requests.
    pub(super) fn examined_by_last(&self, first: &PingPongPart) -> u64 {
        self.examined_by_lengths(first) + overhead_batches(first) * (1 + 3 * BURST as u64)
    }

    /// All batches; rank 0 keeps what it timed.
    pub(super) fn play_overheads<C: Communicator>(
        &self,
        player: &mut Player<'_, C>,
    ) -> Result<(), CommError> {
        let known = player.part.sizes.iter().find(|size| size.bytes == BYTES);
        let round_trip = known.map_or(0.0, |size| loggp::one_way(size).0 * 2.0);
        let delay = Duration::from_nanos((DELAY_ROUND_TRIPS * round_trip) as u64).clamp(DELAY_MIN, DELAY_MAX);
        let mut found = Overheads::default();
        let begun = Instant::now();
        for batch in 0.. {
            if !player.ready(batch <= self.batches && (batch < 2 || begun.elapsed() < LIMIT))? {
                break;
            }
            let alone = burst(player, 1, None)?;
            let (delays, delayed) = (delays(BURST - 1, delay), burst(player, BURST, Some(delay))?);
            let crowded = burst(player, BURST, None)?;
            let late = late_receives(player, delay)?;
            if batch > 0 && player.is_first() {
                let each = |many: f64| (many - alone) / (BURST - 1) as f64;
                found.send_ns.push(each(delayed) - delays);
                found.gap_ns.push(each(crowded));
                found.receive_ns.push(late);
            }
        }
        if player.is_first() {
            player.part.overheads = Some(found);
        }
        Ok(())
    }
}

/// Of rank 0's own part: how many, with the one that warmed up.
fn overhead_batches(first: &PingPongPart) -> u64 {
    first.overheads.as_ref().map_or(0, |overheads| overheads.send_ns.len() as u64 + 1)
}

/// `count` messages there and one back, in nanoseconds.
fn burst<C: Communicator>(
    player: &mut Player<'_, C>,
    count: usize,
    delay: Option<Duration>,
) -> Result<f64, CommError> {
    let first = player.sequence;
    player.sequence += count as u32;
    let mut messages = numbered(player, count, first);
    player.ready(true)?;
    let begun = Instant::now();
    let ns = if player.is_first() {
        for (index, message) in messages.iter().enumerate() {
            if let Some(delay) = delay.filter(|_| index > 0) {
                spin(delay);
            }
            player.send(message, TIMED)?;
        }
        let back = &mut messages[count - 1];
        back.fill(0);
        player.world.recv_into(back, player.other, TIMED)?;
        begun.elapsed().as_nanos() as f64
    } else {
        for message in &mut messages {
            player.world.recv_into(message, player.other, TIMED)?;
        }
        player.send(&messages[count - 1], TIMED)?;
        0.0
    };
    let examined = if player.is_first() { count - 1 } else { 0 };
    for (index, message) in messages.iter().enumerate().skip(examined) {
        player.examine(message, first + index as u32);
    }
    Ok(ns)
}

/// The mean time of a receive whose message has come before, in nanoseconds.
fn late_receives<C: Communicator>(player: &mut Player<'_, C>, delay: Duration) -> Result<f64, CommError> {
    let first = player.sequence;
    player.sequence += BURST as u32;
    let mut messages = numbered(player, BURST, first);
    player.ready(true)?;
    let mut sum = Duration::ZERO;
    for message in &mut messages {
        if player.is_first() {
            player.send(message, TIMED)?;
            message.fill(0);
            spin(delay);
            let begun = Instant::now();
            player.world.recv_into(message, player.other, TIMED)?;
            sum += begun.elapsed();
        } else {
            player.world.recv_into(message, player.other, TIMED)?;
            player.send(message, TIMED)?;
        }
    }
    for (index, message) in messages.iter().enumerate() {
        player.examine(message, first + index as u32);
    }
    Ok(sum.as_nanos() as f64 / BURST as f64 - clock())
}

/// Messages to send, or room for them.
fn numbered<C: Communicator>(player: &Player<'_, C>, count: usize, first: u32) -> Vec<Vec<u8>> {
    let message = |index| {
        let mut message = vec![0; BYTES];
        if player.is_first() {
            Payload::write(&mut message, first + index as u32);
        }
        message
    };
    (0..count).map(message).collect()
}

/// Lets time pass without giving the processor away.
fn spin(delay: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < delay {
        std::hint::spin_loop();
    }
}

/// What one delay really takes, in nanoseconds.
fn delays(count: usize, delay: Duration) -> f64 {
    let begun = Instant::now();
    (0..count).for_each(|_| spin(delay));
    begun.elapsed().as_nanos() as f64 / count as f64
}

/// What it takes to read the clock, in nanoseconds.
fn clock() -> f64 {
    const READS: u32 = 64;
    let begun = Instant::now();
    let mut last = begun;
    for _ in 0..READS {
        last = std::hint::black_box(Instant::now());
    }
    last.duration_since(begun).as_nanos() as f64 / f64::from(READS)
}
