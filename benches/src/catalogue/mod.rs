//! The standard workloads by name, each at two sizes.

mod case;
mod graph_case;
mod standard;

pub use case::{Case, CaseError, Settings};
pub use standard::Standard;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use case::WorkloadCase;
use graph_case::GraphCase;

use crate::taskgraph::{Graph, GraphError, Pattern};
use crate::workloads::{Class, Dgemm, Ep, Is, Mandelbrot, NQueens, Stream, Uts, WordCount, WordCountError};

/// How large a workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Size {
    /// For tests and a first look: well below a second.
    Quick,
    /// For measurements.
    #[default]
    Default,
}

impl Size {
    /// Every size.
    pub const ALL: [Self; 2] = [Self::Quick, Self::Default];

    /// The size's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no size's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no size is called `{0}`; choose quick or default")]
pub struct UnknownSize(String);

impl FromStr for Size {
    type Err = UnknownSize;

    fn from_str(name: &str) -> Result<Self, UnknownSize> {
        Self::ALL.into_iter().find(|size| size.name() == name).ok_or_else(|| UnknownSize(name.to_owned()))
    }
}

/// Opens a text for a workload that reads one.
pub type OpenCorpus = fn(&Path) -> Result<Box<dyn Case>, WordCountError>;

/// A workload of the catalogue: its cases.
#[derive(Debug)]
pub struct Listed {
    quick: Box<dyn Case>,
    default: Box<dyn Case>,
    corpus: Option<OpenCorpus>,
}

impl Listed {
    fn new<W: Standard>(quick: W, default: W) -> Self {
        Self {
            quick: Box::new(WorkloadCase::new(quick)),
            default: Box::new(WorkloadCase::new(default)),
            corpus: None,
        }
    }

    fn reads(self, corpus: OpenCorpus) -> Self {
        Self { corpus: Some(corpus), ..self }
    }

    /// The workload's name.
    pub fn name(&self) -> &'static str {
        self.quick.name()
    }

    /// What makes a case of a text of the user's, where the workload reads one.
    pub fn corpus(&self) -> Option<OpenCorpus> {
        self.corpus
    }

    /// The case of one size.
    pub fn case(&self, size: Size) -> &dyn Case {
        match size {
            Size::Quick => &*self.quick,
            Size::Default => &*self.default,
        }
    }
}

/// Every standard workload, in the order of reports.
///
/// # Errors
/// Never, unless a size of this list is out of its workload's range, which the tests would show.
///
/// # Examples
/// ```
/// use par_benches::catalogue::{Size, catalogue};
/// let all = catalogue()?;
/// let ep = all.iter().find(|listed| listed.name() == "ep").ok_or("no ep")?;
/// assert_eq!(ep.case(Size::Quick).checked_against(), "NPB 3.3 EP class S");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn catalogue() -> Result<Vec<Listed>, GraphError> {
    Ok(vec![
        Listed::new(Ep::class(Class::S), Ep::class(Class::A)),
        Listed::new(Is::class(Class::S), Is::class(Class::A)),
        Listed::new(Mandelbrot::quick(), Mandelbrot::bench()),
        Listed::new(Stream::test(), Stream::bench()),
        Listed::new(Dgemm::test(), Dgemm::bench()),
        Listed::new(WordCount::quick(), WordCount::bench())
            .reads(|path| Ok(Box::new(WorkloadCase::new(WordCount::corpus(path)?)))),
        Listed::new(Uts::small(), Uts::t1l()),
        Listed::new(NQueens::quick(), NQueens::bench()),
        Listed {
            quick: Box::new(GraphCase::new(Graph::new(Pattern::Stencil1d, 100, 4)?, 1_000)),
            default: Box::new(GraphCase::new(Graph::new(Pattern::Stencil1d, 1_000, 16)?, 10_000)),
            corpus: None,
        },
    ])
}
