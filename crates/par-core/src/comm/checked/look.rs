//! Who can be freed by whom: the search for ranks that nobody outside can free.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::members::named;
use super::row::{Counts, Need, Row, State, class};
use crate::comm::{CommError, Rank};

/// What there is to look at.
pub(super) trait Table {
    fn row(&self, rank: Rank) -> Result<Row, CommError>;
    /// Messages that `from` has sent to `to` and that `to` has not received.
    fn pending(&self, from: Rank, to: Rank) -> Result<Counts, CommError>;
}

/// What a look has found about one rank.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Somebody may still end its wait.
    Free,
    /// It waits, perhaps through others, for a rank that has failed.
    Lost(Rank, String),
    /// Nobody can end its wait.
    Stuck(Stuck),
}

/// Ranks that nobody else can free.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// All of them with the epochs of their rows; with the beat, where it waits.
    pub(super) ranks: Vec<(Rank, u64, Option<u64>)>,
    /// Whether it is known that there is no message that would fit a receive.
    pub(super) certain: bool,
    /// What each of them waits for, in rank order.
    pub(super) lines: Vec<String>,
}

/// Whether anybody may end the wait of `here`.
pub(super) fn look(here: Rank, table: &dyn Table) -> Result<Finding, CommError> {
    let mut search = Search { table, rows: BTreeMap::new(), pending: BTreeMap::new() };
    search.collect(here)?;
    let stuck = search.stuck();
    if !stuck.contains(&here) {
        return Ok(Finding::Free);
    }
    Ok(search.told(here, &stuck))
}

struct Search<'t> {
    table: &'t dyn Table,
    rows: BTreeMap<Rank, Row>,
    pending: BTreeMap<(Rank, Rank), Counts>,
}

