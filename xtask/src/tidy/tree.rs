//! What rules look at: the workspace's members and the text of its files.

use std::path::Path;

use crate::error::Error;
use crate::workspace::Workspace;

/// The members and the files of a workspace.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) workspace: Workspace,
    /// Every text file that git knows or would take, sorted by path.
    pub(super) files: Vec<File>,
}

/// A text file.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// From the root folder, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    /// Reads what git tracks, and what is new and not ignored.
    ///
    /// # Errors
    /// git failed.
    pub(super) fn read(workspace: &Workspace) -> Result<Self, Error> {
        let text = |path: &String| std::fs::read_to_string(workspace.root.join(path)).ok();
        // What is no text has nothing to check.
        let files = workspace
            .files()?
            .into_iter()
            .filter_map(|path| text(&path).map(|text| File { path, text }))
            .collect();
        Ok(Self { workspace: workspace.clone(), files })
    }

    /// The file at this path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| has_extension(&file.path, "rs"))
    }

    /// A path from the root folder.
    pub(super) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.workspace.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

/// True when the file's name ends in `.extension`.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
pub(super) mod testing {
    //! Small trees for the rules' tests.

    use serde_json::json;

    use super::*;

    /// A tree of these files, without members.
    pub(in crate::tidy) fn files(files: &[(&str, &str)]) -> Tree {
        tree(&[], files)
    }

    /// A tree of members (path, paradigm or nothing, dependencies) and files.
    pub(in crate::tidy) fn tree(members: &[(&str, &str, &[&str])], files: &[(&str, &str)]) -> Tree {
        let packages: Vec<_> = members
            .iter()
            .map(|(path, paradigm, dependencies)| {
                let par = if paradigm.is_empty() {
                    json!(null)
                } else {
                    json!({"paradigm": paradigm, "bench": format!("bench-{paradigm}")})
                };
                let dependencies: Vec<_> =
                    dependencies.iter().map(|name| dependency(name, members)).collect();
                let name = match *path {
                    "examples" => "par-examples",
                    "benches" => "par-benches",
                    path => path.rsplit('/').next().unwrap(),
                };
                json!({"name": name, "manifest_path": format!("/w/{path}/Cargo.toml"), "targets": [],
                    "dependencies": dependencies, "metadata": {"par": par}})
            })
            .collect();
        let text = json!({"workspace_root": "/w", "target_directory": "/w/target", "packages": packages});
        Tree {
            workspace: Workspace::parse(&text.to_string()).unwrap(),
            files: files
                .iter()
                .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
                .collect(),
        }
    }

    fn dependency(name: &str, members: &[(&str, &str, &[&str])]) -> serde_json::Value {
        match members.iter().find(|member| member.0.ends_with(name)) {
            Some((path, _, _)) => {
                json!({"name": name, "source": null, "path": format!("/w/{path}"), "req": "^0.1", "kind": null})
            }
            None => json!({"name": name, "source": crate::tidy::edges::CRATES_IO, "req": "^1", "kind": null}),
        }
    }
}
