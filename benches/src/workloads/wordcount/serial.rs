//! The whole text on one thread: one open-addressed table, grown in place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use par_core::{Phase, task};

use super::letters::{fingerprint, letter_mask, load, lower_case};
use super::zipf::Zipf;
use super::{Text, WordCounts};

pub(super) fn count(text: &Text) -> WordCounts {
    let task = task::current();
    let mut counter = Counter::new();
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

/// Words of up to eight letters in a table of (packed word, count) with linear probing; longer ones, which are
/// rare, in a map.
struct Counter {
    slots: Vec<(u64, u64)>,
    used: usize,
    long: HashMap<Vec<u8>, u64>,
}

impl Counter {
    fn new() -> Self {
        Self { slots: vec![(0, 0); 1 << 12], used: 0, long: HashMap::new() }
    }

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
            let other = !letter_mask(bytes) & 0x8080_8080_8080_8080;
            if other == 0 {
                let length = text[position..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                if length == 8 {
                    self.add(lower_case(bytes, 8));
                } else {
                    let word = text[position..position + length].to_ascii_lowercase();
                    *self.long.entry(word).or_insert(0) += 1;
                }
                position += length + 1;
                continue;
            }
            let length = other.trailing_zeros() / 8;
            if length > 0 {
                self.add(lower_case(bytes, length));
            }
            position += length as usize + 1;
        }
    }

    #[inline]
    fn add(&mut self, word: u64) {
        let slot = self.find(word);
        let (key, count) = &mut self.slots[slot];
        *count += 1;
        if *key == 0 {
            *key = word;
            self.used += 1;
            if self.used * 2 > self.slots.len() {
                self.grow();
            }
        }
    }

    /// The slot of a word, or the empty one where it belongs. No word is packed as 0.
    #[inline]
    fn find(&self, word: u64) -> usize {
        // Multiplicative hashing (Knuth, TAOCP 3, 6.4): the high bits of a product with 2^64 / φ.
        let mask = self.slots.len() - 1;
        let mut slot = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        loop {
            let key = self.slots[slot].0;
            if key == word || key == 0 {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![(0, 0); self.slots.len() * 2];
        for (word, count) in std::mem::replace(&mut self.slots, larger) {
            if word != 0 {
                let slot = self.find(word);
                self.slots[slot] = (word, count);
            }
        }
    }

    fn finish(self) -> WordCounts {
        let mut words: Vec<(Vec<u8>, u64)> = self.long.into_iter().collect();
        words.extend(self.slots.iter().filter(|slot| slot.0 != 0).map(|(packed, count)| {
            let letters = packed.to_le_bytes();
            (letters.into_iter().take_while(|letter| *letter != 0).collect(), *count)
        }));
        let total = words.iter().map(|(_, count)| count).sum();
        let digest =
            words.iter().fold(0_u64, |sum, (word, count)| sum.wrapping_add(fingerprint(word, *count)));
        words.sort_unstable_by_key(|(word, count)| (std::cmp::Reverse(*count), word.clone()));
        let spell = |word: &[u8]| word.iter().copied().map(char::from).collect();
        let top = words.iter().take(10).map(|(word, count)| (spell(word), *count)).collect();
        WordCounts { total, distinct: words.len() as u64, top, digest }
    }
}
