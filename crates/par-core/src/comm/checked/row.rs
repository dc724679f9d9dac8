//! A rank's row on the board: what it says to those who look for a circle.
//!
//! `epoch beat state sum length body… sent… received…`: the epoch grows with every change of what the row says, the
//! beat with every turn of a wait, the sum tells a row that was read while it was written.

use serde::{Deserialize, Serialize};

use crate::comm::{Board, CommError, Rank};

/// Messages are counted per peer and class, and a class is made of the communicator and the tag.
pub(super) const CLASSES: usize = 8;

/// How many messages of each class.
pub(super) type Counts = [u64; CLASSES];

/// The class of a message.
#[inline]
pub(super) const fn class(context: u64, tag: u16) -> usize {
    ((context.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as usize ^ tag as usize) % CLASSES
}

/// What it takes to end a wait: a message that fits, or its receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Need {
    pub(super) receives: bool,
    pub(super) context: u64,
    /// In the world; `None` is any member of the communicator.
    pub(super) peer: Option<Rank>,
    pub(super) tag: Option<u16>,
}

impl Need {
    /// Whether this receive, of the rank `receiver`, may take what `send` of the rank `sender` gives.
    pub(super) fn takes(&self, receiver: Rank, send: &Self, sender: Rank) -> bool {
        self.receives
            && !send.receives
            && self.context == send.context
            && send.peer == Some(receiver)
            && self.peer.is_none_or(|peer| peer == sender)
            && self.tag.is_none_or(|tag| send.tag == Some(tag))
    }
}

/// In which state a rank's row says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It may do anything, or nothing is known.
    Running,
    /// It waits, as the body says.
    Waiting,
    /// Its wait was found to be without end; the body says which.
    Stuck,
    /// Its program has ended well.
    Finished,
    /// Its program has failed, for the reason in the body.
    Failed,
}

impl State {
    const ALL: [Self; 5] = [Self::Running, Self::Waiting, Self::Stuck, Self::Finished, Self::Failed];
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Body {
    /// One of these would be enough.
    pub(super) needs: Vec<Need>,
    /// It waits for all members of this communicator to begin this collective.
    pub(super) collective: Option<(u64, u64)>,
    /// The members of the communicators that are waited in, as bits.
    pub(super) members: Vec<u64>,
    /// Receives under way, and whether there are more.
    pub(super) open: Vec<Need>,
    pub(super) more_open: bool,
    /// Whether there are sends under way.
    pub(super) sends_open: bool,
    /// Communicators, and how many collectives were begun in each.
    pub(super) collectives: Vec<(u64, u64)>,
    /// What follows "waits in", or why it failed.
    pub(super) text: String,
}

/// A row as it was read.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) epoch: u64,
    pub(super) beat: u64,
    pub(super) state: State,
    pub(super) body: Body,
}

impl Row {
    const UNKNOWN: Self = Self {
        epoch: 0,
        beat: 0,
        state: State::Running,
        body: Body {
            needs: Vec::new(),
            collective: None,
            members: Vec::new(),
            open: Vec::new(),
            more_open: false,
            sends_open: false,
            collectives: Vec::new(),
            text: String::new(),
        },
    };

    /// The ranks of `members`.
    pub(super) fn members(&self) -> impl Iterator<Item = Rank> + '_ {
        self.body.members.iter().enumerate().flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
        })
    }
}

const EPOCH: usize = 0;
const BEAT: usize = 1;
const STATE: usize = 2;
const SUM: usize = 3;
const LENGTH: usize = 4;
const BODY: usize = 5;

/// Where what is in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    ranks: usize,
}

impl Layout {
    pub(super) const fn new(ranks: usize) -> Self {
        Self { ranks }
    }

    /// Words for a body; a member's bits take up to 10 bytes per 64 ranks.
    const fn body_words(self) -> usize {
        192 + self.ranks.div_ceil(64) * 10 / 8
    }

    const fn sent(self, peer: Rank) -> usize {
        BODY + self.body_words() + peer * CLASSES
    }

    const fn received(self, peer: Rank) -> usize {
        self.sent(self.ranks + peer)
    }

