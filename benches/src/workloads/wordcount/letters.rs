//! ASCII letters, eight bytes at a time.

const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of every byte that is an ASCII letter, of either case.
#[inline]
pub(super) const fn letter_mask(bytes: u64) -> u64 {
    // Adding to seven bits carries into the eighth, never into the next byte.
    let lower = (bytes | (ONES * 0x20)) & !HIGH;
    let from_a = lower + ONES * (0x80 - b'a' as u64);
    let beyond_z = lower + ONES * (0x7f - b'z' as u64);
    from_a & !beyond_z & !bytes & HIGH
}

/// The bytes in lower case, those beyond the first `letters` being 0; all of the first are letters.
#[inline]
pub(super) const fn lower_case(bytes: u64, letters: u32) -> u64 {
    if letters >= 8 {
        return bytes | (ONES * 0x20);
    }
    (bytes | (ONES * 0x20)) & ((1 << (8 * letters)) - 1)
}

/// The eight bytes from `at` on, filled up with zeros at the end of the text.
#[inline]
pub(super) fn load(text: &[u8], at: usize) -> u64 {
    let rest = &text[at..];
    rest.first_chunk().map_or_else(
        || rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
        |bytes| u64::from_le_bytes(*bytes),
    )
}

/// A number that depends on the word and its count; over all words these sum, modulo 2^64, to the digest.
pub(super) fn fingerprint(word: &[u8], count: u64) -> u64 {
    // FNV-1a (Fowler, Noll, Vo), then the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    let hash = word.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut bits = hash ^ count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{letter_mask, load};

    #[test]
    fn mask_agrees_with_the_standard_library_for_every_byte_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                for around in [0, b'a', b'z', b'@', 0xff] {
                    let mut bytes = [around; 8];
                    bytes[place] = byte;
                    let mask = letter_mask(u64::from_le_bytes(bytes)).to_le_bytes();
                    let expected = bytes.map(|byte| if byte.is_ascii_alphabetic() { 0x80 } else { 0 });
                    assert_eq!(mask, expected, "{byte} at {place} among {around}");
                }
            }
        }
    }

    #[test]
    fn loading_at_the_end_fills_up_with_zeros() {
        assert_eq!(load(b"abcdefghij", 7).to_le_bytes(), *b"hij\0\0\0\0\0");
    }
}
