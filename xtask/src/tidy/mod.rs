//! `cargo xtask tidy`: the rules that no compiler checks.
//!
//! A rule is a function from a [`Tree`] to complaints, so each is tested on a tree that breaks it.

mod edges;
mod examples;
mod files;
mod members;
mod source;
mod tree;

use crate::error::Error;
use crate::workspace::Workspace;

use self::tree::Tree;

/// A rule's name and its function; a complaint says where, what is wrong, and what to do.
type Rule = (&'static str, fn(&Tree) -> Vec<String>);

/// Every rule.
const RULES: &[Rule] = &[
    ("par-core names no runtime", edges::core_names_no_runtime),
    ("paradigms do not know each other", edges::paradigms_are_independent),
    ("nothing depends on examples, benches, xtask", edges::leaves_are_leaves),
    ("xtask depends on no par crate", edges::xtask_stands_alone),
    ("dependencies come from crates.io", edges::sources_are_known),
    ("files are short", files::length),
    ("files are named after a concept", files::names),
    ("no machine's paths", files::machine_paths),
    ("no suppressed lints, ignored tests, leftovers", files::leftovers),
    ("unsafe code is forbidden", files::unsafe_is_forbidden),
    ("unsafe code is in named files", files::unsafe_is_confined),
    ("members inherit the lints", members::lints),
    ("crates have README.md and CHANGELOG.md", members::papers),
    ("members are in ARCHITECTURE.md", members::architecture),
    ("paradigms have a bench program", members::bench_programs),
    ("example names are unique", examples::names),
    ("examples say how to run them", examples::headers),
    ("examples are in the index of recipes", examples::indexed),
];

/// Checks every rule; true when none is broken.
///
/// # Errors
/// The workspace's files could not be listed.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, Error> {
    let complaints = complaints(&Tree::read(workspace)?);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("{} rules, {} complaints", RULES.len(), complaints.len());
    Ok(complaints.is_empty())
}

fn complaints(tree: &Tree) -> Vec<String> {
    RULES
        .iter()
        .flat_map(|(name, rule)| rule(tree).into_iter().map(move |complaint| format!("{complaint} [{name}]")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let complaints = complaints(&Tree::read(&Workspace::load().unwrap()).unwrap());
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}
