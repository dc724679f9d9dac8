//! What a rank knows of itself, and what it shows of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Checks;
use super::look::{Finding, Stuck, Table, look};
use super::members::Members;
use super::op::{How, MessageOp, Op, Place, line};
use super::row::{self, Body, CLASSES, Counts, Layout, Need, Row, State, class};
use crate::comm::{Board, CommError, Rank, Tag, Watch};

/// One per rank, shared by all its checked communicators.
///
/// A call costs a few stores into cells, and nothing else, unless it waits for long enough to be asked.
pub(super) struct World {
    board: Rc<dyn Board>,
    layout: Layout,
    rank: Rank,
    ranks: usize,
    pub(super) checks: Checks,
    op: Cell<Op>,
    /// Whether the row says anything but that this rank runs.
    shown: Cell<bool>,
    epoch: Cell<u64>,
    beat: Cell<u64>,
    /// Messages sent to each rank, per class, and then those received from each.
    counts: Vec<Cell<u64>>,
    /// The requests of which one is waited for.
    any: RefCell<Vec<(Need, Rc<Members>)>>,
    requests: RefCell<Requests>,
    /// Requests that were dropped without being waited for.
    forgotten: RefCell<Vec<MessageOp>>,
    members: RefCell<Vec<Rc<Members>>>,
    next_look: Cell<Option<Instant>>,
    pause: Cell<Duration>,
    suspicion: RefCell<Option<Suspicion>>,
    /// Whether `verdict` is something.
    over: Cell<bool>,
    verdict: RefCell<Option<CommError>>,
    ended: Cell<bool>,
    /// Whether the wait was ended by a watch of the program.
    said_by_other: Cell<bool>,
}

/// Requests under way, by number.
#[derive(Default)]
struct Requests {
    open: Vec<Option<Open>>,
    free: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Open {
    need: Need,
    op: MessageOp,
}

/// What a first look has found, for the second.
struct Suspicion {
    since: Instant,
    ranks: Vec<(Rank, u64, Option<u64>)>,
}

/// A finding counts when every rank that waits has turned so often in its wait since.
const BEATS: u64 = 3;
/// The longest time between two looks.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// Communicators that were dropped are remembered while there are no more than these.
const REMEMBERED: usize = 32;

impl World {
    pub(super) fn new(
        board: Rc<dyn Board>,
        layout: Layout,
        rank: Rank,
        ranks: usize,
        checks: Checks,
    ) -> Self {
        Self {
            board,
            layout,
            rank,
            ranks,
            pause: Cell::new(checks.confirm),
            checks,
            op: Cell::new(Op::Idle),
            shown: Cell::new(false),
            epoch: Cell::new(0),
            beat: Cell::new(0),
            counts: vec![Cell::new(0); 2 * ranks * CLASSES],
            any: RefCell::default(),
            requests: RefCell::default(),
            forgotten: RefCell::default(),
            members: RefCell::default(),
            next_look: Cell::new(None),
            suspicion: RefCell::default(),
            over: Cell::new(false),
            verdict: RefCell::default(),
            ended: Cell::new(false),
            said_by_other: Cell::new(false),
        }
    }

    pub(super) fn rank(&self) -> Rank {
        self.rank
    }

    pub(super) fn ranks(&self) -> usize {
        self.ranks
    }

    // ---------------------------------------------------------------- what this rank does

    /// Begins an operation, which ends when what is returned is dropped.
    ///
    /// After a deadlock or a mismatch nothing begins any more: its error is the answer to everything.
    #[inline]
    pub(super) fn enter(&self, op: Op) -> Result<Within<'_>, CommError> {
        if self.over.get() {
            return Err(self.verdict());
        }
        self.op.set(op);
        Ok(Within { world: self })
    }

    /// Begins an operation whose end comes with [`leave`](Self::leave).
    pub(super) fn begin(&self, op: Op) {
        self.leave();
        self.op.set(op);
    }

    #[inline]
    pub(super) fn leave(&self) {
        self.op.set(Op::Idle);
        if self.shown.get() {
            self.show_running();
        }
    }

    #[inline]
    pub(super) fn add_sent(&self, members: &Members, to: Rank, tag: Tag) {
        if let Some(to) = members.world_rank(to) {
            let count = &self.counts[to * CLASSES + class(members.context, tag.0)];
            count.set(count.get() + 1);
        }
    }