impl Search<'_> {
    /// Reads the rows of all whom `here` waits for, be it through others.
    fn collect(&mut self, here: Rank) -> Result<(), CommError> {
        let mut wanted = vec![here];
        while let Some(rank) = wanted.pop() {
            if !self.rows.contains_key(&rank) {
                let row = self.table.row(rank)?;
                wanted.extend(asked(&row));
                self.rows.insert(rank, row);
            }
        }
        for rank in self.rows.keys() {
            for other in asked(&self.rows[rank]) {
                for (from, to) in [(*rank, other), (other, *rank)] {
                    let counts = self.table.pending(from, to)?;
                    self.pending.insert((from, to), counts);
                }
            }
        }
        Ok(())
    }

    /// The greatest set of ranks of which none can be freed by one outside.
    fn stuck(&self) -> BTreeSet<Rank> {
        let mut stuck: BTreeSet<Rank> =
            self.rows.iter().filter(|(_, row)| row.state != State::Running).map(|(rank, _)| *rank).collect();
        loop {
            let freed: Vec<Rank> = stuck.iter().copied().filter(|rank| self.can_end(*rank, &stuck)).collect();
            if freed.is_empty() {
                return stuck;
            }
            stuck.retain(|rank| !freed.contains(rank));
        }
    }

    /// Whether a wait may end although nobody of `stuck` does anything.
    fn can_end(&self, rank: Rank, stuck: &BTreeSet<Rank>) -> bool {
        let row = &self.rows[&rank];
        if row.state != State::Waiting {
            return false;
        }
        if let Some(collective) = row.body.collective {
            return self.missing(row, collective, stuck).is_empty();
        }
        row.body.needs.iter().any(|need| match need.peer {
            _ if need.receives => sources(row, need).any(|from| self.may_come(need, rank, from, stuck)),
            Some(to) => self.may_be_taken(need, rank, to, stuck),
            None => true,
        })
    }

    /// Whether a message from `from` may come that `need` of `rank` takes.
    fn may_come(&self, need: &Need, rank: Rank, from: Rank, stuck: &BTreeSet<Rank>) -> bool {
        if !stuck.contains(&from) {
            return true;
        }
        let sender = &self.rows[&from].body;
        sender.needs.iter().any(|send| need.takes(rank, send, from))
            || (sender.sends_open && self.fitting(need, rank, from) > 0)
    }

    /// Whether `to` may take what `need` of `rank` sends, or has taken it.
    fn may_be_taken(&self, need: &Need, rank: Rank, to: Rank, stuck: &BTreeSet<Rank>) -> bool {
        if !stuck.contains(&to) {
            return true;
        }
        let receiver = &self.rows[&to].body;
        let takes = |receive: &Need| receive.takes(to, need, rank);
        let class = class(need.context, need.tag.unwrap_or_default());
        receiver.more_open
            || receiver.open.iter().any(takes)
            || receiver.needs.iter().any(takes)
            || self.pending[&(rank, to)][class] == 0
    }

    /// The members of a collective of which it is known that they have not called it and cannot.
    fn missing(&self, row: &Row, (context, number): (u64, u64), stuck: &BTreeSet<Rank>) -> Vec<Rank> {
        let has_not_come = |rank: &Rank| {
            let begun = self.rows[rank].body.collectives.iter().find(|(known, _)| *known == context);
            stuck.contains(rank) && begun.is_some_and(|(_, begun)| *begun < number)
        };
        row.members().filter(has_not_come).collect()
    }

    /// How many messages have been sent by `from` and not received that may fit a receive of `rank`.
    fn fitting(&self, need: &Need, rank: Rank, from: Rank) -> u64 {
        let pending = &self.pending[&(from, rank)];
        need.tag.map_or(pending.iter().sum(), |tag| pending[class(need.context, tag)])
    }

    /// What is to be said of those of `stuck` on whom `here` depends.
    fn told(&self, here: Rank, stuck: &BTreeSet<Rank>) -> Finding {
        let (mut reached, mut wanted) = (BTreeSet::new(), vec![here]);
        while let Some(rank) = wanted.pop() {
            if reached.insert(rank) {
                // Those who wait in the same collective are told of, too; one that may still come is not.
                wanted.extend(asked(&self.rows[&rank]).into_iter().filter(|rank| stuck.contains(rank)));
            }
        }
        let failed = reached.iter().find(|rank| self.rows[rank].state == State::Failed);
        if let Some(&rank) = failed {
            return Finding::Lost(rank, self.rows[&rank].body.text.clone());
        }
        let certain = reached.iter().all(|rank| {
            let row = &self.rows[rank];
            let receives = row.body.needs.iter().filter(|need| need.receives);
            row.state != State::Waiting
                || receives
                    .into_iter()
                    .all(|need| sources(row, need).all(|from| self.fitting(need, *rank, from) == 0))
        });
        let ranks = reached.iter().map(|rank| {
            let row = &self.rows[rank];
            (*rank, row.epoch, (row.state == State::Waiting).then_some(row.beat))
        });
        let lines = reached.iter().map(|rank| self.line(*rank, stuck));
        Finding::Stuck(Stuck { ranks: ranks.collect(), certain, lines: lines.collect() })
    }

    fn line(&self, rank: Rank, stuck: &BTreeSet<Rank>) -> String {
        let row = &self.rows[&rank];
        if row.state == State::Finished {
            return format!("rank {rank} has finished");
        }
        let mut line = format!("rank {rank} waits in {}", row.body.text);
        if let Some(collective) = row.body.collective {
            let missing = self.missing(row, collective, stuck);
            if !missing.is_empty() {
                let _ = write!(line, ", for {}", named(&missing));
            }
        }
        if let [Need { receives: true, peer: Some(from), tag: Some(tag), context }] = row.body.needs[..] {
            let pending = &self.pending[&(from, rank)];
            let others = pending.iter().sum::<u64>() - pending[class(context, tag)];
            let _ = match others {
                0 => Ok(()),
                1 => line.write_str(" (1 message of another tag or communicator lies there)"),
                _ => write!(line, " ({others} messages of other tags or communicators lie there)"),
            };
        }
        line
    }
}

/// Whom a wait depends on.
fn asked(row: &Row) -> Vec<Rank> {
    match row.state {
        State::Waiting | State::Stuck if row.body.collective.is_some() => row.members().collect(),
        State::Waiting | State::Stuck => {
            let receives_any = row.body.needs.iter().any(|need| need.peer.is_none());
            let named = row.body.needs.iter().filter_map(|need| need.peer);
            if receives_any { named.chain(row.members()).collect() } else { named.collect() }
        }
        _ => Vec::new(),
    }
}

/// From whom a receive may get its message.
fn sources<'r>(row: &'r Row, need: &Need) -> impl Iterator<Item = Rank> + 'r {
    let peer = need.peer;
    peer.into_iter().chain(row.members().filter(move |_| peer.is_none()))
}
