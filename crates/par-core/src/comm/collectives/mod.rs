//! Collectives made of point-to-point messages, for every world that has none of its own.
//!
//! One file per family; [`choice`] says which algorithm is taken when, [`fold`] how reductions are grouped. Callers
//! have checked their arguments: what does not fit a buffer here is a panic.

mod all_gather;
mod all_reduce;
mod all_to_all;
mod barrier;
mod broadcast;
pub(crate) mod check;
pub mod choice;
pub mod fold;
mod gather;
mod halving;
mod neighbours;
mod pieces;
mod reduce;
mod scan;
mod tree;
pub(crate) mod values;

use std::ops::Range;

use super::Datum;

pub use all_gather::all_gather;
pub use all_reduce::{all_reduce, reduce_scatter};
pub use all_to_all::{all_to_all, all_to_all_even, all_to_all_in_place};
pub use barrier::barrier;
pub use broadcast::broadcast;
pub use gather::{gather, gather_even, scatter, scatter_even};
pub use neighbours::neighbor_exchange;
pub use reduce::{contribute, reduce};
pub use scan::{exscan, scan};

fn bytes<T: Datum>(data: &[T]) -> &[u8] {
    bytemuck::cast_slice(data)
}

fn bytes_mut<T: Datum>(data: &mut [T]) -> &mut [u8] {
    bytemuck::cast_slice_mut(data)
}

/// Two parts of a buffer at once: to send one while the other is received.
fn apart<T>(buf: &mut [T], give: Range<usize>, take: Range<usize>) -> (&[T], &mut [T]) {
    if give.is_empty() {
        return (&[], &mut buf[take]);
    }
    if take.is_empty() {
        return (&buf[give], &mut []);
    }
    let [give, take] = buf.get_disjoint_mut([give, take]).expect("blocks do not overlap");
    (give, take)
}
