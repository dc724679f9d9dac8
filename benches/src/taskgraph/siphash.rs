//! SipHash-2-4 with 64 bits, as far as Task Bench needs it.
//!
//! Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.

/// The hash of 64-bit words, taken as little-endian bytes.
pub(super) fn hash(words: &[u64], key: [u64; 2]) -> u64 {
    // "somepseudorandomlygeneratedbytes", the constants of the paper.
    let mut state = [
        key[0] ^ 0x736f_6d65_7073_6575,
        key[1] ^ 0x646f_7261_6e64_6f6d,
        key[0] ^ 0x6c79_6765_6e65_7261,
        key[1] ^ 0x7465_6462_7974_6573,
    ];
    // The last word holds the length modulo 256 in its top byte and the bytes that fill no word, of which there
    // are none.
    let length = (size_of_val(words) as u64) << 56;
    for word in words.iter().copied().chain([length]) {
        state[3] ^= word;
        state = round(round(state));
        state[0] ^= word;
    }
    state[2] ^= 0xff;
    let [a, b, c, d] = round(round(round(round(state))));
    a ^ b ^ c ^ d
}

fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::hash;

    // The paper, appendix A, and the vectors of the reference implementation: key 00 01 … 0f, message 00 01 … of
    // 0, 8 and 16 bytes.
    #[test]
    fn known_answers() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(hash(&[], key), 0x726f_db47_dd0e_0e31);
        assert_eq!(hash(&key[..1], key), 0x93f5_f579_9a93_2462);
        assert_eq!(hash(&key, key), 0x3f2a_cc7f_57c2_9bdb);
    }
}
