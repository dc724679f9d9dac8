//! The suite that every family passes.

use std::time::Duration;

use par_core::testing::sync::{self, Held};
use par_threads::{Condvar, Mutex, ReentrantMutex, RwLock};

/// Shows the verdicts; what does not hold has panicked already.
fn print(held: &Held) {
    print!("{held}");
    assert!(!held.behaviours.is_empty());
}

struct Adapter<T>(T);

macro_rules! lock {
    ($type:ty) => {
        impl sync::Lock for Adapter<$type> {
            fn with(&self, f: &mut dyn FnMut()) {
                let _guard = self.0.lock();
                f();
            }
            fn try_with(&self, f: &mut dyn FnMut()) -> bool {
                self.0.try_lock().map(|_guard| f()).is_some()
            }
            fn with_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
                self.0.try_lock_for(timeout).map(|_guard| f()).is_some()
            }
            fn is_locked(&self) -> bool {
                self.0.is_locked()
            }
        }
    };
}

lock!(Mutex<()>);
lock!(ReentrantMutex<()>);

impl sync::RwLock for Adapter<RwLock<()>> {
    fn read(&self, f: &mut dyn FnMut()) {
        let _guard = self.0.read();
        f();
    }
    fn try_read(&self, f: &mut dyn FnMut()) -> bool {
        self.0.try_read().map(|_guard| f()).is_some()
    }
    fn read_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        self.0.try_read_for(timeout).map(|_guard| f()).is_some()
    }
    fn write(&self, f: &mut dyn FnMut()) {
        let _guard = self.0.write();
        f();
    }
    fn try_write(&self, f: &mut dyn FnMut()) -> bool {
        self.0.try_write().map(|_guard| f()).is_some()
    }
    fn write_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        self.0.try_write_for(timeout).map(|_guard| f()).is_some()
    }
}

/// A condition variable beside its mutex.
struct Watched(Mutex<u64>, Condvar);

impl sync::Condition for Watched {
    fn with(&self, f: &mut dyn FnMut(&mut u64)) {
        f(&mut self.0.lock());
    }
    fn wait_for(&self, predicate: &mut dyn FnMut(&mut u64) -> bool, timeout: Option<Duration>) -> bool {
        self.1.wait_predicate(&mut self.0.lock(), timeout, predicate)
    }
    fn notify_one(&self) {
        self.1.notify_one();
    }
    fn notify(&self, n: usize) {
        self.1.notify(n);
    }
    fn notify_all(&self) {
        self.1.notify_all();
    }
}

#[test]
fn mutex() {
    print(&sync::check_lock(|| Adapter(Mutex::new(()))));
}

#[test]
fn reentrant_mutex() {
    print(&sync::check_reentrant_lock(|| Adapter(ReentrantMutex::new(()))));
}

#[test]
fn rw_lock() {
    print(&sync::check_rw_lock(|| Adapter(RwLock::new(()))));
}

#[test]
fn condvar() {
    print(&sync::check_condition(|| Watched(Mutex::new(0), Condvar::new())));
}
