//! What messages of the latency workloads carry: a sequence number, a checksum, and bytes that depend on both.

/// Bytes of the head: the sequence number and the CRC of it and of the body.
const HEAD: usize = 8;

/// A message that can be told from any other, and from a damaged one.
///
/// # Examples
/// ```
/// use par_benches::spmd::Payload;
/// let mut message = vec![0; 64];
/// Payload::write(&mut message, 7);
/// assert_eq!(Payload::read(&message), Some(7));
/// message[40] ^= 1;
/// assert_eq!(Payload::read(&message), None);
/// ```
#[derive(Debug)]
pub struct Payload;

impl Payload {
    /// Fills `message` for that sequence number; one that is shorter than 8 bytes carries nothing.
    pub fn write(message: &mut [u8], sequence: u32) {
        let Some((head, body)) = message.split_first_chunk_mut::<HEAD>() else { return };
        let mut state = u64::from(sequence).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for piece in body.chunks_mut(8) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            piece.copy_from_slice(&state.to_le_bytes()[..piece.len()]);
        }
        Self::seal(head, body, sequence);
    }

    /// Gives a filled message another sequence number, and leaves its body as it is.
    pub(super) fn renumber(message: &mut [u8], sequence: u32) {
        if let Some((head, body)) = message.split_first_chunk_mut::<HEAD>() {
            Self::seal(head, body, sequence);
        }
    }

    fn seal(head: &mut [u8; HEAD], body: &[u8], sequence: u32) {
        head[..4].copy_from_slice(&sequence.to_le_bytes());
        head[4..].copy_from_slice(&checksum(sequence, body).to_le_bytes());
    }

    /// The sequence number of a message that is whole.
    pub fn read(message: &[u8]) -> Option<u32> {
        let (head, body) = message.split_first_chunk::<HEAD>()?;
        let [a, b, c, d, e, f, g, h] = *head;
        let sequence = u32::from_le_bytes([a, b, c, d]);
        (u32::from_le_bytes([e, f, g, h]) == checksum(sequence, body)).then_some(sequence)
    }

    /// Whether this is the message of that number; of one that is too short to carry any, whether it is empty.
    pub(super) fn is(message: &[u8], sequence: u32) -> bool {
        if message.len() < HEAD { message.is_empty() } else { Self::read(message) == Some(sequence) }
    }
}

fn checksum(sequence: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::Payload;

    #[test]
    fn damage_of_any_kind_is_seen() {
        let mut message = vec![0; 100];
        assert_eq!(Payload::read(&message), None, "nothing was ever written");
        Payload::write(&mut message, 3);
        let good = message.clone();
        for at in 0..message.len() {
            message[at] ^= 0x10;
            assert_eq!(Payload::read(&message), None, "byte {at}");
            message[at] ^= 0x10;
        }
        message.swap(20, 30);
        assert_eq!(Payload::read(&message), None, "two swapped");
        assert!(!Payload::is(&good, 4), "the message before");
        let mut next = good.clone();
        Payload::renumber(&mut next, 4);
        assert!(Payload::is(&next, 4) && next[8..] == good[8..]);
    }
}
