//! `xtask new`: what it writes, and what it refuses without a trace.

use crate::scratch::Scratch;

#[track_caller]
fn refused(scratch: &Scratch, name: &str, reason: &str) {
    let before = scratch.read("Cargo.toml");
    let ended = scratch.run(&["new", name]);
    assert_eq!(ended.code, Some(2), "{name}: {}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert_eq!(scratch.read("Cargo.toml"), before);
}

#[test]
fn bad_names_are_refused() {
    let scratch = Scratch::new();
    for name in ["foo", "par-", "par_foo", "par-Foo", "par--foo", "par-../foo", "par-a\nb"] {
        refused(&scratch, name, "e.g. par-foo");
    }
}

#[test]
fn taken_names_are_refused() {
    let scratch = Scratch::new();
    refused(&scratch, "par-core", "exists");
    refused(&scratch, "par-benches", "exists");
    refused(&scratch, "par-serial", "the paradigm `serial` exists");
}

#[test]
fn a_new_crate_is_found_and_a_second_one_of_its_name_refused() {
    let scratch = Scratch::new();
    let ended = scratch.run(&["new", "par-my-mesh"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(scratch.read("crates/par-my-mesh/src/executor.rs").contains("pub struct MyMeshExecutor"));
    assert!(scratch.read("benches/src/bin/bench-my-mesh.rs").contains("MyMeshExecutor::new"));
    assert!(scratch.read("benches/Cargo.toml").contains("par-my-mesh.workspace = true"));
    assert!(scratch.read("Cargo.toml").contains("par-my-mesh = { path = \"crates/par-my-mesh\""));
    let before = scratch.read("Cargo.toml");
    let again = scratch.run(&["new", "par-my-mesh"]);
    assert_ne!(again.code, Some(0));
    assert_eq!(scratch.read("Cargo.toml"), before);
}

#[test]
fn a_manifest_that_cannot_take_the_line_leaves_no_trace() {
    let scratch = Scratch::new();
    scratch.write(
        "benches/Cargo.toml",
        "[package]\nname = \"par-benches\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    let ended = scratch.run(&["new", "par-mesh"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(!scratch.root().join("crates/par-mesh").exists());
}
