//! Counts per key, and how they travel.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::byte_string::ByteString;

/// How often each key occurs: one count per possible key, or none at all where nothing was counted.
///
/// It is encoded as one byte string: the width of a count (1, 2 or 4 bytes, the least that holds the largest), then
/// the counts, little-endian.
/// For class A in 16 parts that is half a megabyte per chunk instead of two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Histogram(pub(super) Vec<u32>);

impl Histogram {
    /// The counts of two sets of keys together.
    pub(super) fn add(self, other: Self) -> Self {
        if self.0.is_empty() {
            return other;
        }
        let Self(mut counts) = self;
        // An empty histogram adds nothing.
        for (count, more) in counts.iter_mut().zip(&other.0) {
            *count += more;
        }
        Self(counts)
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let width: u8 = match self.0.iter().max() {
            None | Some(0..=0xff) => 1,
            Some(0x100..=0xffff) => 2,
            Some(_) => 4,
        };
        let mut bytes = Vec::with_capacity(1 + usize::from(width) * self.0.len());
        bytes.push(width);
        match width {
            1 => bytes.extend(self.0.iter().map(|&count| count as u8)),
            2 => bytes.extend(self.0.iter().flat_map(|&count| (count as u16).to_le_bytes())),
            _ => bytes.extend(self.0.iter().flat_map(|count| count.to_le_bytes())),
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_bytes(ByteString { expecting: "a width of 1, 2 or 4, and as wide counts", decode })
    }
}

fn decode(bytes: &[u8]) -> Option<Histogram> {
    let counts = match bytes.split_first()? {
        (1, counts) => counts.iter().map(|&count| u32::from(count)).collect(),
        (2, counts) if counts.len().is_multiple_of(2) => {
            counts.as_chunks().0.iter().map(|&count| u32::from(u16::from_le_bytes(count))).collect()
        }
        (4, counts) if counts.len().is_multiple_of(4) => {
            counts.as_chunks().0.iter().map(|&count| u32::from_le_bytes(count)).collect()
        }
        _ => return None,
    };
    Some(Histogram(counts))
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn every_width_survives() {
        for (largest, bytes) in [(0, 4), (255, 4), (256, 7), (65_535, 7), (65_536, 13), (u32::MAX, 13)] {
            let histogram = Histogram(vec![1, largest, 0]);
            let wire = postcard::to_stdvec(&histogram).unwrap();
            assert_eq!(wire.len(), 1 + bytes);
            assert_eq!(postcard::from_bytes::<Histogram>(&wire).unwrap(), histogram);
        }
        let nothing = postcard::to_stdvec(&Histogram::default()).unwrap();
        assert_eq!(postcard::from_bytes::<Histogram>(&nothing).unwrap(), Histogram::default());
    }

    #[test]
    fn odd_bytes_are_an_error() {
        for wire in [&[0][..], &[1, 3], &[2, 2, 0], &[4, 4, 0, 0, 0]] {
            assert!(postcard::from_bytes::<Histogram>(wire).is_err());
        }
    }
}
