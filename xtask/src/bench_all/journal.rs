//! `results.jsonl`: grows while measuring, so that neither Ctrl-C nor a power cut loses a round.
//!
//! While a run goes on a row may appear again with more samples; the last version of a key counts.
//! At the end the file is written anew, each row once.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::row::Row;
use crate::error::Error;

/// The file's name in a results folder.
pub(super) const NAME: &str = "results.jsonl";

/// The file while it grows.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// An empty journal in `folder`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        Ok(Self { file: File::create(&path)?, path })
    }

    /// Appends the present versions of `rows`.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub(super) fn append(&mut self, rows: &[Row]) -> io::Result<()> {
        self.file.write_all(lines(rows)?.as_bytes())?;
        self.file.flush()
    }

    /// Replaces the file by `rows`, each once, in one step.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub(super) fn finish(self, rows: &[Row]) -> io::Result<()> {
        let new = self.path.with_extension("jsonl.new");
        fs::write(&new, lines(rows)?)?;
        fs::rename(new, &self.path)
    }
}

/// The rows of a folder, last versions only. An unfinished last line is what a crash leaves: it is passed over.
///
/// # Errors
/// There is no such file, or a line of it is no row.
pub(super) fn read(folder: &Path) -> Result<Vec<Row>, Error> {
    let path = folder.join(NAME);
    let text =
        fs::read_to_string(&path).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?;
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str::<Row>(line) {
            Ok(row) => match rows.iter_mut().find(|known| known.key() == row.key()) {
                Some(known) => *known = row,
                None => rows.push(row),
            },
            Err(_) if !line.ends_with('\n') || line.trim().is_empty() => {}
            Err(error) => {
                return Err(Error::Usage(format!("{} line {}: {error}", path.display(), number + 1)));
            }
        }
    }
    Ok(rows)
}

fn lines(rows: &[Row]) -> io::Result<String> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Journal, NAME, read};
    use crate::bench_all::row::{Row, RunRow};

    fn run(samples: &[u64]) -> Row {
        Row::Run(Box::new(RunRow {
            workload: "ep".into(),
            samples_ns: samples.to_vec(),
            ..RunRow::default()
        }))
    }

    #[test]
    fn the_last_version_counts_and_a_torn_line_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        journal.append(&[run(&[1])]).unwrap();
        journal.append(&[run(&[1, 2])]).unwrap();
        let path = folder.path().join(NAME);
        let torn = std::fs::read_to_string(&path).unwrap() + r#"{"kind":"run","workl"#;
        std::fs::write(&path, torn).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [run(&[1, 2])]);
        journal.finish(&[run(&[3])]).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [run(&[3])]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "{}\n").unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("line 1"));
    }
}
