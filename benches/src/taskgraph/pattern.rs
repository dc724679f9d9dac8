//! The patterns by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which points of the step before a task depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// None: every task is independent.
    Trivial,
    /// Itself: independent chains.
    NoComm,
    /// Itself and both neighbours.
    #[serde(rename = "stencil_1d")]
    Stencil1d,
    /// Itself and both neighbours, the ends being neighbours too.
    #[serde(rename = "stencil_1d_periodic")]
    Stencil1dPeriodic,
    /// Its parent, point / 2: the width doubles from 1 until it is full.
    Tree,
    /// Itself and the two points at distance 2^k, where k runs through the bits of the width.
    Fft,
    /// Everything.
    AllToAll,
    /// Itself, and each neighbour with probability 1/4, by a hash that repeats every three steps.
    RandomNearest,
    /// Itself and its left neighbour, in a diamond: the wavefront of a sweep (discrete ordinates).
    Dom,
}

/// A name that is no pattern's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no pattern is called {name:?}; choose one of trivial, no_comm, stencil_1d, stencil_1d_periodic, tree, fft, \
     all_to_all, random_nearest, dom"
)]
pub struct UnknownPattern {
    /// The name that was asked for.
    pub name: String,
}

impl Pattern {
    /// Every pattern, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Trivial,
        Self::NoComm,
        Self::Stencil1d,
        Self::Stencil1dPeriodic,
        Self::Tree,
        Self::Fft,
        Self::AllToAll,
        Self::RandomNearest,
        Self::Dom,
    ];

    /// The name that Task Bench gives it, e.g. `stencil_1d`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trivial => "trivial",
            Self::NoComm => "no_comm",
            Self::Stencil1d => "stencil_1d",
            Self::Stencil1dPeriodic => "stencil_1d_periodic",
            Self::Tree => "tree",
            Self::Fft => "fft",
            Self::AllToAll => "all_to_all",
            Self::RandomNearest => "random_nearest",
            Self::Dom => "dom",
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Pattern {
    type Err = UnknownPattern;

    fn from_str(name: &str) -> Result<Self, UnknownPattern> {
        Self::ALL
            .into_iter()
            .find(|pattern| pattern.name() == name)
            .ok_or_else(|| UnknownPattern { name: name.to_owned() })
    }
}