    /// A message that was counted is not sent.
    pub(super) fn take_back_sent(&self, members: &Members, to: Rank, tag: Tag) {
        if let Some(to) = members.world_rank(to) {
            let count = &self.counts[to * CLASSES + class(members.context, tag.0)];
            count.set(count.get().saturating_sub(1));
        }
    }

    #[inline]
    pub(super) fn add_received(&self, members: &Members, from: Rank, tag: Tag) {
        if let Some(from) = members.world_rank(from) {
            let count = &self.counts[(self.ranks + from) * CLASSES + class(members.context, tag.0)];
            count.set(count.get() + 1);
        }
    }

    /// How many messages were sent to each rank.
    pub(super) fn sent(&self) -> Vec<u64> {
        self.counts[..self.ranks * CLASSES]
            .chunks(CLASSES)
            .map(|row| row.iter().map(Cell::get).sum())
            .collect()
    }

    /// How many messages were received from each rank.
    pub(super) fn received(&self) -> Vec<u64> {
        self.counts[self.ranks * CLASSES..]
            .chunks(CLASSES)
            .map(|row| row.iter().map(Cell::get).sum())
            .collect()
    }

    /// A communicator of this rank.
    pub(super) fn join(&self, members: Members) -> Rc<Members> {
        let members = Rc::new(members);
        let mut known = self.members.borrow_mut();
        if known.len() >= REMEMBERED {
            let forgotten = known.iter().position(|members| members.dropped.get());
            forgotten.map(|index| known.remove(index));
        }
        // A number may be given anew once its communicator is gone, so the newest comes first.
        known.insert(0, Rc::clone(&members));
        members
    }

    // ---------------------------------------------------------------- requests

    pub(super) fn open(&self, need: Need, op: MessageOp) -> usize {
        let mut requests = self.requests.borrow_mut();
        let open = Some(Open { need, op });
        if let Some(number) = requests.free.pop() {
            requests.open[number] = open;
            return number;
        }
        requests.open.push(open);
        requests.open.len() - 1
    }

    pub(super) fn close(&self, number: usize) {
        let mut requests = self.requests.borrow_mut();
        if requests.open[number].take().is_some() {
            requests.free.push(number);
        }
    }

    /// The program waits for a request, the `place`-th of several of which one is enough.
    pub(super) fn await_request(&self, number: usize, members: &Rc<Members>, at: Place, place: usize) {
        let Some(Open { need, op }) = self.requests.borrow().open[number] else { return };
        if place == 0 {
            self.any.borrow_mut().clear();
            self.begin(Op::Message(MessageOp { at, how: How::Wait(op.at), ..op }));
        } else {
            self.op.set(Op::AnyRequest { at, of: place + 1 });
        }
        self.any.borrow_mut().push((need, Rc::clone(members)));
    }

    /// A request is dropped, and its end may be waited for.
    pub(super) fn drop_request(&self, number: usize) {
        let Some(Open { op, .. }) = self.requests.borrow().open[number] else { return };
        if !self.over.get() && !std::thread::panicking() {
            self.forgotten.borrow_mut().push(op);
        }
        self.begin(Op::Message(MessageOp { how: How::Drop, ..op }));
    }

    /// The requests that were begun and neither waited for nor cancelled.
    pub(super) fn forgotten(&self) -> Vec<String> {
        let (requests, forgotten) = (self.requests.borrow(), self.forgotten.borrow());
        let told = |op: &MessageOp| format!("the {} at {} was never waited for", op.name, line(op.at));
        forgotten.iter().map(told).chain(requests.open.iter().flatten().map(|open| told(&open.op))).collect()
    }

    // ---------------------------------------------------------------- what it shows

    fn next_epoch(&self) -> u64 {
        self.epoch.set(self.epoch.get() + 1);
        self.epoch.get()
    }

    #[cold]
    fn show_running(&self) {
        if !self.over.get() && !self.ended.get() {
            self.shown.set(false);
            // A board that cannot be written leaves the old row: its epoch will not change, but its beat will not either.
            row::write_running(&*self.board, self.next_epoch()).ok();
        }
    }

    /// Writes the row anew.
    fn show(&self, state: State, mut body: Body) -> Result<(), CommError> {
        let counts: Vec<u64> = self.counts.iter().map(Cell::get).collect();
        self.layout.write_counts(&*self.board, &counts)?;
        body.collectives =
            self.members.borrow().iter().map(|members| (members.context, members.begun.get())).collect();
        let numbers = (self.next_epoch(), self.beat.get());
        let shown = self.layout.write(&*self.board, numbers, state, &mut body)?;
        self.shown.set(shown);
        Ok(())
    }

