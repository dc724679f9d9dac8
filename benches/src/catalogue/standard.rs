//! What a workload must say to be in the catalogue.

use std::borrow::Cow;

use par_core::{Runner, Workload};

use crate::workloads::{Dgemm, Ep, Is, Mandelbrot, NQueens, Stream, Uts, WordCount};

/// A workload whose answers can be checked: against published numbers, closed formulas, or its serial code.
pub trait Standard: Workload {
    /// What [`verify`](Workload::verify) compares with, for reports, e.g. `NPB 3.3 EP class S`.
    fn checked_against(&self) -> Cow<'static, str>;

    /// Whether [`verify`](Workload::verify) needs the answer of the serial code, because nothing is published for
    /// these parameters. By convention [`checked_against`](Self::checked_against) says so then.
    fn needs_serial(&self) -> bool {
        self.checked_against().contains("serial code")
    }

    /// The runner for this workload among those for all.
    fn runner(all: &dyn StandardRunner) -> &dyn Runner<Self>;
}

/// Workloads that have the method already.
macro_rules! standard {
    ($($workload:ty),* $(,)?) => {
        /// Runs every standard workload: what is more than one executor, as the ranks of a world together are.
        pub trait StandardRunner: $(Runner<$workload> +)* {}

        impl<R: $(Runner<$workload> +)*> StandardRunner for R {}

        $(
            impl Standard for $workload {
                fn checked_against(&self) -> Cow<'static, str> {
                    self.checked_against().into()
                }

                fn runner(all: &dyn StandardRunner) -> &dyn Runner<Self> {
                    all
                }
            }
        )*
    };
}

standard!(Dgemm, Ep, Is, Mandelbrot, NQueens, Stream, Uts, WordCount);
