//! Rules about single files.

use super::source;
use super::tree::{File, Tree, has_extension};

/// The most lines of a Rust file, its tests not counted.
const LINES_MAX: usize = 600;
/// Names that say nothing about what is in a file.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "misc", "types", "prelude"];
/// The crates in which nothing is unsafe.
const SAFE: &[&str] =
    &["crates/par-core", "crates/par-threads", "crates/par-async", "crates/par-distributed", "xtask"];
/// What may hold unsafe code, in files of these names; of the benches only the peers with a C interface.
const UNSAFE_CRATES: &[&str] =
    &["crates/par-process/", "crates/par-mpi/", "crates/par-gpu/", "benches/benches/"];
const UNSAFE_FILES: &[&str] = &["shm.rs", "ffi.rs"];
/// Folders of the machines on which the code was written; in pieces, since this file is checked too.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
/// What a finished program does not hold, with what to write instead.
const LEFTOVERS: &[(&str, &str)] = &[
    ("#[allow(", "use #[expect(…, reason = \"…\")]"),
    ("#![allow(", "use #![expect(…, reason = \"…\")]"),
    ("#[ignore", "skip with a printed reason, and fail under PAR_REQUIRE"),
    ("todo!", "write it"),
    ("unimplemented!", "write it"),
    ("dbg!", "remove it"),
];

/// No Rust file is longer than 600 lines before its tests.
pub(super) fn length(tree: &Tree) -> Vec<String> {
    let lines = |file: &File| file.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    tree.rust()
        .filter(|file| lines(file) > LINES_MAX)
        .map(|file| format!("{}: {} lines, {LINES_MAX} at most: split it", file.path, lines(file)))
        .collect()
}

/// No Rust file or folder of Rust files is called `utils` or the like.
pub(super) fn names(tree: &Tree) -> Vec<String> {
    tree.rust()
        .filter(|file| {
            file.path.split('/').any(|part| EMPTY_NAMES.contains(&part.strip_suffix(".rs").unwrap_or(part)))
        })
        .map(|file| format!("{}: name it after what it holds", file.path))
        .collect()
}

/// No file names a folder of the machine on which it was written.
pub(super) fn machine_paths(tree: &Tree) -> Vec<String> {
    let begins = |line: &str, path: &str| {
        line.match_indices(path).any(|(at, _)| {
            // Behind a word it is a folder of something else: a URL, a relative path.
            !line[..at].ends_with(|char: char| char.is_alphanumeric() || "._-~})>".contains(char))
        })
    };
    complain(tree.files.iter(), |line| {
        let path = MACHINE_PATHS.iter().find(|path| begins(line, path))?;
        Some(format!("names {path}, a folder of one machine"))
    })
}

/// No `allow`, no ignored test, no placeholder.
///
/// What a macro writes into other crates may `allow`: whether an `expect` would be met there is not known here.
pub(super) fn leftovers(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let macros: Vec<String> = tree
        .workspace
        .packages
        .iter()
        .filter(|package| {
            package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
        })
        .map(|package| tree.relative(package.dir()) + "/")
        .collect();
    for file in tree.rust() {
        let in_macro = macros.iter().any(|folder| file.path.starts_with(folder));
        let code = source::code(&file.text);
        for (index, line) in code.lines().enumerate() {
            for (leftover, instead) in LEFTOVERS {
                if line.contains(leftover) && !(in_macro && leftover.contains("allow")) {
                    complaints.push(format!("{}:{}: {leftover}: {instead}", file.path, index + 1));
                }
            }
        }
    }
    complaints
}

/// The crates that need no unsafe code forbid it.
pub(super) fn unsafe_is_forbidden(tree: &Tree) -> Vec<String> {
    let is_root = |file: &&File| {
        SAFE.iter().any(|folder| {
            ["lib.rs", "main.rs"].iter().any(|name| file.path == format!("{folder}/src/{name}"))
        })
    };
    tree.rust()
        .filter(is_root)
        // Or under a condition: tests may need more.
        .filter(|file| !source::code(&file.text).contains("forbid(unsafe_code)"))
        .map(|file| format!("{}: add #![forbid(unsafe_code)]", file.path))
        .collect()
}

