//! Word count: map-reduce whose keys are anything but evenly spread.

mod corpus;
mod letters;
mod serial;
mod table;
mod zipf;

use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use par_core::{Cost, Mismatch, Phase, Workload, split, task};
use serde::{Deserialize, Serialize};

use corpus::Corpus;
pub use table::{NotAWord, WordCounts, WordTable};
use zipf::Zipf;

/// How often each word of a text occurs, as `tr -cs A-Za-z '\n' | tr A-Z a-z | sort | uniq -c` counts it: a word is
/// a longest run of ASCII letters, in either case, and there is no empty word.
///
/// The text is a file, all files below a directory, or generated: word i is drawn by Philox block i / 2 from a
/// vocabulary of 65,536 words with Zipf's law, exponent 1 (the word of rank k has the weight 1 / k), and one word
/// in 16 is capitalised.
///
/// A chunk is a range of bytes of the files laid end to end, and a word belongs to the chunk in which it starts; no
/// word goes on into the next file. Of a generated text it is a range of words.
/// Reading and generating count as [`Phase::Setup`].
///
/// Reproducibility: exact.
///
/// # Examples
/// ```
/// use par_benches::workloads::WordCount;
/// use par_core::Workload;
///
/// let text = WordCount::zipf(1000, 42)?;
/// let counts = text.serial();
/// assert_eq!(counts.total, 1000);
/// text.verify(&counts, &counts)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordCount {
    text: Text,
}

/// Where the text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Text {
    Corpus(Corpus),
    Zipf { words: u64, seed: u64 },
}

/// A text that [`WordCount`] cannot count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WordCountError {
    /// A file or directory that cannot be read.
    #[error("cannot read the corpus at {}; name a readable text file or directory", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// No byte of text.
    #[error("no text in the corpus at {}", path.display())]
    Empty {
        /// The file or directory.
        path: PathBuf,
    },
    /// A generated text without words, or too long.
    #[error("no generated text of {words} words; choose 1 to {max}", max = WordCount::MAX_WORDS)]
    Words {
        /// The words that were asked for.
        words: u64,
    },
}

/// The seed of the named sizes.
const SEED: u64 = 42;
/// Bytes of text that are in memory at a time: fits a second-level cache beside the table.
const BLOCK_BYTES: u64 = 256 * 1024;
/// Generated words that are in memory at a time: about as many bytes.
const BLOCK_WORDS: u64 = 48 * 1024;

impl WordCount {
    /// The longest generated text, in words.
    pub const MAX_WORDS: u64 = 1 << 40;

    /// The text of a file, or of all files below a directory in the order of their paths; links are not followed.
    ///
    /// # Errors
    /// A [`WordCountError`] where something cannot be read, or there is no text.
    pub fn corpus(path: impl AsRef<Path>) -> Result<Self, WordCountError> {
        Ok(Self { text: Text::Corpus(Corpus::open(path.as_ref())?) })
    }

    /// A generated text of that many words.
    ///
    /// # Errors
    /// [`WordCountError::Words`] unless `1 ≤ words ≤ MAX_WORDS`.
    pub const fn zipf(words: u64, seed: u64) -> Result<Self, WordCountError> {
        if words == 0 || words > Self::MAX_WORDS {
            return Err(WordCountError::Words { words });
        }
        Ok(Self { text: Text::Zipf { words, seed } })
    }

    /// A generated text of about that many megabytes (of 10^6 bytes), at least one word.
    pub const fn zipf_megabytes(megabytes: u32) -> Self {
        let words = megabytes as u64 * 1_000_000_000 / zipf::BYTES_PER_1000_WORDS;
        Self { text: Text::Zipf { words: if words == 0 { 1 } else { words }, seed: SEED } }
    }

    /// The test size: 1 MB, generated.
    pub const fn test() -> Self {
        Self::zipf_megabytes(1)
    }

    /// The quick size: 20 MB, generated.
    pub const fn quick() -> Self {
        Self::zipf_megabytes(20)
    }

    /// The bench size: 200 MB, generated.
    pub const fn bench() -> Self {
        Self::zipf_megabytes(200)
    }

