//! How many checks passed and failed, and the line that says so: `N passed, N failed`.

use std::fmt;
use std::ops::AddAssign;

/// Checks that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Checks that passed.
    pub(crate) passed: usize,
    /// Checks that failed.
    pub(crate) failed: usize,
}

impl Tally {
    /// One check.
    pub(crate) const fn one(passed: bool) -> Self {
        if passed { Self { passed: 1, failed: 0 } } else { Self { passed: 0, failed: 1 } }
    }

    /// The sum of libtest's `test result: ok. 3 passed; 0 failed; …` lines.
    pub(crate) fn of_libtest(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            let Some((_, counts)) = line.split_once("test result: ") else { continue };
            let Some((_, counts)) = counts.split_once(". ") else { continue };
            let count = |word: &str| {
                counts
                    .split(';')
                    .find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
                    .unwrap_or(0)
            };
            tally += Self { passed: count("passed"), failed: count("failed") };
        }
        tally
    }

    /// The last `N passed, N failed` line of an xtask command's output.
    pub(crate) fn of_last_line(output: &str) -> Option<Self> {
        output.lines().rev().find_map(|line| {
            let (passed, failed) = line.trim().split_once(", ")?;
            Some(Self {
                passed: passed.strip_suffix(" passed")?.parse().ok()?,
                failed: failed.strip_suffix(" failed")?.parse().ok()?,
            })
        })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_libtest_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            noise: 5 passed; 6 failed\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(Tally::of_libtest(output), Tally { passed: 4, failed: 2 });
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let tally = Tally { passed: 12, failed: 3 };
        assert_eq!(Tally::of_last_line(&format!("1 passed, 0 failed\n{tally}\n\n")), Some(tally));
        assert_eq!(Tally::of_last_line("3 passed\nso 4 passed, 5 failed\n"), None);
    }
}