/// The others hold it in few files, which are reviewed with that in mind.
pub(super) fn unsafe_is_confined(tree: &Tree) -> Vec<String> {
    let may = |file: &&File| {
        UNSAFE_CRATES.iter().any(|folder| file.path.starts_with(folder))
            && file.path.rsplit('/').next().is_some_and(|name| UNSAFE_FILES.contains(&name))
    };
    tree.rust()
        .filter(|file| !may(file) && source::has_word(&source::code(&file.text), "unsafe"))
        .map(|file| {
            let (files, crates) = (UNSAFE_FILES.join(" or "), UNSAFE_CRATES.join(", "));
            format!("{}: unsafe code belongs into a {files} of {crates}", file.path)
        })
        .collect()
}

/// The complaints about single lines of text files.
fn complain<'a>(files: impl Iterator<Item = &'a File>, rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
    files
        .filter(|file| !has_extension(&file.path, "lock"))
        .flat_map(|file| file.text.lines().enumerate().map(move |(index, line)| (file, index + 1, line)))
        .filter_map(|(file, number, line)| Some(format!("{}:{number}: {}", file.path, rule(line)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::{files, tree};
    use super::*;
    use crate::workspace::Target;

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let short = "//\n".repeat(LINES_MAX);
        let with_tests = format!("{short}#[cfg(test)]\nmod tests {{\n{short}}}\n");
        assert!(length(&files(&[("a.rs", &with_tests)])).is_empty());
        assert_eq!(length(&files(&[("a.rs", &format!("{short}//\n")), ("a.md", &short)])).len(), 1);
    }

    #[test]
    fn an_empty_name_is_found() {
        assert!(names(&files(&[("crates/x/src/queue.rs", ""), ("types.md", "")])).is_empty());
        for path in ["crates/x/src/utils.rs", "crates/x/tests/common/mod.rs", "crates/x/src/types.rs"] {
            assert_eq!(names(&files(&[(path, "")])).len(), 1, "{path}");
        }
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        let bad = format!("see {}me/notes", MACHINE_PATHS[2]);
        assert_eq!(machine_paths(&files(&[("README.md", &bad)])).len(), 1);
        let good = format!("https://example.com{}me and target{}x", MACHINE_PATHS[2], MACHINE_PATHS[0]);
        assert!(machine_paths(&files(&[("README.md", &good)])).is_empty());
    }

    #[test]
    fn leftovers_are_found_in_code_only() {
        for line in
            ["#[allow(dead_code)]", "fn f() { todo!() }", "#[ignore]", "#[ignore = \"x\"]", "dbg!(1);"]
        {
            assert_eq!(leftovers(&files(&[("a.rs", line)])).len(), 1, "{line}");
        }
        let quiet = "// todo!\n#[expect(dead_code, reason = \"dbg!\")]\nfn f() {}\n";
        assert!(leftovers(&files(&[("a.rs", quiet)])).is_empty());
    }

    #[test]
    fn what_a_macro_writes_may_allow() {
        let lines = "quote! { #[allow(non_camel_case_types)] struct x; }";
        let mut tree = tree(
            &[("crates/par-macros", "", &[])],
            &[("crates/par-macros/src/task.rs", lines), ("crates/par-core/src/task.rs", lines)],
        );
        tree.workspace.packages[0].targets.push(Target {
            name: "par_macros".to_owned(),
            kind: vec!["proc-macro".to_owned()],
            src_path: "/w/crates/par-macros/src/lib.rs".into(),
            required_features: Vec::new(),
        });
        assert_eq!(leftovers(&tree).len(), 1);
        assert!(leftovers(&tree)[0].starts_with("crates/par-core/"));
    }

    #[test]
    fn a_missing_forbid_is_found() {
        let forbid = "//! A crate.\n#![forbid(unsafe_code)]\n";
        assert!(unsafe_is_forbidden(&files(&[("crates/par-core/src/lib.rs", forbid)])).is_empty());
        assert!(unsafe_is_forbidden(&files(&[("crates/par-process/src/lib.rs", "")])).is_empty());
        let commented = "// #![forbid(unsafe_code)]";
        assert_eq!(unsafe_is_forbidden(&files(&[("xtask/src/main.rs", commented)])).len(), 1);
    }

    #[test]
    fn unsafe_code_in_the_wrong_file_is_found() {
        let block = "fn f() { unsafe { g() } }";
        assert!(unsafe_is_confined(&files(&[("crates/par-process/src/shm.rs", block)])).is_empty());
        for path in ["crates/par-process/src/pool.rs", "crates/par-core/src/shm.rs", "benches/src/ffi.rs"] {
            assert_eq!(unsafe_is_confined(&files(&[(path, block)])).len(), 1, "{path}");
        }
        assert!(unsafe_is_confined(&files(&[("a.rs", "// unsafe\n#![forbid(unsafe_code)]")])).is_empty());
    }
}
