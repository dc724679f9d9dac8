//! Doubles that travel as bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::byte_string::ByteString;

/// A vector of doubles that is encoded as one byte string, little-endian, rather than value by value: a copy
/// instead of a loop, in both directions.
///
/// # Examples
/// ```
/// use par_benches::Doubles;
/// let values = Doubles(vec![1.0, -0.0, f64::MAX]);
/// let bytes = postcard::to_stdvec(&values)?;
/// assert_eq!(bytes.len(), 1 + 3 * 8);
/// assert_eq!(postcard::from_bytes::<Doubles>(&bytes)?, values);
/// # Ok::<(), postcard::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Doubles(
    /// The values.
    pub Vec<f64>,
);

impl Serialize for Doubles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if cfg!(target_endian = "little") {
            return serializer.serialize_bytes(bytemuck::cast_slice(&self.0));
        }
        let swapped: Vec<u8> = self.0.iter().flat_map(|value| value.to_le_bytes()).collect();
        serializer.serialize_bytes(&swapped)
    }
}

impl<'de> Deserialize<'de> for Doubles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(ByteString { expecting: "doubles as bytes, eight each", decode })
    }
}

fn decode(bytes: &[u8]) -> Option<Doubles> {
    let (values, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| Doubles(values.iter().map(|&value| f64::from_le_bytes(value)).collect()))
}

#[cfg(test)]
mod tests {
    use super::Doubles;

    #[test]
    fn every_bit_survives_every_format() {
        let values = [0.0, -0.0, f64::NAN, f64::INFINITY, 1e-310, 1.0 / 3.0];
        let bits = |doubles: &Doubles| doubles.0.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let doubles = Doubles(values.to_vec());
        let binary: Doubles = postcard::from_bytes(&postcard::to_stdvec(&doubles).unwrap()).unwrap();
        let text: Doubles = serde_json::from_str(&serde_json::to_string(&doubles).unwrap()).unwrap();
        assert_eq!(bits(&binary), bits(&doubles));
        assert_eq!(bits(&text), bits(&doubles));
    }

    #[test]
    fn a_cut_value_is_an_error() {
        assert!(postcard::from_bytes::<Doubles>(&[7, 0, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
