//! The standard workloads by name, each at three sizes.

mod case;
mod graph_case;
mod standard;

pub use case::{Case, CaseError, NamedRunner, Settings};
pub use standard::{Standard, StandardRunner};

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
    /// For tests: milliseconds, also without optimisation.
    Test,
    /// For a first look: 20 to 160 ms of serial code, enough for a verdict on each executor.
    Quick,
    /// For measurements.
    #[default]
    Default,
}

impl Size {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::Test, Self::Quick, Self::Default];

    /// The size's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
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
#[error("no size is called `{0}`; choose test, quick or default")]
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
    test: Box<dyn Case>,
    quick: Box<dyn Case>,
    default: Box<dyn Case>,
    corpus: Option<OpenCorpus>,
}

impl Listed {
    fn new<W: Standard>(test: W, quick: W, default: W) -> Self {
        Self {
            test: Box::new(WorkloadCase::new(test)),
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
            Size::Test => &*self.test,
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
/// assert_eq!(ep.case(Size::Quick).checked_against(), "NPB 3.3 EP class W");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn catalogue() -> Result<Vec<Listed>, GraphError> {
    let graph = |steps, width, iterations| {
        Graph::new(Pattern::Stencil1d, steps, width)
            .map(|graph| Box::new(GraphCase::new(graph, iterations)) as Box<dyn Case>)
    };
    Ok(vec![
        Listed::new(Ep::class(Class::S), Ep::class(Class::W), Ep::class(Class::A)),
        Listed::new(Is::class(Class::S), Is::class(Class::A), Is::class(Class::A)),
        Listed::new(Mandelbrot::test(), Mandelbrot::quick(), Mandelbrot::bench()),
        Listed::new(Stream::test(), Stream::quick(), Stream::bench()),
        Listed::new(Dgemm::test(), Dgemm::quick(), Dgemm::bench()),
        Listed::new(WordCount::test(), WordCount::quick(), WordCount::bench())
            .reads(|path| Ok(Box::new(WorkloadCase::new(WordCount::corpus(path)?)))),
        Listed::new(Uts::small(), Uts::t3(), Uts::t1l()),
        Listed::new(NQueens::test(), NQueens::quick(), NQueens::bench()),
        Listed {
            test: graph(100, 4, 1_000)?,
            quick: graph(500, 16, 5_000)?,
            default: graph(1_000, 16, 10_000)?,
            corpus: None,
        },
    ])
}
