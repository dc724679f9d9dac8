//! Text in files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::WordCountError;

/// Files laid end to end, by path and length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Corpus {
    files: Vec<TextFile>,
    gpl3: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TextFile {
    path: PathBuf,
    /// Where it starts in the corpus, in bytes.
    start: u64,
    bytes: u64,
}

/// The GNU General Public License, version 3, as Debian installs it: its length, and the counts of GNU coreutils.
const GPL3_BYTES: u64 = 35_149;
const GPL3_SHA1: [u8; 20] = [
    0x31, 0xa3, 0xd4, 0x60, 0xbb, 0x3c, 0x7d, 0x98, 0x84, 0x51, 0x87, 0xc7, 0x16, 0xa3, 0x0d, 0xb8, 0x1c,
    0x44, 0xb6, 0x15,
];
pub(super) const GPL3_TOTAL: u64 = 5641;
pub(super) const GPL3_DISTINCT: u64 = 999;
pub(super) const GPL3_TOP: [(&str, u64); 5] =
    [("the", 345), ("of", 221), ("to", 192), ("a", 184), ("or", 151)];

impl Corpus {
    pub(super) fn open(path: &Path) -> Result<Self, WordCountError> {
        let unreadable = |source| WordCountError::Unreadable { path: path.to_owned(), source };
        let mut paths = Vec::new();
        list(path, &fs::metadata(path).map_err(unreadable)?, &mut paths)
            .map_err(|(path, source)| WordCountError::Unreadable { path, source })?;
        paths.sort_unstable();
        let mut start = 0;
        let mut files = Vec::with_capacity(paths.len());
        for (path, bytes) in paths {
            // Opened once now, so that what cannot be read is an error here and not in a worker.
            File::open(&path).map_err(|source| WordCountError::Unreadable { path: path.clone(), source })?;
            files.push(TextFile { path, start, bytes });
            start += bytes;
        }
        if start == 0 {
            return Err(WordCountError::Empty { path: path.to_owned() });
        }
        let mut corpus = Self { files, gpl3: false };
        if let [file] = corpus.files.as_slice()
            && file.bytes == GPL3_BYTES
        {
            corpus.gpl3 = Sha1::digest(fs::read(&file.path).map_err(unreadable)?)[..] == GPL3_SHA1;
        }
        Ok(corpus)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.last().map_or(0, |file| file.start + file.bytes)
    }

    pub(super) fn is_gpl3(&self) -> bool {
        self.gpl3
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Appends whole words: those that start in `range`, and what lies between them.
    pub(super) fn read(&self, range: Range<u64>, text: &mut Vec<u8>) {
        let first = self.files.partition_point(|file| file.start + file.bytes <= range.start);
        for file in self.files[first..].iter().take_while(|file| file.start < range.end) {
            let here =
                range.start.max(file.start) - file.start..range.end.min(file.start + file.bytes) - file.start;
            if let Err(error) = file.read(here, text) {
                panic!("cannot read {} any more: {error}", file.path.display());
            }
            // No word goes on into the next file.
            text.push(b'\n');
        }
    }
}

impl TextFile {
    fn read(&self, range: Range<u64>, text: &mut Vec<u8>) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        let from = text.len();
        // The byte before tells whether the range starts inside a word, which is then the business of another.
        let lead = u64::from(range.start > 0);
        file.seek(SeekFrom::Start(range.start - lead))?;
        let wanted = range.end - range.start + lead;
        if file.by_ref().take(wanted).read_to_end(text)? as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let letters = text[from..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let inside = lead == 1 && letters > 0;
        if inside && from + letters == text.len() {
            // One word fills the whole range, and started before it.
            text.truncate(from);
            return Ok(());
        }
        text.drain(from..from + if inside { letters } else { lead as usize });
        finish_word(&mut file, text)
    }
}

/// Appends the rest of the word that `text` ends in, if it ends in one.
fn finish_word(file: &mut File, text: &mut Vec<u8>) -> io::Result<()> {
    while text.last().is_some_and(u8::is_ascii_alphabetic) {
        let mut more = [0; 64];
        let read = file.read(&mut more)?;
        let letters = more[..read].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        text.extend_from_slice(&more[..letters]);
        if letters < read || read == 0 {
            break;
        }
    }
    Ok(())
}

/// All regular files at or below a path, with their lengths.
fn list(
    path: &Path,
    metadata: &fs::Metadata,
    files: &mut Vec<(PathBuf, u64)>,
) -> Result<(), (PathBuf, io::Error)> {
    if metadata.is_file() {
        files.push((path.to_owned(), metadata.len()));
    } else if metadata.is_dir() {
        let at = |error| (path.to_owned(), error);
        for entry in fs::read_dir(path).map_err(at)? {
            let entry = entry.map_err(at)?;
            list(&entry.path(), &entry.metadata().map_err(|error| (entry.path(), error))?, files)?;
        }
    }
    Ok(())
}
