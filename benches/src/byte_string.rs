//! How a value that is encoded as one byte string is read back.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};

/// Reads a byte string, or the sequence of numbers that formats without byte strings (JSON) write instead.
pub(crate) struct ByteString<T> {
    /// What should have been there, for the error.
    pub(crate) expecting: &'static str,
    /// Makes the value, or answers `None` where the bytes are none.
    pub(crate) decode: fn(&[u8]) -> Option<T>,
}

impl<'de, T> Visitor<'de> for ByteString<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        (self.decode)(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<T, A::Error> {
        // The announced length is not to be trusted with memory.
        let mut bytes = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(1 << 20));
        while let Some(byte) = sequence.next_element::<u8>()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}
