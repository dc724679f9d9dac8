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
            // What the receive of a `send_recv` takes is counted when both halves are done: it may have come, and the
            // rank wait for its send to be taken, which is no business of those that it receives from.
            _ if need.receives && row.body.sends_open => sources(row, need)
                .any(|from| self.fitting(need, rank, from) > 0 || self.may_come(need, rank, from, stuck)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::checked::row::{Body, CLASSES};

    /// Rows as they would be read, and messages under way.
    #[derive(Default)]
    struct Rows {
        rows: Vec<Row>,
        pending: BTreeMap<(Rank, Rank), Counts>,
    }

    impl Table for Rows {
        fn row(&self, rank: Rank) -> Result<Row, CommError> {
            Ok(self.rows[rank].clone())
        }

        fn pending(&self, from: Rank, to: Rank) -> Result<Counts, CommError> {
            Ok(self.pending.get(&(from, to)).copied().unwrap_or_default())
        }
    }

    impl Rows {
        fn with(mut self, state: State, body: Body) -> Self {
            let epoch = self.rows.len() as u64 + 10;
            self.rows.push(Row { epoch, beat: 1, state, body });
            self
        }

        fn receives(self, peer: Option<Rank>, tag: u16) -> Self {
            let need = Need { receives: true, context: 0, peer, tag: Some(tag) };
            self.with(State::Waiting, Body { needs: vec![need], members: vec![0b111], ..Body::default() })
        }

        fn sends(self, to: Rank, tag: u16) -> Self {
            let from = self.rows.len();
            let need = Need { receives: false, context: 0, peer: Some(to), tag: Some(tag) };
            let body = Body { needs: vec![need], members: vec![0b111], ..Body::default() };
            self.with(State::Waiting, body).pending(from, to, tag)
        }

        /// Waits in the `number`-th collective of a communicator, and has begun so many in that of number 9.
        fn collective(self, context: u64, number: u64, begun: u64) -> Self {
            let collectives = vec![(context, number), (9, begun)];
            let collective = Some((context, number));
            self.with(
                State::Waiting,
                Body { collective, members: vec![0b111], collectives, ..Body::default() },
            )
        }

        fn runs(self) -> Self {
            self.with(State::Running, Body::default())
        }

        fn finished(self, begun: u64) -> Self {
            self.with(State::Finished, Body { collectives: vec![(9, begun)], ..Body::default() })
        }

        fn pending(mut self, from: Rank, to: Rank, tag: u16) -> Self {
            self.pending.entry((from, to)).or_insert([0; CLASSES])[class(0, tag)] += 1;
            self
        }

        fn changed(mut self, rank: Rank, change: impl FnOnce(&mut Body)) -> Self {
            change(&mut self.rows[rank].body);
            self
        }

        /// The ranks that the look of `here` says are stuck, and whether that is certain; none if it is free.
        fn stuck(&self, here: Rank) -> Option<(Vec<Rank>, bool)> {
            match look(here, self).expect("a table can be read") {
                Finding::Free => None,
                Finding::Lost(rank, reason) => panic!("rank {rank} is lost: {reason}"),
                Finding::Stuck(stuck) => {
                    assert_eq!(stuck.lines.len(), stuck.ranks.len());
                    Some((stuck.ranks.iter().map(|(rank, ..)| *rank).collect(), stuck.certain))
                }
            }
        }
    }

    fn all() -> (Vec<Rank>, bool) {
        (vec![0, 1, 2], true)
    }

    #[test]
    fn a_circle_of_receives_is_stuck_and_one_that_runs_frees_it() {
        let circle = Rows::default().receives(Some(1), 7).receives(Some(2), 7).receives(Some(0), 7);
        assert_eq!(circle.stuck(0), Some(all()));
        assert_eq!(Rows::default().receives(Some(1), 7).receives(Some(2), 7).runs().stuck(0), None);
    }

    #[test]
    fn only_those_are_told_of_whom_a_rank_depends_on() {
        let chain = Rows::default().receives(Some(1), 7).receives(Some(2), 7).receives(Some(1), 7);
        assert_eq!(chain.stuck(0), Some(all()));
        assert_eq!(chain.stuck(1), Some((vec![1, 2], true)));
    }

    #[test]
    fn a_message_under_way_makes_it_likely_and_one_of_another_class_does_not() {
        let pair = || Rows::default().receives(Some(1), 7).receives(Some(0), 7);
        assert_eq!(pair().pending(1, 0, 7).stuck(0), Some((vec![0, 1], false)));
        assert_eq!(pair().pending(1, 0, 3).stuck(0), Some((vec![0, 1], true)));
        let Finding::Stuck(stuck) = look(0, &pair().pending(1, 0, 3)).expect("a table can be read") else {
            panic!("nobody sends")
        };
        assert!(stuck.lines[0].ends_with("(1 message of another tag or communicator lies there)"));
    }

    #[test]
    fn an_exchange_whose_message_may_have_come_may_wait_for_its_send() {
        let exchanges = |rows: Rows| {
            let need = Need { receives: true, context: 0, peer: Some(1), tag: Some(7) };
            let body = Body { needs: vec![need], members: vec![0b111], sends_open: true, ..Body::default() };
            rows.with(State::Waiting, body).receives(Some(0), 9)
        };
        assert_eq!(exchanges(Rows::default()).stuck(0), Some((vec![0, 1], true)));
        assert_eq!(exchanges(Rows::default()).pending(1, 0, 7).stuck(0), None);
    }

    #[test]
    fn a_send_that_fits_frees_a_receive_and_the_receive_the_send() {
        assert_eq!(Rows::default().receives(Some(1), 7).sends(0, 7).stuck(0), None);
        assert_eq!(Rows::default().receives(Some(1), 7).sends(0, 7).stuck(1), None);
        assert_eq!(Rows::default().receives(None, 7).sends(0, 7).finished(0).stuck(1), None);
        assert_eq!(Rows::default().receives(Some(1), 7).sends(0, 6).stuck(0), Some((vec![0, 1], true)));
    }

    #[test]
    fn sends_head_to_head_are_stuck_unless_one_was_received_or_is_awaited() {
        let pair = || Rows::default().sends(1, 7).sends(0, 7);
        assert_eq!(pair().stuck(0), Some((vec![0, 1], true)));
        let mut received = pair();
        received.pending.clear();
        assert_eq!(received.stuck(0), None);
        let open = Need { receives: true, context: 0, peer: None, tag: None };
        assert_eq!(pair().changed(1, |body| body.open.push(open)).stuck(0), None);
        assert_eq!(pair().changed(1, |body| body.more_open = true).stuck(0), None);
        let other = Need { context: 2, ..open };
        assert!(pair().changed(1, |body| body.open.push(other)).stuck(0).is_some());
    }

    #[test]
    fn a_send_under_way_may_be_the_message() {
        let pair = || Rows::default().receives(Some(1), 7).receives(Some(0), 7);
        let sends = |rows: Rows| rows.changed(1, |body| body.sends_open = true);
        assert_eq!(sends(pair().pending(1, 0, 7)).stuck(0), None);
        assert_eq!(sends(pair()).stuck(0), Some((vec![0, 1], true)));
    }

    #[test]
    fn a_receive_from_any_is_stuck_when_all_are() {
        let rows = || Rows::default().receives(None, 7).receives(Some(0), 7);
        assert_eq!(rows().finished(0).stuck(0), Some(all()));
        assert_eq!(rows().runs().stuck(0), None);
        assert_eq!(rows().runs().stuck(1), None);
    }

    #[test]
    fn one_of_several_requests_is_enough() {
        let other = Need { receives: true, context: 0, peer: Some(2), tag: Some(1) };
        let rows = || Rows::default().receives(Some(1), 7).changed(0, |body| body.needs.push(other));
        assert_eq!(rows().finished(0).finished(0).stuck(0), Some(all()));
        assert_eq!(rows().finished(0).runs().stuck(0), None);
    }

    #[test]
    fn a_collective_waits_for_those_who_have_not_called_it() {
        let rows = || Rows::default().collective(9, 3, 3).collective(9, 3, 3);
        assert_eq!(rows().finished(2).stuck(0), Some(all()));
        // It has called it and gone on: what is missing is under way.
        assert_eq!(rows().finished(3).stuck(0), None);
        assert_eq!(rows().runs().stuck(0), None);
        // Nothing is known of its collectives.
        assert_eq!(rows().finished(2).changed(2, |body| body.collectives.clear()).stuck(0), None);
        // Two communicators, crossed.
        assert_eq!(Rows::default().collective(9, 3, 3).collective(4, 1, 2).runs().stuck(0), None);
        let crossed = Rows::default()
            .collective(9, 3, 3)
            .changed(0, |body| body.collectives.push((4, 0)))
            .collective(4, 1, 2)
            .receives(Some(0), 7);
        assert_eq!(crossed.stuck(0).map(|(ranks, _)| ranks), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_rank_that_failed_is_lost_to_those_who_depend_on_it() {
        let reason = Body { text: "it failed".to_owned(), ..Body::default() };
        let rows = Rows::default().receives(Some(1), 7).receives(Some(2), 7).with(State::Failed, reason);
        assert_eq!(look(0, &rows), Ok(Finding::Lost(2, "it failed".to_owned())));
    }

    #[test]
    fn one_that_was_told_stays_stuck() {
        let mut rows = Rows::default().receives(Some(1), 7).receives(Some(0), 7);
        rows.rows[1].state = State::Stuck;
        rows = rows.pending(0, 1, 7);
        assert_eq!(rows.stuck(0), Some((vec![0, 1], true)));
    }
}
