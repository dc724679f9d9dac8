//! The splittable random numbers of UTS: SHA-1 of one block, and nothing else.

use sha1::block_api::compress;

/// A SHA-1 digest as five big-endian words.
pub(super) type State = [u32; 5];

/// FIPS 180-4, 5.3.1.
const INITIAL: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The state of the root: SHA1(16 zero bytes ‖ seed as a big-endian u32).
pub(super) fn root(seed: u32) -> State {
    let mut block = [0_u8; 64];
    block[16..20].copy_from_slice(&seed.to_be_bytes());
    digest(finished(block, 20))
}

/// The one block that hashes to a child: parent ‖ number as a big-endian u32, padded.
#[inline]
pub(super) fn child_block(parent: &State, number: u32) -> [u8; 64] {
    let mut block = [0_u8; 64];
    for (bytes, word) in block.chunks_exact_mut(4).zip(parent) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    block[20..24].copy_from_slice(&number.to_be_bytes());
    finished(block, 24)
}

/// The digest of a message that fills one padded block.
#[inline]
pub(super) fn digest(block: [u8; 64]) -> State {
    let mut state = INITIAL;
    compress(&mut state, &[block]);
    state
}

/// The random value of a node, 31 bits: its probability is this / 2^31.
#[inline]
pub(super) fn value(state: &State) -> u32 {
    state[4] & 0x7fff_ffff
}

/// Pads a message of `bytes` bytes, at most 55: FIPS 180-4, 5.1.1.
#[inline]
fn finished(mut block: [u8; 64], bytes: usize) -> [u8; 64] {
    block[bytes] = 0x80;
    block[63] = (bytes * 8) as u8;
    block
}
