//! Rules about what every member of the workspace has.

use super::tree::Tree;

/// Every member takes the workspace's lints.
pub(super) fn lints(tree: &Tree) -> Vec<String> {
    let inherits = |manifest: &str| {
        let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]");
        lines.nth(1) == Some("workspace = true")
    };
    folders(tree)
        .map(|folder| format!("{folder}/Cargo.toml"))
        .filter(|path| !tree.file(path).is_some_and(|file| inherits(&file.text)))
        .map(|path| format!("{path}: add [lints] workspace = true"))
        .collect()
}

/// Every crate under crates/ has a page and a history.
pub(super) fn papers(tree: &Tree) -> Vec<String> {
    folders(tree)
        .filter(|folder| folder.starts_with("crates/"))
        .flat_map(|folder| ["README.md", "CHANGELOG.md"].map(|name| format!("{folder}/{name}")))
        .filter(|path| tree.file(path).is_none())
        .map(|path| format!("{path} is missing"))
        .collect()
}

/// Every member has its line in ARCHITECTURE.md.
pub(super) fn architecture(tree: &Tree) -> Vec<String> {
    let Some(map) = tree.file("ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md is missing".to_owned()];
    };
    folders(tree)
        .filter(|folder| !map.text.contains(folder.strip_prefix("crates/").unwrap_or(folder)))
        .map(|folder| format!("ARCHITECTURE.md does not name {folder}: say what it is for"))
        .collect()
}

/// The bench program that a paradigm names is there.
pub(super) fn bench_programs(tree: &Tree) -> Vec<String> {
    let paths =
        |bench: &str| [format!("benches/src/bin/{bench}.rs"), format!("benches/src/bin/{bench}/main.rs")];
    tree.workspace
        .paradigms()
        .iter()
        .filter(|paradigm| paths(paradigm.bench).iter().all(|path| tree.file(path).is_none()))
        .map(|paradigm| {
            format!(
                "{} names the bench program {}, which benches/src/bin lacks",
                paradigm.package.name, paradigm.bench
            )
        })
        .collect()
}

/// The members' folders, from the root.
fn folders(tree: &Tree) -> impl Iterator<Item = String> {
    tree.workspace.packages.iter().map(|package| tree.relative(package.dir()))
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::tree;
    use super::*;

    const MEMBERS: &[(&str, &str, &[&str])] = &[("crates/par-foo", "foo", &[]), ("benches", "", &[])];

    #[test]
    fn a_manifest_without_the_lints_is_found() {
        let good = "[package]\n\n[lints]\nworkspace = true\n";
        let files = [("crates/par-foo/Cargo.toml", good), ("benches/Cargo.toml", good)];
        assert!(lints(&tree(MEMBERS, &files)).is_empty());
        let files =
            [("crates/par-foo/Cargo.toml", good), ("benches/Cargo.toml", "[package]\nworkspace = true\n")];
        assert_eq!(lints(&tree(MEMBERS, &files)), ["benches/Cargo.toml: add [lints] workspace = true"]);
    }

    #[test]
    fn a_missing_changelog_is_found() {
        let files = [("crates/par-foo/README.md", "")];
        assert_eq!(papers(&tree(MEMBERS, &files)), ["crates/par-foo/CHANGELOG.md is missing"]);
    }

    #[test]
    fn a_member_that_the_map_lacks_is_found() {
        assert_eq!(architecture(&tree(MEMBERS, &[])), ["ARCHITECTURE.md is missing"]);
        assert_eq!(architecture(&tree(MEMBERS, &[("ARCHITECTURE.md", "- `benches/`: …")])).len(), 1);
        assert!(architecture(&tree(MEMBERS, &[("ARCHITECTURE.md", "par-foo, benches")])).is_empty());
    }

    #[test]
    fn a_missing_bench_program_is_found() {
        assert_eq!(bench_programs(&tree(MEMBERS, &[])).len(), 1);
        assert!(bench_programs(&tree(MEMBERS, &[("benches/src/bin/bench-foo.rs", "")])).is_empty());
    }
}
