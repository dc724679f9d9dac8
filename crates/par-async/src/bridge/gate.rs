//! Who may block a thread to hand a task over.
//!
//! A full executor blocks whoever submits, so submits are done on the runtime's blocking pool. Were they all done at once,
//! they could take every thread of it; and where the executor's own workers are threads of that pool, none would be left
//! to make room. So of each executor a few block, and the others await their turn.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// How many threads an executor may keep waiting: few of the 512 that tokio has, but some to spare for those whose caller
/// has given up, and which wait for room all the same.
const AT_ONCE: usize = 16;

/// By the address of the executor, which whoever waits at its gate keeps alive.
static GATES: LazyLock<Mutex<HashMap<usize, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);

/// The gate of an executor.
pub(super) fn gate_of<E: ?Sized>(executor: &Arc<E>) -> Arc<Semaphore> {
    let address = Arc::as_ptr(executor).cast::<()>().addr();
    let mut gates = GATES.lock();
    if let Some(gate) = gates.get(&address).and_then(Weak::upgrade) {
        return gate;
    }
    gates.retain(|_, gate| gate.strong_count() > 0);
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    gates.insert(address, Arc::downgrade(&gate));
    gate
}
