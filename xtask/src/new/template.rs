//! The files of a new crate: real Rust for a crate called `par-foo`, with the name exchanged.

use std::path::PathBuf;

use super::name::Name;

/// Where a file goes (from the root) and its text, both for `par-foo`.
const TEMPLATES: &[(&str, &str)] = &[
    ("crates/par-foo/Cargo.toml", include_str!("../../templates/Cargo.toml.in")),
    ("crates/par-foo/README.md", include_str!("../../templates/README.md")),
    ("crates/par-foo/CHANGELOG.md", include_str!("../../templates/CHANGELOG.md")),
    ("crates/par-foo/src/lib.rs", include_str!("../../templates/src/lib.rs")),
    ("crates/par-foo/src/config.rs", include_str!("../../templates/src/config.rs")),
    ("crates/par-foo/src/executor.rs", include_str!("../../templates/src/executor.rs")),
    ("crates/par-foo/src/probe.rs", include_str!("../../templates/src/probe.rs")),
    ("crates/par-foo/src/error.rs", include_str!("../../templates/src/error.rs")),
    ("crates/par-foo/tests/it/main.rs", include_str!("../../templates/tests/it/main.rs")),
    ("crates/par-foo/examples/foo_hello.rs", include_str!("../../templates/examples/foo_hello.rs")),
    ("crates/par-foo/benches/overhead.rs", include_str!("../../templates/benches/overhead.rs")),
    ("benches/src/bin/bench-foo.rs", include_str!("../../templates/bench-foo.rs")),
];

/// The files of the crate of this name, and its bench program.
pub(super) fn files(name: &Name) -> Vec<(PathBuf, String)> {
    TEMPLATES.iter().map(|(path, text)| (render(path, name).into(), render(text, name))).collect()
}

/// Exchanges every spelling of `foo` in one pass, so that a name which holds `foo` is not exchanged again.
fn render(text: &str, name: &Name) -> String {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("foo").into_iter().chain(rest.find("Foo")).min() {
        let (before, from) = rest.split_at(at);
        let after = &from["foo".len()..];
        // With a hyphen or in quotes it is a name for people and cargo; else it is a part of an identifier.
        let hyphens = before.ends_with('-') || after.starts_with('-');
        let quoted = before.ends_with(['"', '`']) && after.starts_with(['"', '`']);
        let spelling = match from.as_bytes()[0] {
            b'F' => &name.pascal,
            _ if hyphens || quoted => &name.kebab,
            _ => &name.snake,
        };
        rendered.push_str(before);
        rendered.push_str(spelling);
        rest = after;
    }
    rendered.push_str(rest);
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_exchanged_once() {
        let name = Name::parse("par-foo-bar").unwrap();
        let text = "par-foo par_foo FooConfig bench-foo foo-executor \"foo\" foo_hello `foo`";
        assert_eq!(
            render(text, &name),
            "par-foo-bar par_foo_bar FooBarConfig bench-foo-bar foo-bar-executor \"foo-bar\" foo_bar_hello `foo-bar`"
        );
    }

    #[test]
    fn nothing_of_the_template_is_left() {
        for (path, text) in files(&Name::parse("par-mesh").unwrap()) {
            assert!(!path.to_string_lossy().contains("foo"), "{}", path.display());
            assert!(!text.to_lowercase().contains("foo"), "{}: {text}", path.display());
        }
    }

    #[test]
    fn the_crate_has_the_skeleton_of_all_crates() {
        let files = files(&Name::parse("par-mesh").unwrap());
        for path in [
            "crates/par-mesh/src/lib.rs",
            "crates/par-mesh/tests/it/main.rs",
            "crates/par-mesh/examples/mesh_hello.rs",
            "benches/src/bin/bench-mesh.rs",
        ] {
            assert!(files.iter().any(|(found, _)| found.to_string_lossy() == path), "{path}");
        }
        let (_, test) = files.iter().find(|(path, _)| path.ends_with("tests/it/main.rs")).unwrap();
        assert!(test.contains("par_core::testing::check(&MeshExecutor::new("), "{test}");
    }
}
