//! What a failed step said, again, where people look: at the end.

use super::step::Count;

/// More than this of one step nobody reads.
const LINES: usize = 120;
/// And of a test that failed among others, or of a command that is not a test.
const LINES_EACH: usize = 40;
/// What comes before the complaint about a program that was ended by a signal.
const LINES_BEFORE: usize = 12;

/// The part of a failed step's output that says what failed.
pub(super) fn recap(count: Count, output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    if count == Count::Libtest {
        kept.extend(
            lines.iter().copied().filter(|line| line.starts_with("test ") && line.ends_with("FAILED")),
        );
        for block in lines.split(|line| line.starts_with("test result: ")) {
            let failures = block.iter().position(|line| *line == "failures:");
            if let Some(start) = failures {
                kept.extend(block[start..].iter().copied().take(LINES_EACH));
            }
        }
    }
    // A program of tests that was ended by a signal says nothing more: what it said last is in front of cargo's complaint.
    for (index, line) in lines.iter().enumerate() {
        if count == Count::Libtest && line.contains("process didn't exit successfully") {
            kept.extend(&lines[index.saturating_sub(LINES_BEFORE)..=index]);
        }
    }
    if kept.is_empty() {
        kept.extend(&lines[lines.len().saturating_sub(LINES_EACH)..]);
    }
    kept.truncate(LINES);
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_named_and_say_why() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\n1 is not 2\n\
            \nfailures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed\nrunning 1 test\ntest c ... ok\ntest result: ok.";
        let recap = recap(Count::Libtest, output);
        assert!(recap.starts_with("test b ... FAILED\nfailures:\n"), "{recap}");
        assert!(recap.contains("1 is not 2") && !recap.contains("test c"), "{recap}");
    }

    #[test]
    fn a_program_that_aborts_is_shown() {
        let output = "test a ... ok\n\nthread 'b' has overflowed its stack\nerror: test failed\n\nCaused by:\n  \
            process didn't exit successfully: `it` (signal: 6)\n     Running other\ntest c ... ok\ntest result: ok.";
        let recap = recap(Count::Libtest, output);
        assert!(recap.contains("overflowed its stack") && recap.ends_with("(signal: 6)"), "{recap}");
    }

    #[test]
    fn of_everything_else_the_end_is_shown() {
        let output = (0..1000).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        let recap = recap(Count::One, &output);
        assert!(recap.starts_with("960\n") && recap.ends_with("\n999"), "{recap}");
        assert_eq!(super::recap(Count::Libtest, "error: could not compile"), "error: could not compile");
    }
}
