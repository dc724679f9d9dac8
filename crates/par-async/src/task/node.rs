//! Where somebody is: a task, a scope inside one, or what it waits for.
//!
//! Nodes form a tree. A node is *open* while its owner, the future that polls under it, has not closed it, or a node
//! under it is open: `open` counts both, and falls to 0 once. Then the node leaves its parent's links and lowers the
//! parent's count in turn. So a count of 1, the owner's own, says that nothing is left under a node, however its futures
//! went: they were polled to their ends, or dropped, or unwound.
//!
//! A future may be lent to a scope, and first polled there, e.g. `timeout(limit, &mut work)`: what it opens is under that
//! scope, and its owner is not. So a scope whose own future has gone hands on to the node above whatever is still *held*
//! by a future; else it would wait for somebody whom nobody polls.
//!
//! A wait is no node: it is a line in the links of the node that waits.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use slab::Slab;
use tokio::time::Instant;

use super::vars::Vars;
use crate::error::{Cancelled, Reason};

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A task of a group, or of a loop.
    Task,
    /// The future that a runner was given, or that blocks a thread.
    Main,
    /// A group of tasks, and the body that spawns them.
    Group,
    /// A loop, whose tasks these are.
    Loop,
    /// A scope inside a task, e.g. `timeout`.
    Scope(&'static str),
}

impl Kind {
    /// Whether it is of its own: cancelled, named and listed by itself.
    pub(crate) const fn is_task(self) -> bool {
        matches!(self, Self::Task | Self::Main)
    }
}

/// Something that a node waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) what: &'static str,
    pub(crate) at: &'static Location<'static>,
    pub(crate) since: Instant,
    /// The task that it waits for, by its number.
    pub(crate) on: Option<u64>,
}

/// What is under a node.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) nodes: Slab<Arc<Node>>,
    pub(crate) waits: Slab<Wait>,
}

/// A place in the tree.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) name: Mutex<Option<Arc<str>>>,
    pub(crate) at: &'static Location<'static>,
    pub(crate) born: Instant,
    /// What it was opened under.
    parent: Option<Arc<Node>>,
    /// In whose links it is. A place is locked before those of the nodes that are in it.
    place: Mutex<Place>,
    /// Whether a future that somebody owns has it open.
    held: AtomicBool,
    /// Made when something comes under it.
    links: Mutex<Option<Box<Links>>>,
    open: AtomicUsize,
    /// Whether the owner waits until nothing is left under it.
    draining: AtomicBool,
    cancelled: OnceLock<Reason>,
    /// How many shields stand in the way of a cancellation.
    shields: AtomicUsize,
    /// Wakes the owner.
    owner: Mutex<Option<Waker>>,
    /// The context variables of a task.
    pub(crate) vars: Mutex<Option<Arc<Vars>>>,
}

/// Where a node is found, by its key in there.
#[derive(Debug)]
struct Place {
    up: Up,
    seat: usize,
}

#[derive(Debug, Clone)]
enum Up {
    /// The node's parent, or the roots.
    First,
    /// Another node, or the roots: it was handed on.
    Other(Option<Arc<Node>>),
    /// Nowhere: it is over.
    Over,
}

impl Up {
    /// The node that it is in; `None`: the roots.
    fn of(self, node: &Node) -> Option<Arc<Node>> {
        match self {
            Self::First => node.parent.clone(),
            Self::Other(above) => above,
            Self::Over => None,
        }
    }
}

/// The nodes that have no parent.
static ROOTS: Mutex<Slab<Arc<Node>>> = Mutex::new(Slab::new());

static IDS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The node under which this thread polls.
    static CURRENT: RefCell<Option<Arc<Node>>> = const { RefCell::new(None) };
}

/// The node under which this thread polls.
pub(crate) fn current() -> Option<Arc<Node>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Asks the node under which this thread polls.
pub(crate) fn with_current<R>(ask: impl FnOnce(&Arc<Node>) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(ask)).ok().flatten()
}

/// The nodes that have no parent, as they are now.
pub(crate) fn roots() -> Vec<Arc<Node>> {
    ROOTS.lock().iter().map(|(_, node)| Arc::clone(node)).collect()
}

