//! What a slot of a ring says.

use crate::comm::Tag;

/// What a slot is about. The words of its payload are given in brackets; *send* is the sender's number of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole short message: [bytes…].
    Short = 1,
    /// A message whose first part lies in the next fragment: [length, send, length of that part].
    Eager = 2,
    /// A whole message that was given as it is: [length].
    Given = 3,
    /// A message is there, and waits for its receive: [length, send].
    Announced = 4,
    /// The receive of an announced message has begun: [send].
    Wanted = 5,
    /// The next part of a message lies in the next fragment: [send, length of the part].
    Part = 6,
    /// All of a wanted short message: [send, bytes…].
    ShortPart = 7,
    /// All of a wanted message was given as it is: [send].
    GivenPart = 8,
    /// An announced message will not come: [send].
    Withdrawn = 9,
}

/// The first word of a slot, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// How many bytes of a short message the slot carries.
    pub(super) bytes: usize,
    pub(super) tag: Tag,
    pub(super) context: u32,
}

impl Head {
    /// A head of what belongs to no communicator.
    pub(super) const fn plain(kind: Kind) -> Self {
        Self { kind, bytes: 0, tag: Tag(0), context: 0 }
    }

    /// Fits the 63 bits that a ring carries.
    #[inline]
    pub(super) fn pack(self) -> u64 {
        u64::from(self.context)
            | u64::from(self.tag.0) << 32
            | (self.bytes as u64 & 0x3f) << 48
            | (self.kind as u64) << 56
    }

    /// `None`: no rank that keeps to the protocol has written this.
    #[inline]
    pub(super) fn unpack(word: u64) -> Option<Self> {
        let kind = match word >> 56 {
            1 => Kind::Short,
            2 => Kind::Eager,
            3 => Kind::Given,
            4 => Kind::Announced,
            5 => Kind::Wanted,
            6 => Kind::Part,
            7 => Kind::ShortPart,
            8 => Kind::GivenPart,
            9 => Kind::Withdrawn,
            _ => return None,
        };
        let bytes = (word >> 48 & 0x3f) as usize;
        Some(Self { kind, bytes: bytes.min(56), tag: Tag((word >> 32) as u16), context: word as u32 })
    }
}

/// Short messages as words, the last one filled with zeros.
#[inline]
pub(super) fn to_words(bytes: &[u8], words: &mut [u64]) {
    let (whole, rest) = bytes.as_chunks::<8>();
    for (word, chunk) in words.iter_mut().zip(whole) {
        *word = u64::from_ne_bytes(*chunk);
    }
    if let (Some(word), false) = (words.get_mut(whole.len()), rest.is_empty()) {
        let mut filled = [0; 8];
        filled[..rest.len()].copy_from_slice(rest);
        *word = u64::from_ne_bytes(filled);
    }
}

/// As many bytes as there is room for.
#[inline]
pub(super) fn from_words(words: &[u64], bytes: &mut [u8]) {
    let (whole, rest) = bytes.as_chunks_mut::<8>();
    for (chunk, word) in whole.iter_mut().zip(words) {
        *chunk = word.to_ne_bytes();
    }
    if let (Some(word), false) = (words.get(whole.len()), rest.is_empty()) {
        let len = rest.len();
        rest.copy_from_slice(&word.to_ne_bytes()[..len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_come_back() {
        for kind in [Kind::Short, Kind::Eager, Kind::Given, Kind::Announced, Kind::Withdrawn] {
            let head = Head { kind, bytes: 56, tag: Tag::MAX, context: u32::MAX };
            assert_eq!(Head::unpack(head.pack()), Some(head));
            assert_eq!(head.pack() >> 63, 0);
        }
        assert_eq!(Head::unpack(0), None);
    }

    #[test]
    fn bytes_come_back() {
        let bytes: Vec<u8> = (0..56).collect();
        for len in 0..=56 {
            let (mut words, mut back) = ([0; 7], vec![0; len]);
            to_words(&bytes[..len], &mut words);
            from_words(&words, &mut back);
            assert_eq!(back, bytes[..len]);
        }
    }
}