    /// The length of the text in bytes; of a generated one, the expected length.
    pub fn bytes(&self) -> u64 {
        match &self.text {
            Text::Corpus(corpus) => corpus.bytes(),
            Text::Zipf { words, .. } => {
                (u128::from(*words) * u128::from(zipf::BYTES_PER_1000_WORDS) / 1000) as u64
            }
        }
    }

    /// What [`verify`](Workload::verify) compares with.
    pub fn checked_against(&self) -> &'static str {
        match &self.text {
            Text::Corpus(corpus) if corpus.is_gpl3() => "coreutils on the GNU GPL, version 3",
            _ => "serial code",
        }
    }

    /// Appends the text of a chunk to `text`, for comparison with other programs.
    ///
    /// # Panics
    /// When the corpus has become unreadable or shorter.
    pub fn write_text(&self, chunk: Range<u64>, text: &mut Vec<u8>) {
        match &self.text {
            Text::Corpus(corpus) => corpus.read(chunk, text),
            Text::Zipf { seed, .. } => Zipf::new(*seed).write(chunk, text),
        }
    }

    /// The units that chunks are ranges of: bytes, or generated words.
    fn units(&self) -> u64 {
        match &self.text {
            Text::Corpus(corpus) => corpus.bytes(),
            Text::Zipf { words, .. } => *words,
        }
    }
}

/// A range, in consecutive pieces of at most `length`.
fn blocks(range: Range<u64>, length: u64) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    range.step_by(length as usize).map(move |start| start..end.min(start + length))
}

#[par_core::workload]
impl Workload for WordCount {
    const NAME: &'static str = "wordcount";
    type Chunk = Range<u64>;
    type Partial = WordTable;
    type Output = WordCounts;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk> {
        split(0..self.units(), parts)
    }

    fn compute(&self, chunk: Self::Chunk) -> WordTable {
        let task = task::current();
        let mut table = WordTable::default();
        let mut text = Vec::new();
        match &self.text {
            Text::Corpus(corpus) => {
                for block in blocks(chunk, BLOCK_BYTES) {
                    text.clear();
                    task.phase(Phase::Setup, || corpus.read(block, &mut text));
                    table.count(&text);
                }
            }
            Text::Zipf { seed, .. } => {
                let zipf = task.phase(Phase::Setup, || Zipf::new(*seed));
                for block in blocks(chunk, BLOCK_WORDS) {
                    text.clear();
                    task.phase(Phase::Setup, || zipf.write(block, &mut text));
                    table.count(&text);
                }
            }
        }
        table
    }

    fn identity(&self) -> WordTable {
        WordTable::default()
    }

    fn merge(&self, left: WordTable, right: WordTable) -> WordTable {
        left.join(right)
    }

    fn finish(&self, total: WordTable) -> WordCounts {
        total.summary()
    }

    fn serial(&self) -> WordCounts {
        serial::count(&self.text)
    }

    fn verify(&self, output: &WordCounts, reference: &WordCounts) -> Result<(), Mismatch> {
        if let Text::Corpus(corpus) = &self.text
            && corpus.is_gpl3()
        {
            Mismatch::unless_equal("published number of words", &output.total, &corpus::GPL3_TOTAL)?;
            Mismatch::unless_equal(
                "published number of distinct words",
                &output.distinct,
                &corpus::GPL3_DISTINCT,
            )?;
            for ((word, count), (published, times)) in output.top.iter().zip(corpus::GPL3_TOP) {
                Mismatch::unless_equal("published top words", &(word.as_str(), *count), &(published, times))?;
            }
        }
        if let Text::Zipf { words, .. } = self.text {
            Mismatch::unless_equal("number of generated words", &output.total, &words)?;
        }
        Mismatch::unless_equal("number of words", &output.total, &reference.total)?;
        Mismatch::unless_equal("number of distinct words", &output.distinct, &reference.distinct)?;
        Mismatch::unless_equal("top words", &output.top, &reference.top)?;
        Mismatch::unless_equal("digest of all counts", &output.digest, &reference.digest)
    }

    /// Operations are bytes of text, each of which is read once.
    fn cost(&self) -> Cost {
        Cost::operations(self.bytes()).with_bytes(self.bytes())
    }
}
