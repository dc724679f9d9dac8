//! Bad input: exit code 2, one line, and the valid names in it.

use super::fake::{Fake, complaint};

fn refused(flags: &[&str], expected: &[&str]) {
    let fake = Fake::new(&["serial", "threads"]);
    let output = fake.run(flags);
    let message = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{flags:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    for text in expected {
        assert!(message.contains(text), "{text} is missing in: {message}");
    }
}

#[test]
fn unknown_names_bring_the_known_ones() {
    refused(&["--workload", "ap"], &["--workload ap", "ep, fib"]);
    refused(&["--executor", "pol"], &["--executor pol", "serial, pool, slow, mpi-pool"]);
    refused(&["--paradigm", "thread"], &["--paradigm thread", "serial, threads"]);
}

#[test]
fn nonsense_is_refused_before_anything_runs() {
    refused(&["--workers", "0"], &["--workers 0", "from 1 to"]);
    refused(&["--workers", "1,4096"], &["--workers 4096", "more workers than cores"]);
    refused(&["--samples", "0"], &["--samples 0"]);
    refused(&["--corpus", "/no/such/file"], &["--corpus /no/such/file"]);
    refused(&["--baseline", "/no/such/run"], &["--baseline /no/such/run", "results.jsonl"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let fake = Fake::new(&["serial"]);
    let output = fake.run(&["--corpus", "/dev/null"]);
    assert!(complaint(&output).contains("is not a file"));
    std::fs::write(fake.out(), "a file where a folder should be").unwrap();
    let output = fake.run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).starts_with("error: --out"), "{}", complaint(&output));
}