    fn show_waiting(&self, op: &Op, members: &Members) -> Result<(), CommError> {
        let mut body = Body { text: op.text(members), ..Body::default() };
        members.bits(&mut body.members);
        match op {
            Op::Idle => {}
            Op::Message(op) => {
                body.needs.push(op.need(members));
                body.sends_open = matches!(op.how, How::SendRecv);
            }
            Op::AnyRequest { .. } => {
                for (need, members) in &*self.any.borrow() {
                    body.needs.push(*need);
                    members.bits(&mut body.members);
                }
            }
            Op::Collective { number, .. } => body.collective = Some((members.context, *number)),
        }
        for open in self.requests.borrow().open.iter().flatten() {
            if open.need.receives {
                body.open.push(open.need);
            } else {
                body.sends_open = true;
            }
        }
        self.next_look.set(None);
        self.pause.set(self.checks.confirm);
        *self.suspicion.borrow_mut() = None;
        self.show(State::Waiting, body)
    }

    // ---------------------------------------------------------------- what it looks for

    /// An operation in a communicator waits.
    fn stalled(&self, members: &Members, waited: Duration) -> Result<(), CommError> {
        if self.ended.get() {
            return Ok(());
        }
        if self.over.get() {
            return Err(self.verdict());
        }
        let op = self.op.get();
        if matches!(op, Op::Idle) {
            return Ok(());
        }
        if !self.shown.get() {
            self.show_waiting(&op, members)?;
        }
        self.beat.set(self.beat.get() + 1);
        row::write_beat(&*self.board, self.beat.get())?;
        let now = Instant::now();
        if waited < self.checks.patience || self.next_look.get().is_some_and(|next| now < next) {
            return Ok(());
        }
        let found = look(self.rank, self)?;
        if let Finding::Free = found {
            self.pause.set((self.pause.get() * 5 / 4).min(PAUSE_MAX));
        }
        self.next_look.set(Some(now + self.pause.get()));
        self.judge(found, now)
    }

    /// What was found counts when a second look finds the same, and everybody has turned in its wait between.
    fn judge(&self, found: Finding, now: Instant) -> Result<(), CommError> {
        let (ranks, later) = match &found {
            Finding::Free => {
                *self.suspicion.borrow_mut() = None;
                return Ok(());
            }
            Finding::Lost(rank, _) => (vec![(*rank, 0, None)], self.checks.confirm),
            Finding::Stuck(Stuck { ranks, certain: true, .. }) => (ranks.clone(), self.checks.confirm),
            Finding::Stuck(Stuck { ranks, .. }) => (ranks.clone(), self.checks.likely),
        };
        let mut suspicion = self.suspicion.borrow_mut();
        let first = suspicion.get_or_insert_with(|| Suspicion { since: now, ranks: ranks.clone() });
        let same = |(rank, epoch, _): &(Rank, u64, Option<u64>)| (*rank, *epoch);
        if !first.ranks.iter().map(same).eq(ranks.iter().map(same)) {
            *first = Suspicion { since: now, ranks };
            return Ok(());
        }
        // One without a beat has ended, or has come to this verdict itself.
        let turned = |(first, now): (&(_, _, Option<u64>), &(_, _, Option<u64>))| {
            now.2.is_none_or(|now| first.2.is_some_and(|first| now >= first + BEATS))
        };
        if now < first.since + later || !first.ranks.iter().zip(&ranks).all(turned) {
            return Ok(());
        }
        drop(suspicion);
        Err(self.settle(found))
    }

    /// The error of what was found, which ends everything here.
    fn settle(&self, found: Finding) -> CommError {
        match found {
            Finding::Stuck(Stuck { mut lines, certain, .. }) => {
                if !certain {
                    lines.push(
                        "likely: messages were sent that may fit one of these receives, and have not come"
                            .to_owned(),
                    );
                }
                row::write_state(&*self.board, State::Stuck).ok();
                self.end_with(CommError::Deadlock(lines))
            }
            Finding::Lost(rank, reason) => CommError::RankLost { rank, reason },
            Finding::Free => CommError::Deadlock(Vec::new()),
        }
    }

