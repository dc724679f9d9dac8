//! Collectives of values that serde knows: their lengths first, then their bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::comm::{Blocks, CommError, Communicator, Rank};

pub(crate) fn encode<V: Serialize + ?Sized>(value: &V) -> Result<Vec<u8>, CommError> {
    postcard::to_stdvec(value).map_err(|error| CommError::Codec(error.to_string()))
}

/// How many bytes [`encode`] yields.
pub(crate) fn length<V: Serialize + ?Sized>(value: &V) -> Result<usize, CommError> {
    let size = postcard::ser_flavors::Size::default();
    postcard::serialize_with_flavor(value, size).map_err(|error| CommError::Codec(error.to_string()))
}

/// How many bytes all values have together.
pub(crate) fn lengths<V: Serialize>(values: &[V]) -> Result<usize, CommError> {
    values.iter().map(length).sum()
}

pub(crate) fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, CommError> {
    postcard::from_bytes(bytes).map_err(|error| CommError::Codec(error.to_string()))
}

pub(crate) fn broadcast<V: Serialize + DeserializeOwned>(
    comm: &impl Communicator,
    value: Option<V>,
    root: Rank,
) -> Result<V, CommError> {
    CommError::unless_rank(root, comm.size())?;
    if comm.rank() == root {
        let value =
            value.ok_or_else(|| CommError::Invalid("the root has no value to broadcast".to_owned()))?;
        let mut bytes = encode(&value)?;
        comm.broadcast(&mut [bytes.len() as u64], root)?;
        comm.broadcast(&mut bytes, root)?;
        return Ok(value);
    }
    let mut length = [0_u64];
    comm.broadcast(&mut length, root)?;
    let mut bytes = vec![0; usize::try_from(length[0]).unwrap_or(usize::MAX)];
    comm.broadcast(&mut bytes, root)?;
    decode(&bytes)
}

pub(crate) fn scatter<V: Serialize + DeserializeOwned>(
    comm: &impl Communicator,
    values: Option<Vec<V>>,
    root: Rank,
) -> Result<V, CommError> {
    CommError::unless_rank(root, comm.size())?;
    let (mut lengths, mut bytes) = (Vec::new(), Vec::new());
    if comm.rank() == root {
        let values =
            values.ok_or_else(|| CommError::Invalid("the root has no values to scatter".to_owned()))?;
        CommError::unless_length("the list of values", values.len(), comm.size())?;
        for value in &values {
            let encoded = encode(value)?;
            lengths.push(encoded.len() as u64);
            bytes.extend_from_slice(&encoded);
        }
    }
    let mut length = [0_u64];
    comm.scatter(&lengths, &mut length, root)?;
    let mut own = vec![0; usize::try_from(length[0]).unwrap_or(usize::MAX)];
    comm.scatter_v(&bytes, &packed(&lengths), &mut own, root)?;
    decode(&own)
}

pub(crate) fn gather<V: Serialize + DeserializeOwned>(
    comm: &impl Communicator,
    value: &V,
    root: Rank,
) -> Result<Option<Vec<V>>, CommError> {
    CommError::unless_rank(root, comm.size())?;
    let own = encode(value)?;
    let is_root = comm.rank() == root;
    let mut lengths = vec![0_u64; if is_root { comm.size() } else { 0 }];
    comm.gather(&[own.len() as u64], &mut lengths, root)?;
    let blocks = packed(&lengths);
    let mut bytes = vec![0; blocks.extent()];
    comm.gather_v(&own, &mut bytes, &blocks, root)?;
    is_root.then(|| decode_all(&bytes, &blocks)).transpose()
}

pub(crate) fn all_gather<V: Serialize + DeserializeOwned>(
    comm: &impl Communicator,
    value: &V,
) -> Result<Vec<V>, CommError> {
    let own = encode(value)?;
    let mut lengths = vec![0_u64; comm.size()];
    comm.all_gather(&[own.len() as u64], &mut lengths)?;
    let blocks = packed(&lengths);
    let mut bytes = vec![0; blocks.extent()];
    comm.all_gather_v(&own, &mut bytes, &blocks)?;
    decode_all(&bytes, &blocks)
}

pub(crate) fn all_to_all<V: Serialize + DeserializeOwned>(
    comm: &impl Communicator,
    values: &[V],
) -> Result<Vec<V>, CommError> {
    CommError::unless_length("the list of values", values.len(), comm.size())?;
    let (mut lengths, mut bytes) = (Vec::new(), Vec::new());
    for value in values {
        let encoded = encode(value)?;
        lengths.push(encoded.len() as u64);
        bytes.extend_from_slice(&encoded);
    }
    let mut theirs = vec![0_u64; comm.size()];
    comm.all_to_all(&lengths, &mut theirs)?;
    let blocks = packed(&theirs);
    let mut received = vec![0; blocks.extent()];
    comm.all_to_all_v(&bytes, &packed(&lengths), &mut received, &blocks)?;
    decode_all(&received, &blocks)
}

fn packed(lengths: &[u64]) -> Blocks {
    let counts: Vec<usize> =
        lengths.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect();
    Blocks::packed(&counts)
}

fn decode_all<V: DeserializeOwned>(bytes: &[u8], blocks: &Blocks) -> Result<Vec<V>, CommError> {
    (0..blocks.len()).map(|rank| decode(&bytes[blocks.range(rank)])).collect()
}
