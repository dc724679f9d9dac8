//! A table of words, and its summary.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::letters::{fingerprint, letter_mask, load, lower_case};

/// Words, in lower case, and how often each occurs.
///
/// Encoded it is a list of words and counts in alphabetical order, so equal tables have equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordTable {
    /// Words of up to eight letters, packed, first letter lowest.
    short: FxHashMap<u64, u64>,
    long: FxHashMap<Box<[u8]>, u64>,
}

/// Something in an encoded table that is no word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no word of lower-case ASCII letters")]
pub struct NotAWord {
    /// What was found.
    pub word: String,
}

/// What is kept of a whole text's table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordCounts {
    /// Words, counted as often as they occur.
    pub total: u64,
    /// Different words.
    pub distinct: u64,
    /// The ten most frequent words and their counts, most frequent first, alphabetical among equals.
    pub top: Vec<(String, u64)>,
    /// A hash of all words and counts, independent of their order.
    pub digest: u64,
}

impl WordTable {
    /// Adds a word `count` times.
    ///
    /// # Errors
    /// [`NotAWord`] unless it consists of lower-case ASCII letters.
    pub fn add(&mut self, word: &str, count: u64) -> Result<(), NotAWord> {
        if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(NotAWord { word: word.to_owned() });
        }
        if word.len() <= 8 {
            *self.short.entry(load(word.as_bytes(), 0)).or_default() += count;
        } else {
            *self.long.entry(word.as_bytes().into()).or_default() += count;
        }
        Ok(())
    }

    /// Counts the words of a text.
    pub(super) fn count(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() {
            let bytes = load(text, at);
            let mask = letter_mask(bytes);
            let letters = (!mask & 0x8080_8080_8080_8080).trailing_zeros() / 8;
            if letters == 8 {
                at += self.count_long(text, at);
            } else if letters == 0 {
                at += (mask.trailing_zeros() / 8) as usize;
            } else {
                *self.short.entry(lower_case(bytes, letters)).or_default() += 1;
                at += letters as usize + 1;
            }
        }
    }

    /// Counts the word of at least eight letters at `at`, and returns its length.
    #[inline(never)]
    fn count_long(&mut self, text: &[u8], at: usize) -> usize {
        let rest = &text[at..];
        let length = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        if length == 8 {
            *self.short.entry(lower_case(load(text, at), 8)).or_default() += 1;
            return length;
        }
        let mut buffer = [0; 32];
        let spelled;
        let word = if let Some(word) = buffer.get_mut(..length) {
            word.copy_from_slice(&rest[..length]);
            word.make_ascii_lowercase();
            &*word
        } else {
            spelled = rest[..length].to_ascii_lowercase();
            &spelled
        };
        match self.long.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                self.long.insert(word.into(), 1);
            }
        }
        length
    }

    /// The sum of two tables; the smaller is added to the larger.
    pub(super) fn join(mut self, mut other: Self) -> Self {
        if self.short.len() < other.short.len() {
            std::mem::swap(&mut self.short, &mut other.short);
        }
        if self.long.len() < other.long.len() {
            std::mem::swap(&mut self.long, &mut other.long);
        }
        for (word, count) in other.short {
            *self.short.entry(word).or_default() += count;
        }
        for (word, count) in other.long {
            *self.long.entry(word).or_default() += count;
        }
        self
    }

    /// Every word with its count, in no order.
    fn words(&self) -> impl Iterator<Item = (String, u64)> {
        let short = self.short.iter().map(|(packed, count)| {
            let letters = packed.to_le_bytes();
            let length = 8 - packed.leading_zeros() as usize / 8;
            (spell(&letters[..length]), *count)
        });
        short.chain(self.long.iter().map(|(word, count)| (spell(word), *count)))
    }

    pub(super) fn summary(&self) -> WordCounts {
        let mut counts = WordCounts::default();
        let mut words: Vec<_> = self.words().collect();
        for (word, count) in &words {
            counts.total += count;
            counts.distinct += 1;
            counts.digest = counts.digest.wrapping_add(fingerprint(word.as_bytes(), *count));
        }
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(10);
        counts.top = words;
        counts
    }
}

fn spell(letters: &[u8]) -> String {
    letters.iter().map(|letter| char::from(*letter)).collect()
}

impl Serialize for WordTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = self.short.iter().map(|(packed, count)| (packed.swap_bytes(), &[][..], *count));
        let long = self.long.iter().map(|(word, count)| (load(word, 0).swap_bytes(), &**word, *count));
        let mut entries: Vec<Entry<'_>> =
            short.chain(long).map(|(start, long, count)| Entry { start, long, count }).collect();
        entries.sort_unstable();
        serializer.collect_seq(entries)
    }
}

/// A word and its count, without a copy of the word; ordered like the words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'a> {
    /// The first eight letters, the first one highest.
    start: u64,
    /// The word, where it is longer than that.
    long: &'a [u8],
    count: u64,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let letters = self.start.to_be_bytes();
        let short = &letters[..8 - self.start.trailing_zeros() as usize / 8];
        let word = if self.long.is_empty() { short } else { self.long };
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(str::from_utf8(word).map_err(serde::ser::Error::custom)?)?;
        pair.serialize_element(&self.count)?;
        pair.end()
    }
}

impl<'de> Deserialize<'de> for WordTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Words)
    }
}

/// Reads the pairs one by one, with words that stay in the buffer where the format allows it.
struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = WordTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("words of lower-case letters, and their counts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<WordTable, A::Error> {
        #[derive(Deserialize)]
        struct Pair<'a>(#[serde(borrow)] Cow<'a, str>, u64);

        // What a message claims about its length is believed up to the size of a large vocabulary.
        let expected = pairs.size_hint().unwrap_or(0).min(1 << 16);
        let mut table = WordTable::default();
        table.short.reserve(expected);
        while let Some(Pair(word, count)) = pairs.next_element()? {
            table.add(&word, count).map_err(A::Error::custom)?;
        }
        Ok(table)
    }
}

impl TryFrom<Vec<(String, u64)>> for WordTable {
    type Error = NotAWord;

    fn try_from(words: Vec<(String, u64)>) -> Result<Self, NotAWord> {
        let mut table = Self::default();
        for (word, count) in words {
            table.add(&word, count)?;
        }
        Ok(table)
    }
}
