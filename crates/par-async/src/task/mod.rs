//! Tasks: who runs, who waits for what, and how they end.

mod caught;
mod current;
pub(crate) mod node;
mod scoped;
mod snapshot;
pub(crate) mod vars;
mod waiting;

pub(crate) use caught::Caught;
pub use current::{Task, all_tasks, current};
pub(crate) use node::{Kind, Node};
pub(crate) use scoped::{Scoped, scoped_as};
pub use snapshot::{Branch, Snapshot, tasks_snapshot};
pub use vars::{ContextVar, VarToken};
pub(crate) use waiting::{Shown, waiting};
