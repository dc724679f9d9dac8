//! Text made up by Zipf's law.

use std::ops::Range;

use par_core::Philox;

/// Words in the vocabulary.
const VOCABULARY: usize = 1 << 16;

/// Bytes of 1000 generated words with what stands between them, measured over 10^7 words.
pub(super) const BYTES_PER_1000_WORDS: u64 = 4556;

/// Syllables: consonant and vowel. Frequent words are short: ranks below 100 have one, below 10,100 two.
const CONSONANTS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";
const VOWELS: &[u8; 5] = b"aeiou";
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();

/// A generator of text: any range of words, without those before it.
pub(super) struct Zipf {
    generator: Philox,
    /// For each rank: the odds, of 2^32, that it stays itself, and the rank that it becomes otherwise.
    alias: Vec<(u32, u16)>,
    /// The words by rank: at most six letters, zeros, and in the last byte how many letters.
    words: Vec<[u8; 8]>,
}

impl Zipf {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            generator: Philox::new(seed),
            alias: alias_table(),
            words: (0..VOCABULARY).map(spell).collect(),
        }
    }

    /// Appends words by their index; word i depends on the seed and on i alone.
    pub(super) fn write(&self, range: Range<u64>, text: &mut Vec<u8>) {
        text.reserve((range.end - range.start) as usize * 8);
        let mut block = [0; 4];
        for index in range.clone() {
            if index % 2 == 0 || index == range.start {
                block = self.generator.block(index / 2);
            }
            let half = 2 * (index % 2) as usize;
            self.append(block[half], block[half + 1], text);
        }
    }

    /// One word: 16 bits choose a column of the alias table, 32 bits one of its two ranks, 16 bits the style.
    fn append(&self, low: u32, odds: u32, text: &mut Vec<u8>) {
        let column = low as u16;
        let style = low >> 16;
        let (stays, other) = self.alias[usize::from(column)];
        let rank = if odds < stays { column } else { other };
        let mut letters = self.words[usize::from(rank)];
        let count = usize::from(letters[7]);
        if style.is_multiple_of(16) {
            letters[0] = letters[0].to_ascii_uppercase();
        }
        // The separator goes in with the word, so that both are one store.
        let length = match style >> 4 & 15 {
            0 => {
                letters[count] = b',';
                letters[count + 1] = b' ';
                count + 2
            }
            1 => {
                letters[count] = b'.';
                letters[count + 1] = b'\n';
                count + 2
            }
            _ => {
                letters[count] = b' ';
                count + 1
            }
        };
        let end = text.len() + length;
        text.extend_from_slice(&letters);
        text.truncate(end);
    }
}

/// The word of a rank: the rank in bijective base 100, syllable by syllable, so that no two are alike.
fn spell(rank: usize) -> [u8; 8] {
    let mut letters = [0; 8];
    let mut count = 0;
    let mut rest = rank + 1;
    while rest > 0 {
        let syllable = (rest - 1) % SYLLABLES;
        letters[count] = CONSONANTS[syllable / VOWELS.len()];
        letters[count + 1] = VOWELS[syllable % VOWELS.len()];
        count += 2;
        rest = (rest - 1) / SYLLABLES;
    }
    letters[7] = count as u8;
    letters
}

/// The alias method (A. J. Walker 1977, in M. D. Vose's form of 1991), in integers, so that every machine draws
/// the same words.
fn alias_table() -> Vec<(u32, u16)> {
    // Rank k (from 0) weighs 2^40 / (k + 1); a column of the table holds the mean.
    let mut weights: Vec<u64> = (1..=VOCABULARY as u64).map(|rank| (1_u64 << 40) / rank).collect();
    let mean = weights.iter().sum::<u64>() / VOCABULARY as u64;
    let mut table: Vec<_> = (0..VOCABULARY).map(|rank| (u32::MAX, rank as u16)).collect();
    let (mut small, mut large): (Vec<_>, Vec<_>) = (0..VOCABULARY).partition(|rank| weights[*rank] < mean);
    while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
        table[poor] = (((u128::from(weights[poor])) << 32).div_euclid(u128::from(mean)) as u32, rich as u16);
        small.pop();
        weights[rich] -= mean - weights[poor];
        if weights[rich] < mean {
            large.pop();
            small.push(rich);
        }
    }
    table
}
