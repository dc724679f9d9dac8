//! The tree of tasks, as it is now.

use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::node::{self, Kind, Node, Wait};

/// The tasks of this crate in this process, what each waits for, since when and where.
///
/// It displays as a tree. Taken while tasks run, it is true of each line, and not of all at one moment. What is more than
/// 200 levels deep is left out, and a branch `deeper` in its place.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What has nothing above it: runners, loops, and groups in plain tokio tasks.
    pub roots: Vec<Branch>,
}

/// A task, a scope or a wait, and what is under it.
#[derive(Debug, Clone)]
pub struct Branch {
    /// What it is: `"task"`, `"TaskGroup"`, `"timeout"`, `"Queue::get"`.
    pub what: &'static str,
    /// The number of a task, or of the task that is waited for.
    pub task: Option<u64>,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// Where it is in the source.
    pub at: &'static Location<'static>,
    /// Since when it is there.
    pub age: Duration,
    /// Whether it was asked to end.
    pub cancelled: bool,
    /// Waits first, then what runs under it.
    pub under: Vec<Branch>,
}

/// Every task of this crate in this process, as a tree of who waits for whom.
///
/// # Examples
/// ```
/// # par_async::testing::run(async {
/// let tree = par_async::tasks_snapshot().to_string();
/// assert!(tree.starts_with("main"), "{tree}");
/// # }).unwrap();
/// ```
pub fn tasks_snapshot() -> Snapshot {
    Snapshot { roots: node::roots().iter().map(|root| branch(root, 0)).collect() }
}

/// Nobody reads further down, and a tree may be deeper than a stack.
const DEEPEST: usize = 200;

fn branch(node: &Arc<Node>, depth: usize) -> Branch {
    let (mut nodes, waits) = node.under();
    let cut = depth >= DEEPEST && !nodes.is_empty();
    if cut {
        nodes.clear();
    }
    let what = match node.kind {
        Kind::Task => "task",
        Kind::Main => "main",
        Kind::Group => "TaskGroup",
        Kind::Loop => "EventLoop",
        Kind::Scope(what) => what,
    };
    Branch {
        what,
        task: node.kind.is_task().then_some(node.id),
        name: node.name.lock().clone(),
        at: node.at,
        age: node.born.elapsed(),
        cancelled: node.cancelled().is_some(),
        under: waits
            .iter()
            .map(leaf)
            .chain(nodes.iter().map(|node| branch(node, depth + 1)))
            .chain(cut.then(|| deeper(node)))
            .collect(),
    }
}

/// In place of what is under the node.
fn deeper(node: &Node) -> Branch {
    let (what, task, name, under) = ("deeper", None, None, Vec::new());
    Branch { what, task, name, at: node.at, age: node.born.elapsed(), cancelled: false, under }
}

fn leaf(wait: &Wait) -> Branch {
    Branch {
        what: wait.what,
        task: wait.on,
        name: None,
        at: wait.at,
        age: wait.since.elapsed(),
        cancelled: false,
        under: Vec::new(),
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.roots.is_empty() {
            return f.write_str("no tasks");
        }
        let mut lines = String::new();
        for root in &self.roots {
            root.write(&mut lines, "", "")?;
        }
        f.write_str(lines.trim_end())
    }
}

impl Branch {
    fn write(&self, lines: &mut String, first: &str, rest: &str) -> fmt::Result {
        write!(lines, "{first}{}", self.what)?;
        if let Some(task) = self.task {
            write!(lines, " {task}")?;
        }
        if let Some(name) = &self.name {
            write!(lines, " `{name}`")?;
        }
        write!(lines, " ({:.1?}", self.age)?;
        if self.cancelled {
            write!(lines, ", cancelled")?;
        }
        writeln!(lines, ") at {}:{}", self.at.file(), self.at.line())?;
        for (index, branch) in self.under.iter().enumerate() {
            let (corner, below) =
                if index + 1 == self.under.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            branch.write(lines, &format!("{rest}{corner}"), &format!("{rest}{below}"))?;
        }
        Ok(())
    }
}
