//! Waiting for all.

use crate::comm::{CommError, Link};

/// Returns when every rank has called it.
///
/// By dissemination (Hensgen, Finkel and Manber 1988): in the step of distance 1, 2, 4, … every rank tells the one so
/// far above it, and hears from the one so far below. After ⌈log₂ p⌉ steps each has heard of all.
///
/// # Errors
/// What the link says.
pub fn barrier(link: &dyn Link) -> Result<(), CommError> {
    let size = link.size();
    let mut distance = 1;
    while distance < size {
        let to = (link.rank() + distance) % size;
        let from = (link.rank() + size - distance) % size;
        link.send_recv(&[], to, &mut [], from)?;
        distance *= 2;
    }
    Ok(())
}
