//! How a rank of the model waits.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use super::comm::ModelComm;
use super::post::State;
use crate::comm::{CommError, Rank};

impl ModelComm {
    /// Waits until `ready` yields something; ranks of the world that could make it so are `sources`.
    pub(super) fn wait_for<R>(
        &self,
        sources: &[Rank],
        mut ready: impl FnMut(&mut State) -> Option<R>,
    ) -> Result<R, CommError> {
        let begun = Instant::now();
        let mut state = self.post().lock();
        loop {
            if let Some(result) = ready(&mut state) {
                return Ok(result);
            }
            self.unless_lost(&state, sources)?;
            state = self.post().wait(state);
            if begun.elapsed() > Duration::from_millis(1)
                && let Some(watch) = self.watch()
            {
                drop(state);
                watch.stalled(begun.elapsed())?;
                state = self.post().lock();
            }
        }
    }

    /// Passes while one of the ranks `sources` could still send something.
    pub(super) fn unless_lost(
        &self,
        state: &MutexGuard<'_, State>,
        sources: &[Rank],
    ) -> Result<(), CommError> {
        let here = self.members()[self.rank_here()];
        let mut others = sources.iter().filter(|rank| **rank != here);
        if others.clone().next().is_some() && others.all(|rank| state.ended[*rank].is_some()) {
            return Err(lost(state, sources, here));
        }
        Ok(())
    }
}

fn lost(state: &MutexGuard<'_, State>, sources: &[Rank], here: Rank) -> CommError {
    let rank = sources.iter().copied().find(|rank| *rank != here).unwrap_or(here);
    CommError::RankLost { rank, reason: state.ended[rank].clone().unwrap_or_default() }
}
