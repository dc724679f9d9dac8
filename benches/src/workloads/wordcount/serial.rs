//! The whole text on one thread.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use par_core::{Phase, task};
use rustc_hash::FxHashMap;

use super::letters::{fingerprint, letter_mask, load, lower_case};
use super::zipf::Zipf;
use super::{Text, WordCounts};

pub(super) fn count(text: &Text) -> WordCounts {
    let task = task::current();
    let mut counter = Counter::default();
    match text {
        Text::Corpus(corpus) => {
            for path in corpus.paths() {
                if let Err(error) = counter.count_file(path) {
                    panic!("cannot read {} any more: {error}", path.display());
                }
            }
        }
        Text::Zipf { words, seed } => {
            const STRIDE: u64 = 1 << 15;
            let zipf = task.phase(Phase::Setup, || Zipf::new(*seed));
            let mut bytes = Vec::new();
            let mut start = 0;
            while start < *words {
                let end = words.min(&(start + STRIDE)).to_owned();
                bytes.clear();
                task.phase(Phase::Setup, || zipf.write(start..end, &mut bytes));
                counter.count(&bytes);
                start = end;
            }
        }
    }
    counter.finish()
}

/// Words of up to eight letters, packed, and longer ones, which are rare.
#[derive(Default)]
struct Counter {
    packed: FxHashMap<u64, u64>,
    long: HashMap<Vec<u8>, u64>,
}

impl Counter {
    /// Counts a file through a buffer; what follows the last whole word waits for the next filling.
    fn count_file(&mut self, path: &Path) -> io::Result<()> {
        let task = task::current();
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 1 << 18];
        let mut filled = 0;
        loop {
            let read = task.phase(Phase::Setup, || file.read(&mut buffer[filled..]))?;
            if read == 0 {
                self.count(&buffer[..filled]);
                return Ok(());
            }
            filled += read;
            let whole =
                buffer[..filled].iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            self.count(&buffer[..whole]);
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
            if filled == buffer.len() {
                // A word as long as the buffer.
                buffer.resize(2 * filled, 0);
            }
        }
    }

    fn count(&mut self, text: &[u8]) {
        let mut position = 0;
        while position < text.len() {
            let bytes = load(text, position);
            let mask = letter_mask(bytes);
            let length = (!mask & 0x8080_8080_8080_8080).trailing_zeros() / 8;
            if length == 8 {
                position += self.add_long(&text[position..]);
                continue;
            }
            // The next word's place must not wait for the table.
            position += if length == 0 { mask.trailing_zeros() / 8 } else { length + 1 } as usize;
            if length > 0 {
                *self.packed.entry(lower_case(bytes, length)).or_insert(0) += 1;
            }
        }
    }

    /// Counts the word of at least eight letters that `text` starts with, and returns its length.
    #[inline(never)]
    fn add_long(&mut self, text: &[u8]) -> usize {
        let length = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if length == 8 {
            *self.packed.entry(lower_case(load(text, 0), 8)).or_insert(0) += 1;
        } else {
            *self.long.entry(text[..length].to_ascii_lowercase()).or_insert(0) += 1;
        }
        length
    }

    fn finish(self) -> WordCounts {
        let mut words: Vec<(Vec<u8>, u64)> = self.long.into_iter().collect();
        words.extend(self.packed.into_iter().map(|(packed, count)| {
            let letters = packed.to_le_bytes();
            (letters.into_iter().take_while(|letter| *letter != 0).collect(), count)
        }));
        let total = words.iter().map(|(_, count)| count).sum();
        let digest =
            words.iter().fold(0_u64, |sum, (word, count)| sum.wrapping_add(fingerprint(word, *count)));
        let by_rank = |a: &(Vec<u8>, u64), b: &(Vec<u8>, u64)| (b.1, &a.0).cmp(&(a.1, &b.0));
        let distinct = words.len();
        if distinct > 10 {
            words.select_nth_unstable_by(10, by_rank);
            words.truncate(10);
        }
        words.sort_unstable_by(by_rank);
        let spell = |word: &[u8]| word.iter().copied().map(char::from).collect();
        let top = words.iter().map(|(word, count)| (spell(word), *count)).collect();
        WordCounts { total, distinct: distinct as u64, top, digest }
    }
}
