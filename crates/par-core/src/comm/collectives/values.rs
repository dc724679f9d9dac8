//! Collectives of values that serde knows: their lengths first, then their bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fold::{Groups, holder};
use crate::comm::{Blocks, CommError, Communicator, Link, Rank};

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

pub(crate) fn reduce<V: Serialize + DeserializeOwned>(
    link: &dyn Link,
    mut value: V,
    mut fold: impl FnMut(V, V) -> V,
    root: Rank,
) -> Result<Option<V>, CommError> {
    let rank = link.rank();
    let groups = Groups::new(link.size(), Some(root));
    let (mine, target) = (groups.group_of(rank), groups.group_of(root));
    if let Some(twin) = groups.twin(rank) {
        if groups.speaker(mine) != rank {
            return send(link, &value, twin).map(|()| None);
        }
        value = in_order(twin < rank, recv(link, twin)?, value, &mut fold);
    }
    let mut width = 1;
    while width < groups.count {
        let first = mine & !(2 * width - 1);
        let low = holder(groups, target, first, width);
        let high = holder(groups, target, first + width, width);
        let next = holder(groups, target, first, 2 * width);
        if next != rank {
            return send(link, &value, next).map(|()| None);
        }
        let other = if next == low { high } else { low };
        value = in_order(other < rank, recv(link, other)?, value, &mut fold);
        width *= 2;
    }
    Ok(Some(value))
}

fn in_order<V>(theirs_is_lower: bool, theirs: V, mine: V, fold: &mut impl FnMut(V, V) -> V) -> V {
    if theirs_is_lower { fold(theirs, mine) } else { fold(mine, theirs) }
}

/// The scan of the ranks from `first` on.
pub(crate) fn scan<V: Serialize + DeserializeOwned>(
    link: &dyn Link,
    first: Rank,
    mut value: V,
    mut fold: impl FnMut(V, V) -> V,
) -> Result<V, CommError> {
    let (rank, size) = (link.rank(), link.size());
    let mut distance = 1;
    while distance < size - first {
        let from = rank.checked_sub(distance).filter(|from| *from >= first);
        let to = Some(rank + distance).filter(|to| *to < size);
        if let Some(below) = exchange(link, &value, to, from)? {
            value = fold(below, value);
        }
        distance *= 2;
    }
    Ok(value)
}

pub(crate) fn exscan<V: Serialize + DeserializeOwned>(
    link: &dyn Link,
    value: &V,
    fold: impl FnMut(V, V) -> V,
) -> Result<Option<V>, CommError> {
    let (rank, size) = (link.rank(), link.size());
    let to = Some(rank + 1).filter(|to| *to < size);
    let below = exchange(link, value, to, rank.checked_sub(1))?;
    below.map(|below| scan(link, 1, below, fold)).transpose()
}

fn send<V: Serialize>(link: &dyn Link, value: &V, to: Rank) -> Result<(), CommError> {
    let bytes = encode(value)?;
    link.send(&(bytes.len() as u64).to_le_bytes(), to)?;
    link.send(&bytes, to)
}

fn recv<V: DeserializeOwned>(link: &dyn Link, from: Rank) -> Result<V, CommError> {
    let mut length = [0; 8];
    link.recv(&mut length, from)?;
    let mut bytes = room(length);
    link.recv(&mut bytes, from)?;
    decode(&bytes)
}

/// Sends to who is above, if anyone, and receives from who is below.
fn exchange<V: Serialize + DeserializeOwned>(
    link: &dyn Link,
    value: &V,
    to: Option<Rank>,
    from: Option<Rank>,
) -> Result<Option<V>, CommError> {
    match (to, from) {
        (Some(to), Some(from)) => {
            let (bytes, mut length) = (encode(value)?, [0; 8]);
            link.send_recv(&(bytes.len() as u64).to_le_bytes(), to, &mut length, from)?;
            let mut theirs = room(length);
            link.send_recv(&bytes, to, &mut theirs, from)?;
            decode(&theirs).map(Some)
        }
        (Some(to), None) => send(link, value, to).map(|()| None),
        (None, Some(from)) => recv(link, from).map(Some),
        (None, None) => Ok(None),
    }
}

fn room(length: [u8; 8]) -> Vec<u8> {
    vec![0; usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX)]
}

fn packed(lengths: &[u64]) -> Blocks {
    let counts: Vec<usize> =
        lengths.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect();
    Blocks::packed(&counts)
}

fn decode_all<V: DeserializeOwned>(bytes: &[u8], blocks: &Blocks) -> Result<Vec<V>, CommError> {
    (0..blocks.len()).map(|rank| decode(&bytes[blocks.range(rank)])).collect()
}
