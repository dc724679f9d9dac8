//! Bad usage: one line that names what would be right, and exit code 2.

use libtest_mimic::{Failed, Trial};

use crate::lines::program;
use crate::trial;

/// A command line, and what the complaint must name.
const BAD: [(&[&str], &str); 12] = [
    (&[], "list, run, metg or peak"),
    (&["walk"], "list, run, metg or peak"),
    (&["run"], "--executor"),
    (&["run", "--executor", "serial"], "--workload"),
    (&["run", "--executor", "fast", "--workload", "ep"], "serial, serial-executor, loopback"),
    (&["run", "--executor", "serial", "--workload", "epp"], "ep, is"),
    (&["run", "--executor", "serial", "--workload", "ep", "--size", "huge"], "test, quick or default"),
    (&["run", "--executor", "serial", "--workload", "ep", "--workers", "2"], "from 1 to 1"),
    (&["run", "--executor", "serial", "--workload", "ep", "--parts", "0"], "--parts"),
    (&["run", "--executor", "serial", "--workload", "ep", "--timeout", "-1"], "--timeout"),
    (&["run", "--executor", "serial", "--workload", "ep", "--corpus", "/"], "wordcount"),
    (&["metg", "--executor", "serial", "--pattern", "stencil"], "stencil_1d"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("usage::every_mistake_is_told_in_one_line", mistakes),
        trial("usage::help_is_no_mistake", help),
    ]
}

fn mistakes() -> Result<(), Failed> {
    for (arguments, named) in BAD {
        let output = program(arguments)?;
        let complaint = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{arguments:?}: {complaint}");
        assert!(complaint.contains(named), "{arguments:?}: {complaint}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    Ok(())
}

fn help() -> Result<(), Failed> {
    let output = program(&["run", "--help"])?;
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout)?.contains("--samples"));
    Ok(())
}
