//! What the explainer has to say.

use std::fmt;
use std::panic::Location;

/// A deadlock, an inversion or a stall: which threads, which locks, which source lines. Its `Display` is the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was found.
    pub kind: ReportKind,
    /// The circle: each waits for something that the next one holds, and the last one for something of the first. In a
    /// stall the first one waits for something that has no owner, and the others for what it holds.
    pub participants: Vec<Participant>,
}

/// What a [`Report`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportKind {
    /// Threads wait for each other, and none of the waits can ever end.
    Deadlock,
    /// Locks were taken in different orders: at another time that may be a deadlock.
    LockOrder,
    /// A thread waits for something that nobody in particular has to bring about, and others wait for what it holds.
    /// That may end; but a hang without a circle looks like this.
    Stall,
}

/// A thread in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Participant {
    /// The thread's name; `thread #7` if it has none.
    pub thread: String,
    /// What it waits for; in an inversion what it took.
    pub wants: Claim,
    /// What it holds: everything in a deadlock or a stall, the one lock that was taken before in an inversion.
    pub holds: Vec<Claim>,
}

/// Something that a thread holds or wants, and the source line that took it or asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// In words, e.g. `mutex #3` or `rwlock #4 (read)`.
    pub resource: String,
    /// The call.
    pub at: &'static Location<'static>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        for participant in &self.participants {
            write!(f, "\n  ")?;
            match self.kind {
                ReportKind::Deadlock | ReportKind::Stall => write!(f, "{participant}")?,
                ReportKind::LockOrder => {
                    let Participant { thread, wants, holds } = participant;
                    write!(f, "thread `{thread}` took {wants}")?;
                    separated(f, holds, " while it held ")?;
                }
            }
        }
        Ok(())
    }
}

impl Report {
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut threads: Vec<&str> = self.participants.iter().map(|one| &one.thread[..]).collect();
        // A thread may be in it with several waits, one on top of the other.
        threads.dedup();
        match (self.kind, &threads[..], self.participants.len()) {
            (ReportKind::Deadlock, [alone], 1) => write!(f, "deadlock: thread `{alone}` waits for itself"),
            (ReportKind::Deadlock, threads, _) => {
                write!(f, "deadlock: {} threads wait for each other", threads.len())
            }
            (ReportKind::Stall, threads, _) => write!(
                f,
                "stall: thread `{}` waits, and others wait for what it holds; it may end, or not",
                threads.first().copied().unwrap_or_default()
            ),
            (ReportKind::LockOrder, _, 2) => f.write_str("lock order: two locks are taken in both orders"),
            (ReportKind::LockOrder, _, locks) => {
                write!(f, "lock order: {locks} locks are taken in orders that form a circle")
            }
        }
    }
}

impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread `{}` waits for {}", self.thread, self.wants)?;
        separated(f, &self.holds, ", holds ")
    }
}

/// The claims, if there are any, as "holds … taken at …, and …".
fn separated(f: &mut fmt::Formatter<'_>, holds: &[Claim], before: &str) -> fmt::Result {
    for (index, Claim { resource, at }) in holds.iter().enumerate() {
        write!(f, "{}{resource} taken at {at}", if index == 0 { before } else { ", " })?;
    }
    Ok(())
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.resource, self.at)
    }
}
