//! What comes before the first measurement: setup and builds.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::signal::Signal;

use crate::process::end_by;
use crate::scratch::Scratch;

/// Every program that xtask wants but a package manager: its apt-get never ends, and Python is missing.
const APT: &str = "#!/bin/sh\necho $$ >apt.new; mv apt.new apt; sleep 600\n";
const SUDO: &str = "#!/bin/sh\nshift; exec \"$@\"\n";

fn programs(folder: &Path) {
    for (name, text) in [("apt-get", APT), ("sudo", SUDO)] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    for name in ["sh", "env", "sleep", "mv", "git", "rustc", "cargo"] {
        let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
        symlink(found.unwrap(), folder.join(name)).unwrap();
    }
}

#[test]
fn ctrl_c_stops_the_package_manager() {
    let scratch = Scratch::new();
    let needs = scratch.read("crates/par-core/Cargo.toml") + "needs = [\"python\"]\n";
    scratch.write("crates/par-core/Cargo.toml", &needs);
    let bin = tempfile::tempdir().unwrap();
    programs(bin.path());
    let mut command = scratch.command(&["bench-all", "--setup"]);
    let code = end_by(Signal::SIGINT, command.env("PATH", bin.path()), &scratch.root().join("apt"));
    assert_eq!(code, Some(130));
}

#[test]
fn a_program_that_is_not_there_or_does_not_build_is_absent_and_says_what_helps() {
    let scratch = Scratch::new();
    for (krate, paradigm) in [("par-broken", "broken"), ("par-none", "none")] {
        let metadata = format!(
            "[package]\nname = \"{krate}\"\nversion.workspace = true\nedition.workspace = true\n\n\
             [package.metadata.par]\nparadigm = \"{paradigm}\"\nbench = \"bench-{paradigm}\"\n"
        );
        scratch.write(&format!("crates/{krate}/Cargo.toml"), &metadata);
        scratch.write(&format!("crates/{krate}/src/lib.rs"), "");
    }
    scratch.write("benches/src/bin/bench-broken.rs", "fn main() { no_such_thing() }");
    scratch.write("benches/src/bin/bench-serial.rs", "fn main() {}");
    let ended = scratch.run(&["bench-all", "--quick", "--out", "out"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let rows = scratch.read("out/results.jsonl");
    let row = |paradigm: &str| {
        let start = format!("{{\"kind\":\"absent\",\"paradigm\":\"{paradigm}\"");
        rows.lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("no row of {paradigm}: {rows}"))
    };
    assert!(
        row("broken").contains("no_such_thing") && row("broken").contains("shows why"),
        "{}",
        row("broken")
    );
    assert!(row("none").contains("no program bench-none") && row("none").contains("src/bin/bench-none.rs"));
    assert!(ended.stderr.contains("nothing could be measured"), "{}", ended.stderr);
}
