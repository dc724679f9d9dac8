//! Who sent how much to whom.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

use crate::comm::Rank;

/// Messages that went one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flow {
    /// How many there were.
    pub messages: u64,
    /// How long they were together.
    pub bytes: u64,
}

impl Sum for Flow {
    fn sum<I: Iterator<Item = Self>>(flows: I) -> Self {
        flows.fold(Self::default(), |sum, flow| Self {
            messages: sum.messages + flow.messages,
            bytes: sum.bytes + flow.bytes,
        })
    }
}

/// Calls of one collective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calls {
    /// How many there were.
    pub calls: u64,
    /// What the callers gave, in bytes: of a broadcast the root's buffer, of a reduction every rank's.
    pub bytes: u64,
}

/// What one rank has sent and received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankTraffic {
    /// Which rank of the world.
    pub rank: Rank,
    /// To each rank of the world.
    pub sent: Vec<Flow>,
    /// From each rank of the world.
    pub received: Vec<Flow>,
    /// Collectives by their names.
    pub collectives: BTreeMap<String, Calls>,
}

/// What all ranks have sent and received.
///
/// # Laws
/// A row of the matrix adds up to what its rank has sent. At the end of a program that has received all its messages,
/// a column adds up to what its rank has received; [`missing`](Self::missing) says where that is not so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages from each rank, the row, to each rank, the column, as counted by who sent them.
    pub messages: Vec<Vec<u64>>,
    /// The same in bytes.
    pub bytes: Vec<Vec<u64>>,
    /// What each rank has received from all.
    pub received: Vec<Flow>,
    /// Collectives by their names, of all ranks together.
    pub collectives: BTreeMap<String, Calls>,
    missing: Vec<(Rank, Rank, u64)>,
}

impl Traffic {
    /// Puts the ranks' own counts together.
    pub(super) fn of(mut ranks: Vec<RankTraffic>) -> Self {
        ranks.sort_by_key(|rank| rank.rank);
        let matrix = |of: fn(&Flow) -> u64| -> Vec<Vec<u64>> {
            ranks.iter().map(|rank| rank.sent.iter().map(of).collect()).collect()
        };
        let mut collectives = BTreeMap::<String, Calls>::new();
        for (name, calls) in ranks.iter().flat_map(|rank| &rank.collectives) {
            let all = collectives.entry(name.clone()).or_default();
            all.calls += calls.calls;
            all.bytes += calls.bytes;
        }
        let mut missing = Vec::new();
        for (from, sender) in ranks.iter().enumerate() {
            for (to, receiver) in ranks.iter().enumerate() {
                let left = sender.sent[to].messages.saturating_sub(receiver.received[from].messages);
                if left > 0 {
                    missing.push((from, to, left));
                }
            }
        }
        Self {
            messages: matrix(|flow| flow.messages),
            bytes: matrix(|flow| flow.bytes),
            received: ranks.iter().map(|rank| rank.received.iter().copied().sum()).collect(),
            collectives,
            missing,
        }
    }

    /// What a rank has sent: the sum of its row.
    ///
    /// # Panics
    /// When there is no such rank.
    pub fn sent(&self, rank: Rank) -> Flow {
        Flow { messages: self.messages[rank].iter().sum(), bytes: self.bytes[rank].iter().sum() }
    }

    /// What was sent to a rank: the sum of its column.
    ///
    /// # Panics
    /// When there is no such rank.
    pub fn sent_to(&self, rank: Rank) -> Flow {
        let sum = |matrix: &[Vec<u64>]| matrix.iter().map(|row| row[rank]).sum();
        Flow { messages: sum(&self.messages), bytes: sum(&self.bytes) }
    }

    /// All messages.
    pub fn total(&self) -> Flow {
        (0..self.messages.len()).map(|rank| self.sent(rank)).sum()
    }

    /// Messages that were sent and not received: from whom, to whom, how many.
    pub fn missing(&self) -> &[(Rank, Rank, u64)] {
        &self.missing
    }
}

/// More ranks than this make no table, but a line each.
const TABLE: usize = 12;

/// A table of messages and bytes, and a line per collective.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranks = self.messages.len();
        if ranks <= TABLE {
            write!(f, "{:>6}", "from")?;
            (0..ranks).try_for_each(|to| write!(f, "  {:>16}", format!("to {to}")))?;
            writeln!(f)?;
        }
        for from in 0..ranks {
            write!(f, "{from:>6}")?;
            if ranks <= TABLE {
                for (messages, bytes) in self.messages[from].iter().zip(&self.bytes[from]) {
                    write!(f, "  {:>16}", shown(Flow { messages: *messages, bytes: *bytes }))?;
                }
            } else {
                write!(f, "  sent {}, received {}", shown(self.sent(from)), shown(self.received[from]))?;
            }
            writeln!(f)?;
        }
        for (name, calls) in &self.collectives {
            writeln!(f, "{name}: {} calls, {}", calls.calls, units(calls.bytes))?;
        }
        for (from, to, messages) in &self.missing {
            writeln!(f, "{messages} from rank {from} to rank {to} were not received")?;
        }
        Ok(())
    }
}

fn shown(flow: Flow) -> String {
    if flow.messages == 0 { "-".to_owned() } else { format!("{} · {}", flow.messages, units(flow.bytes)) }
}

/// Three digits and a unit.
fn units(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}
