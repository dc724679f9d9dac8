//! Rules about examples.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::Target;

use super::tree::Tree;

const INDEX: &str = "examples/README.md";

/// Two examples of one name overwrite each other's program in the target folder.
pub(super) fn names(tree: &Tree) -> Vec<String> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &tree.workspace.packages {
        for example in package.examples() {
            packages.entry(&example.name).or_default().push(&package.name);
        }
    }
    packages.retain(|_, packages| packages.len() > 1);
    packages
        .iter()
        .map(|(name, packages)| format!("example {name} is in {}: rename one", packages.join(" and ")))
        .collect()
}

/// Every example begins with what it shows, the command that runs it, and what that prints.
pub(super) fn headers(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in &tree.workspace.packages {
        for example in package.examples() {
            let path = tree.relative(&example.src_path);
            let text = tree.file(&path).map_or("", |file| &file.text);
            complaints
                .extend(lacks(text, example).iter().map(|lack| format!("{path}: its header lacks {lack}")));
        }
    }
    complaints
}

/// The index of recipes, `examples/README.md`, knows every example, and no other.
pub(super) fn indexed(tree: &Tree) -> Vec<String> {
    let Some(index) = tree.file(INDEX) else { return vec![format!("{INDEX} is missing")] };
    let names: BTreeSet<&str> = tree
        .workspace
        .packages
        .iter()
        .flat_map(|package| package.examples().map(|example| example.name.as_str()))
        .collect();
    let quoted: BTreeSet<&str> = index.text.split('`').skip(1).step_by(2).collect();
    let listed = |name: &&&str| quoted.iter().any(|word| word.split_whitespace().any(|word| word == **name));
    let missing = names.iter().filter(|name| !listed(name));
    let missing = missing.map(|name| format!("{INDEX} does not list the example {name}: add it"));
    // What looks like the name of an example: one word, with an underscore.
    let is_name = |word: &&&str| {
        word.contains('_') && word.chars().all(|char| char == '_' || char.is_ascii_lowercase())
    };
    let unknown = quoted.iter().filter(is_name).filter(|word| !names.contains(**word));
    let unknown = unknown.map(|word| format!("{INDEX} lists {word}, which is no example: remove it"));
    missing.chain(unknown).collect()
}

/// What the header lacks.
fn lacks(text: &str, example: &Target) -> Vec<String> {
    let header: String =
        text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    let mut lacks = Vec::new();
    if header.is_empty() {
        lacks.push("everything: begin with //!".to_owned());
        return lacks;
    }
    let command = format!("--example {}", example.name);
    if !header.lines().any(|line| line.contains("cargo run") && line.contains(&command)) {
        lacks.push(format!("the command `cargo run … {command}`"));
    }
    if !header.contains("Expected output") {
        lacks.push("the words `Expected output`".to_owned());
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::super::tree::File;
    use super::super::tree::testing::tree;
    use super::*;

    const HEADER: &str = "//! Says hello.\n//!\n//! `cargo run -p par-foo --example foo_hello`\n//!\n//! Expected output: hello\n";

    fn with_example(members: &[&str], text: &str) -> Tree {
        let members: Vec<(&str, &str, &[&str])> = members.iter().map(|path| (*path, "", &[][..])).collect();
        let mut tree = tree(&members, &[("crates/par-foo/examples/foo_hello.rs", text)]);
        for package in &mut tree.workspace.packages {
            package.targets.push(Target {
                name: "foo_hello".to_owned(),
                kind: vec!["example".to_owned()],
                src_path: "/w/crates/par-foo/examples/foo_hello.rs".into(),
                required_features: Vec::new(),
            });
        }
        tree
    }

    #[test]
    fn two_examples_of_one_name_are_found() {
        assert!(names(&with_example(&["crates/par-foo"], "")).is_empty());
        assert_eq!(
            names(&with_example(&["crates/par-bar", "crates/par-foo"], "")),
            ["example foo_hello is in par-bar and par-foo: rename one"]
        );
    }

    #[test]
    fn an_index_that_lacks_an_example_or_has_one_too_many_is_found() {
        let index = |text: &str| {
            let mut tree = with_example(&["crates/par-foo"], "");
            tree.files.push(File { path: INDEX.to_owned(), text: text.to_owned() });
            indexed(&tree)
        };
        assert!(index("| hello | `foo_hello` |").is_empty());
        assert!(index("`-p par-foo --example foo_hello`, and `submit`").is_empty());
        assert_eq!(index("| hello | foo_hello |").len(), 1, "it is not marked as code");
        let unknown = index("| hello | `foo_hello` and `foo_bye` |");
        assert_eq!(unknown, ["examples/README.md lists foo_bye, which is no example: remove it"]);
        assert_eq!(indexed(&with_example(&["crates/par-foo"], "")), ["examples/README.md is missing"]);
    }

    #[test]
    fn a_header_without_command_or_output_is_found() {
        assert!(headers(&with_example(&["crates/par-foo"], HEADER)).is_empty());
        assert_eq!(headers(&with_example(&["crates/par-foo"], "fn main() {}")).len(), 1);
        assert_eq!(headers(&with_example(&["crates/par-foo"], "//! Says hello.\nfn main() {}")).len(), 2);
        let other = HEADER.replace("foo_hello", "bar_hello");
        assert_eq!(headers(&with_example(&["crates/par-foo"], &other)).len(), 1);
        let late = HEADER.replace("//! Expected", "// Expected");
        assert_eq!(headers(&with_example(&["crates/par-foo"], &late)).len(), 1);
    }
}
