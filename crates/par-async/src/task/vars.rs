//! Values that follow a task.

use std::sync::Arc;

/// The context variables of a task.
#[derive(Debug, Default)]
pub(crate) struct Vars {}

/// What a task that is spawned here starts with.
pub(crate) const fn inherited() -> Option<Arc<Vars>> {
    None
}