    pub(super) const fn width(self) -> usize {
        self.received(self.ranks)
    }

    /// Writes how many messages were sent to and received from each rank.
    pub(super) fn write_counts(self, board: &dyn Board, counts: &[u64]) -> Result<(), CommError> {
        board.write(self.sent(0), counts)
    }

    /// Writes what is known; `false`: it is too long, and nothing was written.
    pub(super) fn write(
        self,
        board: &dyn Board,
        (epoch, beat): (u64, u64),
        state: State,
        body: &mut Body,
    ) -> Result<bool, CommError> {
        let Some(bytes) = self.fit(body) else { return Ok(false) };
        let mut words = vec![epoch, beat, state as u64, 0, bytes.len() as u64];
        words.extend(bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        }));
        words[SUM] = sum(epoch, &words[LENGTH..]);
        board.write(EPOCH, &words)?;
        Ok(true)
    }

    /// The body in no more bytes than there is room for: what is least needed goes first.
    fn fit(self, body: &mut Body) -> Option<Vec<u8>> {
        loop {
            let bytes = postcard::to_stdvec(body).ok()?;
            if bytes.len() <= self.body_words() * 8 {
                return Some(bytes);
            }
            if !body.collectives.is_empty() {
                body.collectives.truncate(body.collectives.len() / 2);
            } else if !body.open.is_empty() {
                body.more_open = true;
                body.open.clear();
            } else if body.text.chars().count() > 100 {
                body.text = body.text.chars().take(99).chain(['…']).collect();
            } else {
                return None;
            }
        }
    }

    /// Reads the row of a rank; one that cannot be understood is one of a rank that runs.
    pub(super) fn read(self, board: &dyn Board, rank: Rank) -> Result<Row, CommError> {
        let mut head = [0; BODY];
        board.read(rank, EPOCH, &mut head)?;
        let (epoch, beat) = (head[EPOCH], head[BEAT]);
        let state = State::ALL.get(head[STATE] as usize).copied().unwrap_or(State::Running);
        let length = head[LENGTH] as usize;
        if state == State::Running || length > self.body_words() * 8 {
            return Ok(Row { epoch, beat, ..Row::UNKNOWN });
        }
        let mut words = vec![0; 1 + length.div_ceil(8)];
        board.read(rank, LENGTH, &mut words)?;
        let bytes: Vec<u8> = words[1..].iter().flat_map(|word| word.to_le_bytes()).take(length).collect();
        if words[0] != head[LENGTH] || sum(epoch, &words) != head[SUM] {
            return Ok(Row { epoch, beat, ..Row::UNKNOWN });
        }
        let body = postcard::from_bytes(&bytes);
        Ok(body.map_or(Row { epoch, beat, ..Row::UNKNOWN }, |body| Row { epoch, beat, state, body }))
    }

    /// How many messages `from` has sent to `to` and `to` has not received, as both rows say.
    pub(super) fn pending(self, board: &dyn Board, from: Rank, to: Rank) -> Result<Counts, CommError> {
        let (mut sent, mut received) = ([0; CLASSES], [0; CLASSES]);
        board.read(from, self.sent(to), &mut sent)?;
        board.read(to, self.received(from), &mut received)?;
        Ok(std::array::from_fn(|class| sent[class].saturating_sub(received[class])))
    }
}

/// Says that this rank runs.
pub(super) fn write_running(board: &dyn Board, epoch: u64) -> Result<(), CommError> {
    write_state(board, State::Running)?;
    board.write(EPOCH, &[epoch])
}

pub(super) fn write_beat(board: &dyn Board, beat: u64) -> Result<(), CommError> {
    board.write(BEAT, &[beat])
}

/// Says something else of the rank, for the same reason.
pub(super) fn write_state(board: &dyn Board, state: State) -> Result<(), CommError> {
    board.write(STATE, &[state as u64])
}

fn sum(epoch: u64, words: &[u64]) -> u64 {
    words.iter().fold(epoch ^ 0x9e37_79b9_7f4a_7c15, |sum, word| {
        (sum ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(29)
    })
}
