//! The end of a checked program: what was left behind.

use std::time::{Duration, Instant};

use super::Checked;
use crate::comm::{Blocks, CommError, Communicator, Link, Rank, Source, Status, TagSelector, collectives};

/// How long messages may take that were sent before everybody had finished.
const LATE: Duration = Duration::from_millis(100);
/// How long one look at the others' ends comes after the one before, at first and at last.
const PAUSE_FIRST: Duration = Duration::from_micros(5);
const PAUSE_LAST: Duration = Duration::from_millis(1);

impl<C: Communicator> Checked<C> {
    /// The program of this rank has ended well.
    ///
    /// The rank stays until all have ended, so that it receives what still comes; the others see that it has finished.
    /// What they have sent it asks over the `link` of another communicator, `outer`, which has the same ranks: in this
    /// one, others may have begun collectives that did not end.
    pub(super) fn finish(&self, outer: &C) -> Result<(), CommError> {
        self.world.end(None);
        // If another rank fails, that is told by itself, and what it has left behind is no wonder.
        if !self.all_end_well(outer)? {
            return Ok(());
        }
        let Ok(unreceived) = self.unreceived(outer.link()) else { return Ok(()) };
        let rank = self.rank_in_world();
        let forgotten = self.world.forgotten().into_iter().map(|what| format!("rank {rank}: {what}"));
        let lines: Vec<String> = unreceived.into_iter().chain(forgotten).collect();
        if lines.is_empty() {
            return Ok(());
        }
        if self.world.checks.is_strict() {
            return Err(CommError::LeftBehind(lines));
        }
        for line in lines {
            eprintln!("warning: the program has ended, and left something behind: {line}");
        }
        Ok(())
    }

    /// Waits until every rank has ended; whether all have ended well, which every rank finds alike.
    ///
    /// It reads the board, since a collective would wait for those that have failed and never come. One that is lost
    /// has written nothing there, and is noticed by a look for its messages, where the world tells of such a loss.
    fn all_end_well(&self, outer: &C) -> Result<bool, CommError> {
        for rank in 0..outer.size() {
            let mut pause = PAUSE_FIRST;
            loop {
                match self.world.ending(outer.world_rank(rank))? {
                    Some(true) => break,
                    Some(false) => return Ok(false),
                    None => {}
                }
                // The program does not use `outer`, so nothing lies there that would hide a loss.
                if outer.try_probe(rank, TagSelector::Any).is_err() {
                    return Ok(false);
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(PAUSE_LAST);
            }
        }
        Ok(true)
    }

    /// A line per rank of which messages have not been received here.
    fn unreceived(&self, link: &dyn Link) -> Result<Vec<String>, CommError> {
        let sent = self.world.sent();
        let given: Vec<u64> = self.members.ranks.iter().map(|rank| sent[*rank]).collect();
        let mut taken = vec![0_u64; given.len()];
        let blocks = Blocks::packed(&vec![1; given.len()]);
        collectives::all_to_all(link, &given, &blocks, &mut taken, &blocks)?;

        let received = self.world.received();
        let mut lines = Vec::new();
        for (rank, &world_rank) in self.members.ranks.iter().enumerate() {
            let missing = taken[rank].saturating_sub(received[world_rank]);
            if missing > 0 {
                lines.push(self.told(rank, world_rank, missing));
            }
        }
        Ok(lines)
    }

    /// Which messages there are from a rank, as far as they are in this communicator.
    fn told(&self, from: Rank, world_rank: Rank, missing: u64) -> String {
        const SHOWN: usize = 4;
        let (begun, mut found) = (Instant::now(), Vec::new());
        while (found.len() as u64) < missing && begun.elapsed() < LATE {
            match self.inner.try_matched_probe(Source::Rank(from), TagSelector::Any) {
                Ok(Some(message)) => found.push(message.status()),
                Ok(None) => std::thread::yield_now(),
                Err(_) => break,
            }
        }
        let of = |status: &Status| format!("tag {} of {} bytes", status.tag, status.bytes);
        let mut shown: Vec<String> = found.iter().take(SHOWN).map(of).collect();
        let rest = found.len().saturating_sub(SHOWN);
        if rest > 0 {
            shown.push(format!("{rest} more"));
        }
        let elsewhere = missing.saturating_sub(found.len() as u64);
        if elsewhere > 0 {
            shown.push(format!("{elsewhere} in other communicators"));
        }
        let messages = if missing == 1 { "1 message".to_owned() } else { format!("{missing} messages") };
        let here = self.rank_in_world();
        format!("rank {here} has not received {messages} from rank {world_rank}: {}", shown.join(", "))
    }
}
