//! Read-write locks.

use std::time::Duration;

use par_core::testing::sync::{self, check_rw_lock};

use super::{Watched, caught, passes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    ReadersExcludeEachOther,
    WritersAndReadersMix,
    RunsThoughLate,
    StarvesWriters,
    WaitsAfterGivingUp,
    GivesUpSilently,
    StaysLockedAfterAPanic,
}

#[derive(Default)]
struct State {
    readers: usize,
    writing: bool,
    waiting_writers: usize,
}

struct Model {
    bug: Bug,
    state: Watched<State>,
}

fn model(bug: Bug) -> impl Fn() -> Model {
    move || Model { bug, state: Watched::default() }
}

impl Model {
    fn enter(&self, writes: bool, state: &mut State) -> Option<()> {
        let behind = state.waiting_writers > 0 && self.bug != Bug::StarvesWriters;
        let mix = self.bug == Bug::WritersAndReadersMix;
        let alone = self.bug == Bug::ReadersExcludeEachOther;
        let closed = if writes {
            state.writing || state.readers > 0 && !mix
        } else {
            state.writing && !mix || behind || state.readers > 0 && alone
        };
        if closed {
            return None;
        }
        state.writing |= writes;
        state.readers += usize::from(!writes);
        Some(())
    }

    fn wait(&self, writes: bool, timeout: Option<Duration>) -> bool {
        self.state.lock().waiting_writers += usize::from(writes);
        let entered = self.state.wait(timeout, |state| {
            self.enter(writes, state)?;
            state.waiting_writers -= usize::from(writes);
            Some(())
        });
        let give_up = |state: &mut State| state.waiting_writers -= usize::from(writes);
        match (&entered, self.bug) {
            (Some(()), _) | (None, Bug::WaitsAfterGivingUp) => (),
            (None, Bug::GivesUpSilently) => give_up(&mut self.state.lock()),
            (None, _) => self.state.change(give_up),
        }
        entered.is_some()
    }

    /// Runs `f` if this has entered, and leaves, even if it panics.
    fn run(&self, writes: bool, entered: bool, f: &mut dyn FnMut()) -> bool {
        struct Leaves<'a>(&'a Model, bool);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                let Self(model, writes) = self;
                if std::thread::panicking() && model.bug == Bug::StaysLockedAfterAPanic {
                    return;
                }
                model.state.change(|state| {
                    state.writing &= !*writes;
                    state.readers -= usize::from(!*writes);
                });
            }
        }
        let _leaves = entered.then(|| Leaves(self, writes));
        if entered || self.bug == Bug::RunsThoughLate {
            f();
        }
        entered
    }
}

impl sync::RwLock for Model {
    fn read(&self, f: &mut dyn FnMut()) {
        self.run(false, self.wait(false, None), f);
    }
    fn try_read(&self, f: &mut dyn FnMut()) -> bool {
        let entered = self.enter(false, &mut self.state.lock()).is_some();
        self.run(false, entered, f)
    }
    fn read_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        self.run(false, self.wait(false, Some(timeout)), f)
    }
    fn write(&self, f: &mut dyn FnMut()) {
        self.run(true, self.wait(true, None), f);
    }
    fn try_write(&self, f: &mut dyn FnMut()) -> bool {
        let entered = self.enter(true, &mut self.state.lock()).is_some();
        self.run(true, entered, f)
    }
    fn write_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        self.run(true, self.wait(true, Some(timeout)), f)
    }
}

#[test]
fn rw_locks() {
    passes(&check_rw_lock(model(Bug::None)));
}

#[test]
fn rw_locks_with_bugs() {
    let check = |bug| move || check_rw_lock(model(bug));
    caught("readers read side by side", check(Bug::ReadersExcludeEachOther));
    caught("nobody reads or writes beside a writer", check(Bug::WritersAndReadersMix));
    caught("a wait for it ends when its time is up, and runs nothing", check(Bug::RunsThoughLate));
    caught("do not starve a writer", check(Bug::StarvesWriters));
    caught("a wait for it ends when its time is up", check(Bug::WaitsAfterGivingUp));
    caught("a writer that gave up keeps no reader out", check(Bug::GivesUpSilently));
    caught("a panic under it leaves it free", check(Bug::StaysLockedAfterAPanic));
}
