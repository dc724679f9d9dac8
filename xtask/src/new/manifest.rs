//! The lines that name a new crate in files that exist: two manifests and the map.

use crate::error::Error;

/// The root manifest with the crate among the workspace's dependencies.
///
/// # Errors
/// The manifest has no dependency on a par crate to put the line behind.
pub(super) fn with_workspace_dependency(manifest: &str, krate: &str) -> Result<String, Error> {
    let line = format!("{krate} = {{ path = \"crates/{krate}\", version = \"0.1.0\" }}");
    insert(manifest, "[workspace.dependencies]", &line)
        .ok_or_else(|| Error::Failed("Cargo.toml: no `par-… =` line in [workspace.dependencies]".to_owned()))
}

/// The manifest of benches/ with a dependency on the crate.
///
/// # Errors
/// The manifest has no dependency on a par crate to put the line behind.
pub(super) fn with_dependency(manifest: &str, krate: &str) -> Result<String, Error> {
    insert(manifest, "[dependencies]", &format!("{krate}.workspace = true"))
        .ok_or_else(|| Error::Failed("benches/Cargo.toml: no `par-… =` line in [dependencies]".to_owned()))
}

/// The map with a row behind the last one that begins with a crate; `None` when it has no such table.
pub(super) fn with_map_line(map: &str, krate: &str) -> Option<String> {
    let lines: Vec<&str> = map.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with("| `crates/"))?;
    let row = format!("| `crates/{krate}` | a paradigm that was made from the template | `executor.rs` |");
    Some(behind(&lines, last, &row))
}

/// The index of recipes with a chapter for the crate's first example.
pub(super) fn with_recipe(index: &str, krate: &str, example: &str) -> String {
    let index = index.trim_end();
    format!("{index}\n\n## `-p {krate}`\n| recipe | example |\n|---|---|\n| hello | `{example}` |\n")
}

/// The text with `line` behind the last line of the section that begins with `par-`.
fn insert(text: &str, section: &str, line: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| line.trim() == section)? + 1;
    let length = lines[start..].iter().take_while(|line| !line.starts_with('[')).count();
    let last = lines[start..start + length].iter().rposition(|line| line.starts_with("par-"))?;
    Some(behind(&lines, start + last, line))
}

fn behind(lines: &[&str], at: usize, line: &str) -> String {
    let (before, after) = lines.split_at(at + 1);
    [before, &[line], after].concat().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_behind_the_last_par_crate_of_its_section() {
        let manifest = "[workspace]\n\n[workspace.dependencies]\npar-core = { }\npar-macros = { }\n\nserde = \"1\"\n\n\
            [other]\npar-x = 1\n";
        let text = with_workspace_dependency(manifest, "par-mesh").unwrap();
        assert!(
            text.contains(
                "par-macros = { }\npar-mesh = { path = \"crates/par-mesh\", version = \"0.1.0\" }\n\nserde"
            ),
            "{text}"
        );
        assert!(text.ends_with("par-x = 1\n"));
    }

    #[test]
    fn a_manifest_without_par_crates_is_refused() {
        assert!(with_dependency("[dependencies]\nserde = \"1\"\n[other]\npar-x = 1\n", "par-mesh").is_err());
        assert!(with_workspace_dependency("[package]\n", "par-mesh").is_err());
    }

    #[test]
    fn the_map_gets_a_line_where_it_lists_crates() {
        let map = "# Map\n| `crates/par-core` | words | |\n| `xtask` | commands | |\n";
        assert!(with_map_line(map, "par-mesh").unwrap().contains("words | |\n| `crates/par-mesh` | "));
        assert_eq!(with_map_line("# Map\n", "par-mesh"), None);
    }

    #[test]
    fn the_index_of_recipes_gets_a_chapter() {
        let index = with_recipe("# Recipes\n| a | `b` |\n", "par-mesh", "mesh_hello");
        assert!(index.starts_with("# Recipes\n| a | `b` |\n\n## `-p par-mesh`\n"));
        assert!(index.ends_with("| hello | `mesh_hello` |\n"));
    }

    #[test]
    fn the_manifests_of_this_workspace_take_the_line() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
        assert!(with_workspace_dependency(&read("Cargo.toml"), "par-mesh").is_ok());
        assert!(with_dependency(&read("benches/Cargo.toml"), "par-mesh").is_ok());
        assert!(with_map_line(&read("ARCHITECTURE.md"), "par-mesh").is_some());
    }
}