impl Node {
    /// A node under `parent`, or a root; opened by its owner. `None`: the parent is over, and takes nothing more.
    pub(crate) fn open_under(
        parent: Option<Arc<Self>>,
        kind: Kind,
        name: Option<Arc<str>>,
        at: &'static Location<'static>,
    ) -> Option<Arc<Self>> {
        if let Some(parent) = &parent {
            let one_more = |open: usize| (open > 0).then_some(open + 1);
            parent.open.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).ok()?;
        }
        let vars = if kind.is_task() { super::vars::inherited() } else { None };
        let node = Arc::new(Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            kind,
            name: Mutex::new(name),
            at,
            born: Instant::now(),
            parent,
            place: Mutex::new(Place { up: Up::First, seat: usize::MAX }),
            held: AtomicBool::new(false),
            links: Mutex::new(None),
            open: AtomicUsize::new(1),
            draining: AtomicBool::new(false),
            cancelled: OnceLock::new(),
            shields: AtomicUsize::new(0),
            owner: Mutex::new(None),
            vars: Mutex::new(vars),
        });
        node.place.lock().seat = node.sit_under(node.parent.as_deref());
        // A group hands its cancellation down to its tasks; a scope in its body is dropped by the body's owner.
        if let Some(parent) = node.parent.as_ref().filter(|parent| node.kind.is_task() && parent.hands_down())
            && let Some(reason) = parent.cancelled.get()
        {
            node.cancel(reason.clone());
        }
        Some(node)
    }

    /// A node under the one that polls on this thread; a root outside of all tasks.
    pub(crate) fn open_here(kind: Kind, name: Option<Arc<str>>, at: &'static Location<'static>) -> Arc<Self> {
        // What polls has not closed.
        Self::open_under(current(), kind, name.clone(), at).unwrap_or_else(|| Self::open_root(kind, name, at))
    }

    /// A node that has nothing above it.
    pub(crate) fn open_root(kind: Kind, name: Option<Arc<str>>, at: &'static Location<'static>) -> Arc<Self> {
        Self::open_under(None, kind, name, at).expect("a root has nothing above it")
    }

    /// Its key in the links of the node above, or among the roots.
    fn sit_under(self: &Arc<Self>, above: Option<&Self>) -> usize {
        match above {
            Some(above) => above.links.lock().get_or_insert_default().nodes.insert(Arc::clone(self)),
            None => ROOTS.lock().insert(Arc::clone(self)),
        }
    }

    /// A future has it open: whoever owns that polls it, or drops it.
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// The future has gone.
    pub(crate) fn let_go(&self) {
        self.held.store(false, Ordering::SeqCst);
    }

    fn hands_down(&self) -> bool {
        matches!(self.kind, Kind::Group | Kind::Loop)
    }

    /// The task that the node is in; itself, if it is one.
    pub(crate) fn task(self: &Arc<Self>) -> Option<&Arc<Self>> {
        let mut node = self;
        while !node.kind.is_task() {
            node = node.parent.as_ref()?;
        }
        Some(node)
    }

    /// What is under the node now.
    pub(crate) fn under(&self) -> (Vec<Arc<Self>>, Vec<Wait>) {
        let links = self.links.lock();
        let Some(links) = links.as_ref() else { return Default::default() };
        (
            links.nodes.iter().map(|(_, node)| Arc::clone(node)).collect(),
            links.waits.iter().map(|(_, wait)| *wait).collect(),
        )
    }

    /// Says that the node waits; the key is for [`end_wait`](Self::end_wait).
    pub(crate) fn begin_wait(&self, wait: Wait) -> usize {
        self.links.lock().get_or_insert_default().waits.insert(wait)
    }

    pub(crate) fn end_wait(&self, key: usize) {
        if let Some(links) = self.links.lock().as_mut() {
            links.waits.try_remove(key);
        }
    }

    /// Asks the node to end; the first reason stays. A group asks its tasks, too.
    pub(crate) fn cancel(self: &Arc<Self>, reason: Reason) {
        if self.cancelled.set(reason).is_err() {
            return;
        }
        self.wake_owner();
        if let Some(reason) = self.cancelled.get().filter(|_| self.hands_down()) {
            for task in self.under().0.into_iter().filter(|node| node.kind.is_task()) {
                task.cancel(reason.clone());
            }
        }
    }

    /// Why the node was asked to end, if it was.
    pub(crate) fn cancelled(&self) -> Option<Cancelled> {
        self.cancelled.get().map(|reason| Cancelled::new(reason.clone()))
    }

    /// The cancellation, if no shield stands in its way.
    pub(crate) fn interrupted(&self) -> Option<Cancelled> {
        let cancelled = self.cancelled.get()?;
        (self.shields.load(Ordering::SeqCst) == 0).then(|| Cancelled::new(cancelled.clone()))
    }

    /// Shields the node, and what it is in up to its task.
    pub(crate) fn shield(&self) {
        self.up_to_task(|node| {
            node.shields.fetch_add(1, Ordering::SeqCst);
        });
    }

    pub(crate) fn unshield(&self) {
        self.up_to_task(|node| {
            node.shields.fetch_sub(1, Ordering::SeqCst);
            if node.cancelled.get().is_some() {
                node.wake_owner();
            }
        });
    }

    fn up_to_task(&self, visit: impl Fn(&Self)) {
        let mut node = self;
        loop {
            visit(node);
            match &node.parent {
                Some(parent) if !node.kind.is_task() => node = parent,
                _ => return,
            }
        }
    }

    /// Whom to wake when something happens to the node.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut owner = self.owner.lock();
        if !owner.as_ref().is_some_and(|owner| owner.will_wake(waker)) {
            *owner = Some(waker.clone());
        }
    }

    /// Lets the owner poll again.
    pub(crate) fn wake_owner(&self) {
        let waker = self.owner.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ready when nothing but the owner has the node open.
    pub(crate) fn poll_drained(&self, cx: &Context<'_>) -> Poll<()> {
        if self.open.load(Ordering::SeqCst) == 1 {
            return Poll::Ready(());
        }
        self.register(cx.waker());
        // Whoever hands something on to this node afterwards sees it, and lets this come by again.
        if !self.draining.swap(true, Ordering::SeqCst) {
            self.hand_on();
        }
        // The last one under it lowers the count before it looks at `draining`.
        if self.open.load(Ordering::SeqCst) == 1 { Poll::Ready(()) } else { Poll::Pending }
    }

    /// How many nodes under it are open.
    pub(crate) fn open_below(&self) -> usize {
        self.open.load(Ordering::SeqCst).saturating_sub(1)
    }

    /// Moves what somebody else's future has open to where this node is. The owner calls it, whose own future has gone.
    fn hand_on(&self) {
        let lent = self
            .under()
            .0
            .into_iter()
            .filter(|node| !node.kind.is_task() && node.held.load(Ordering::SeqCst));
        // While it is locked this node stays where it is, and so what is above it is open.
        let own = self.place.lock();
        let above = own.up.clone().of(self);
        for node in lent {
            let mut place = node.place.lock();
            if matches!(place.up, Up::Over) {
                continue;
            }
            if let Some(above) = &above {
                above.open.fetch_add(1, Ordering::SeqCst);
            }
            let former = std::mem::replace(&mut place.seat, node.sit_under(above.as_deref()));
            place.up = Up::Other(above.clone());
            drop(place);
            if let Some(links) = self.links.lock().as_mut() {
                links.nodes.try_remove(former);
            }
            // The owner has it open, so this is not the last.
            self.open.fetch_sub(1, Ordering::SeqCst);
            if let Some(above) = above.as_ref().filter(|above| above.draining.swap(false, Ordering::SeqCst)) {
                above.wake_owner();
            }
        }
    }

    /// The owner has no more to do with it. What is still under it is asked to end.
    pub(crate) fn close(self: &Arc<Self>) {
        self.let_go();
        if self.open.load(Ordering::SeqCst) > 1 {
            self.hand_on();
        }
        if self.open.load(Ordering::SeqCst) > 1 {
            self.cancel(Reason::Borrowed("the scope that it belongs to was dropped"));
        }
        self.release();
    }

    fn release(self: &Arc<Self>) {
        let mut node = Arc::clone(self);
        loop {
            match node.open.fetch_sub(1, Ordering::SeqCst) {
                1 => {}
                2 if node.draining.load(Ordering::SeqCst) => return node.wake_owner(),
                _ => return,
            }
            let (up, seat) = {
                let mut place = node.place.lock();
                (std::mem::replace(&mut place.up, Up::Over), place.seat)
            };
            let Some(above) = up.of(&node) else {
                ROOTS.lock().try_remove(seat);
                return;
            };
            // Dropped behind the lock.
            let own = above.links.lock().as_mut().and_then(|links| links.nodes.try_remove(seat));
            drop(own);
            node = above;
        }
    }
}

impl Drop for Node {
    /// One after the other: a line of parents may be longer than a stack is deep.
    fn drop(&mut self) {
        let mut above = self.parent.take();
        while let Some(node) = above {
            above = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

/// Polls under a node while it lives.
pub(crate) struct Entered<'a> {
    slot: &'a mut Option<Arc<Node>>,
    below: Option<Arc<Node>>,
}

impl<'a> Entered<'a> {
    /// Lends the node to this thread; it is back in `slot` when this is dropped.
    pub(crate) fn new(slot: &'a mut Option<Arc<Node>>) -> Self {
        let mut below = slot.take();
        exchange(&mut below);
        Self { slot, below }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut node = self.below.take();
        exchange(&mut node);
        *self.slot = node;
    }
}

/// Exchanges it with the node under which this thread polls. A thread that has ended polls under none, and what it kept
/// is dropped as it is.
fn exchange(node: &mut Option<Arc<Node>>) {
    CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), node)).ok();
}