    /// Lets `error` be the answer to every operation from now on.
    pub(super) fn end_with(&self, error: CommError) -> CommError {
        self.over.set(true);
        *self.verdict.borrow_mut() = Some(error.clone());
        error
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    #[cold]
    fn verdict(&self) -> CommError {
        let verdict = self.verdict.borrow().clone();
        verdict.unwrap_or_else(|| {
            CommError::Invalid("this rank's communicators are of no use any more".to_owned())
        })
    }

    /// The loss of a rank that has ended well, or is in a deadlock with this one, is a deadlock.
    #[cold]
    pub(super) fn explain(&self, error: CommError, members: &Members) -> CommError {
        if self.over.get() || self.ended.get() || self.said_by_other.take() {
            return error;
        }
        match &error {
            CommError::RankLost { rank, .. } if *rank < self.ranks => {
                self.explained(*rank, members).unwrap_or(error)
            }
            // Some worlds see at once that a rank waits for itself, but not where.
            CommError::Deadlock(_) => match self.op.get() {
                Op::Message(op) if op.need(members).peer == Some(self.rank) => {
                    let line = format!("rank {} waits in {}", self.rank, Op::Message(op).text(members));
                    self.end_with(CommError::Deadlock(vec![line]))
                }
                _ => error,
            },
            _ => error,
        }
    }

    fn explained(&self, lost: Rank, members: &Members) -> Option<CommError> {
        let op = self.op.get();
        if matches!(op, Op::Idle) {
            return None;
        }
        let state = Table::row(self, lost).ok()?.state;
        if state != State::Finished && state != State::Stuck {
            return None;
        }
        if !self.shown.get() {
            self.show_waiting(&op, members).ok()?;
        }
        let found = look(self.rank, self).ok()?;
        match found {
            Finding::Stuck(_) => Some(self.settle(found)),
            _ if state == State::Finished => {
                let lines = vec![
                    format!("rank {} waits in {}", self.rank, op.text(members)),
                    format!("rank {lost} has finished"),
                ];
                Some(self.end_with(CommError::Deadlock(lines)))
            }
            _ => None,
        }
    }

    /// Shows how this rank's program has ended; `None` is well. It stays to be seen.
    pub(super) fn end(&self, failed: Option<String>) {
        if self.ended.replace(true) {
            return;
        }
        // In a deadlock, the row still says where.
        let stuck = matches!(*self.verdict.borrow(), Some(CommError::Deadlock(_)));
        if stuck && self.shown.get() {
            row::write_state(&*self.board, State::Stuck).ok();
            return;
        }
        let failed = failed.or_else(|| stuck.then(|| "its wait had no end".to_owned()));
        let state = if failed.is_some() { State::Failed } else { State::Finished };
        let body = Body { text: failed.unwrap_or_default(), ..Body::default() };
        self.show(state, body).ok();
    }

    /// Whether a rank's program has ended well; `None` as long as it has not ended.
    pub(super) fn ending(&self, rank: Rank) -> Result<Option<bool>, CommError> {
        Ok(match self.row(rank)?.state {
            State::Running | State::Waiting => None,
            State::Finished => Some(true),
            State::Stuck | State::Failed => Some(false),
        })
    }
}

impl Table for World {
    fn row(&self, rank: Rank) -> Result<Row, CommError> {
        self.layout.read(&*self.board, rank)
    }

    fn pending(&self, from: Rank, to: Rank) -> Result<Counts, CommError> {
        self.layout.pending(&*self.board, from, to)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end(std::thread::panicking().then(|| "it panicked".to_owned()));
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("rank", &self.rank).field("op", &self.op.get()).finish_non_exhaustive()
    }
}

/// An operation is under way; dropped, it is over.
pub(super) struct Within<'w> {
    world: &'w World,
}

impl Drop for Within<'_> {
    #[inline]
    fn drop(&mut self) {
        self.world.leave();
    }
}

/// Asks the world when an operation of one communicator waits, and then whom the program wants to be asked.
pub(super) struct Eye {
    pub(super) world: Rc<World>,
    pub(super) members: Rc<Members>,
    pub(super) other: RefCell<Option<Rc<dyn Watch>>>,
}

impl Watch for Eye {
    fn stalled(&self, waited: Duration) -> Result<(), CommError> {
        self.world.stalled(&self.members, waited)?;
        let other = self.other.borrow().clone();
        let said = other.map_or(Ok(()), |other| other.stalled(waited));
        said.inspect_err(|_| self.world.said_by_other.set(true))
    }
}
