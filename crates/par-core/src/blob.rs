//! Bytes that cross the wire without being taken apart.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A large payload: plain bytes that are written with one copy and, where the transport allows, read with none.
///
/// `Vec<u8>` in a task is encoded byte by byte; a `Blob` is copied once into the transport's memory (for processes:
/// shared memory), and the other side gets a view of that memory, which lives as long as the blob does.
///
/// # Examples
/// ```
/// use par_core::{Blob, ExecutorExt, LoopbackExecutor};
///
/// #[par_core::task]
/// fn reverse(data: Blob) -> Blob { data.iter().rev().copied().collect::<Vec<u8>>().into() }
///
/// let handle = LoopbackExecutor::new().submit(reverse::new(Blob::from(vec![1, 2, 3])))?;
/// assert_eq!(&handle.wait()?[..], [3, 2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Blob(Bytes);

impl Blob {
    /// The bytes, shared, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

thread_local! {
    /// The message that is being decoded on this thread.
    static SOURCE: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Decodes with `f`; blobs in what it decodes from `source` share that memory.
pub(crate) fn with_source<R>(source: &Bytes, f: impl FnOnce() -> R) -> R {
    /// Puts the former source back, also when a foreign `Deserialize` panics.
    struct Restore(Option<Bytes>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SOURCE.set(self.0.take());
        }
    }
    let _restore = Restore(SOURCE.replace(Some(source.clone())));
    f()
}

/// `slice` as a share of the message that is being decoded, if it lies within it.
fn share(slice: &[u8]) -> Option<Bytes> {
    SOURCE.with_borrow(|source| {
        let source = source.as_ref()?;
        let offset = (slice.as_ptr() as usize).checked_sub(source.as_ptr() as usize)?;
        let end = offset.checked_add(slice.len())?;
        (end <= source.len()).then(|| source.slice(offset..end))
    })
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlobVisitor;

        impl<'de> Visitor<'de> for BlobVisitor {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Blob, E> {
                Ok(Blob(share(bytes).unwrap_or_else(|| Bytes::copy_from_slice(bytes))))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(Bytes::copy_from_slice(bytes)))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes.into()))
            }
        }

        deserializer.deserialize_bytes(BlobVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoded_blob_shares_the_memory_of_its_message() -> Result<(), Box<dyn std::error::Error>> {
        let message = Bytes::from(postcard::to_stdvec(&(7_u8, Blob::from(vec![9; 1000])))?);
        let (_, blob): (u8, Blob) = with_source(&message, || postcard::from_bytes(&message))?;
        assert_eq!(blob.len(), 1000);
        assert!(message.as_ptr_range().contains(&blob.as_ptr()), "the bytes were copied");
        let copied: (u8, Blob) = postcard::from_bytes(&message)?;
        assert!(
            !message.as_ptr_range().contains(&copied.1.as_ptr()),
            "no source is set outside `with_source`"
        );
        Ok(())
    }
}
