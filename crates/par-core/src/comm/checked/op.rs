//! What a rank does at the moment, and how that is told.

use std::fmt::Write;
use std::panic::Location;

use super::members::Members;
use super::row::Need;
use crate::comm::{Datum, Rank, Source, Tag, TagSelector};

/// A line of the program.
pub(super) type Place = &'static Location<'static>;

/// What a rank does at the moment. Copied into a cell at every call, so it is plain and borrows nothing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// Nothing that could wait for what another rank's program does.
    Idle,
    /// It sends, receives or probes one message, or waits for such a request.
    Message(MessageOp),
    /// It waits for one of several requests.
    AnyRequest { at: Place, of: usize },
    /// It has called a collective, the `number`-th of the communicator, and not all others have.
    Collective { call: Call, number: u64 },
}

/// One message and what is done with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessageOp {
    /// The method's name.
    pub(super) name: &'static str,
    pub(super) receives: bool,
    /// The other side's rank in the communicator; `None` is any.
    pub(super) peer: Option<Rank>,
    pub(super) tag: Option<Tag>,
    pub(super) data: Data,
    pub(super) at: Place,
    pub(super) how: How,
}

/// By which way it came to wait.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// The call itself waits.
    Call,
    /// It receives, and has sent at the same time.
    SendRecv,
    /// It waits for a request that was made there.
    Wait(Place),
    /// It drops or cancels a request.
    Drop,
}

impl MessageOp {
    pub(super) fn send(name: &'static str, data: Data, to: Rank, tag: Tag, at: Place) -> Self {
        Self { name, receives: false, peer: Some(to), tag: Some(tag), data, at, how: How::Call }
    }

    pub(super) fn receive(name: &'static str, data: Data, from: Source, tag: TagSelector, at: Place) -> Self {
        let peer = match from {
            Source::Any => None,
            Source::Rank(rank) => Some(rank),
        };
        let tag = match tag {
            TagSelector::Any => None,
            TagSelector::Tag(tag) => Some(tag),
        };
        Self { name, receives: true, peer, tag, data, at, how: How::Call }
    }

    /// What it takes to end it.
    pub(super) fn need(&self, members: &Members) -> Need {
        Need {
            receives: self.receives,
            context: members.context,
            peer: self.peer.and_then(|peer| members.world_rank(peer)),
            tag: self.tag.map(|tag| tag.0),
        }
    }
}

/// How much of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data {
    /// `None`: whatever comes, or nothing that could be counted.
    pub(super) count: Option<usize>,
    pub(super) size: usize,
    pub(super) element: &'static str,
}

impl Data {
    /// Nothing is known about it.
    pub(super) const NONE: Self = Self { count: None, size: 0, element: "" };

    #[inline]
    pub(super) fn of<T: Datum>(data: &[T]) -> Self {
        Self { count: Some(data.len()), ..Self::each::<T>() }
    }

    /// Of each rank something, how much differs.
    #[inline]
    pub(super) fn each<T>() -> Self {
        Self { count: None, size: size_of::<T>(), element: std::any::type_name::<T>() }
    }
}

/// `65536 × f64 (512 KiB)`, `f64`, or nothing.
impl std::fmt::Display for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let element = short(self.element);
        let Some(count) = self.count else { return f.write_str(element) };
        write!(f, "{count} × {element}")?;
        match count.saturating_mul(self.size) {
            bytes if bytes < 1 << 10 => Ok(()),
            bytes if bytes < 1 << 20 => write!(f, " ({} KiB)", bytes >> 10),
            bytes => write!(f, " ({} MiB)", bytes >> 20),
        }
    }
}

/// A type's name without the path to it.
fn short(name: &'static str) -> &'static str {
    if name.contains(['<', '[', '(', ' ']) { name } else { name.rsplit("::").next().unwrap_or(name) }
}

/// A collective as it was called: what all members must agree on, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) root: Option<Rank>,
    pub(super) data: Data,
    /// The reduction's name.
    pub(super) operation: &'static str,
    /// A digest of arguments that must agree and are too long to show: counts, dimensions.
    pub(super) more: u64,
    pub(super) at: Place,
}

impl Call {
    pub(super) fn new(name: &'static str, at: Place) -> Self {
        Self { name, root: None, data: Data::NONE, operation: "", more: 0, at }
    }

    pub(super) fn root(self, root: Rank) -> Self {
        Self { root: Some(root), ..self }
    }

    pub(super) fn data(self, data: Data) -> Self {
        Self { data, ..self }
    }

    pub(super) fn operation(self, operation: &'static str) -> Self {
        Self { operation, ..self }
    }

    /// Adds what must agree, too.
    pub(super) fn more(self, numbers: impl IntoIterator<Item = usize>) -> Self {
        let more = numbers.into_iter().fold(self.more, |digest, number| mix(digest ^ mix(number as u64 + 1)));
        Self { more, ..self }
    }

    /// The same number on all members that have called the same.
    pub(super) fn digest(&self) -> u64 {
        let text = |seed, text: &str| text.bytes().fold(seed, |digest, byte| mix(digest ^ u64::from(byte)));
        let number = |seed, number: Option<usize>| mix(seed ^ number.map_or(0, |number| number as u64 + 1));
        let digest = text(text(self.more, self.name), self.operation);
        let digest = number(number(digest, self.root), self.data.count);
        text(digest ^ self.data.size as u64, self.data.element)
    }
}

/// One number from another, as far from it as can be (the finaliser of `SplitMix64`).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// `broadcast(root 1, 10 × f64)`.
impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut arguments = Vec::new();
        if let Some(root) = self.root {
            arguments.push(format!("root {root}"));
        }
        if !self.data.element.is_empty() {
            arguments.push(self.data.to_string());
        }
        if !self.operation.is_empty() {
            arguments.push(self.operation.to_owned());
        }
        write!(f, "{}({})", self.name, arguments.join(", "))
    }
}

/// `src/main.rs:12`.
pub(super) fn line(at: Place) -> String {
    format!("{}:{}", at.file(), at.line())
}

impl Op {
    /// What follows "waits in".
    pub(super) fn text(&self, members: &Members) -> String {
        match self {
            Self::Idle => String::new(),
            Self::Message(op) => message(op, members),
            Self::AnyRequest { at, of } => format!("wait_any for one of {of} requests, at {}", line(at)),
            Self::Collective { call, .. } => format!("{call}{}, at {}", members.told(), line(call.at)),
        }
    }
}

fn message(op: &MessageOp, members: &Members) -> String {
    let mut text = String::new();
    text.push_str(match op.how {
        How::Call => "",
        How::SendRecv => "the receive of its ",
        How::Wait(_) => "wait for its ",
        How::Drop => "the drop of its ",
    });
    text.push_str(op.name);
    if !op.data.element.is_empty() {
        text.push_str(if op.receives && op.data.count.is_some() { " of at most " } else { " of " });
        text.push_str(&op.data.to_string());
    }
    text.push_str(if op.receives { " from " } else { " to " });
    match op.peer {
        None => text.push_str("any rank"),
        Some(peer) => {
            let _ = write!(text, "rank {}", members.world_rank(peer).unwrap_or(peer));
        }
    }
    match op.tag {
        None => text.push_str(", any tag"),
        Some(tag) => {
            let _ = write!(text, ", tag {tag}");
        }
    }
    text.push_str(&members.told());
    if let How::Wait(begun) = op.how {
        let _ = write!(text, ", begun at {}", line(begun));
    }
    let _ = write!(text, ", at {}", line(op.at));
    text
}
