//! The end of a checked program: what was left behind.

use std::time::{Duration, Instant};

use super::Checked;
use crate::comm::{Blocks, CommError, Communicator, Link, Rank, Source, Status, TagSelector, collectives};

/// How long messages may take that were sent before everybody had finished.
const LATE: Duration = Duration::from_millis(100);

impl<C: Communicator> Checked<C> {
    /// The program of this rank has ended well.
    ///
    /// The rank stays until all have ended, so that it receives what still comes; the others see that it has finished.
    /// It waits over the `link` of another communicator: in this one, others may still wait for its collectives.
    pub(super) fn finish(&self, link: &dyn Link) -> Result<(), CommError> {
        self.world.end(None);
        // If another rank fails, that is told by itself, and what it has left behind is no wonder.
        let Ok(unreceived) = self.unreceived(link) else { return Ok(()) };
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

    /// A line per rank of which messages have not been received here.
    fn unreceived(&self, link: &dyn Link) -> Result<Vec<String>, CommError> {
        collectives::barrier(link)?;
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
