//! The memory of a window, and when it is given back.

use std::cell::RefCell;
use std::rc::Rc;

use par_core::comm::CommError;

use crate::comm::MpiComm;
use crate::native::window;
use crate::world::Session;

/// Memory of each rank that the others reach.
///
/// Giving it back needs all ranks, and one that has failed does not come: so what is merely dropped lives until MPI
/// ends, where all ranks come together anyway.
pub(crate) struct Memory {
    window: Rc<RefCell<Option<window::Window>>>,
    _session: Rc<Session>,
}

impl Memory {
    /// Memory with `bytes` bytes on this rank, which are 0; a collective.
    pub(crate) fn allocate(comm: &MpiComm, bytes: usize, unit: usize) -> Result<Self, CommError> {
        let window = window::Window::allocate(comm.hidden(), bytes, unit)?;
        let window = Rc::new(RefCell::new(Some(window)));
        let last = Rc::clone(&window);
        comm.session().at_end(move || give_back(&last));
        Ok(Self { window, _session: Rc::clone(comm.session()) })
    }

    pub(crate) fn with<R>(
        &self,
        f: impl FnOnce(&window::Window) -> Result<R, CommError>,
    ) -> Result<R, CommError> {
        match &*self.window.borrow() {
            Some(window) => f(window),
            None => Err(CommError::Invalid("the window has been given back".to_owned())),
        }
    }

    /// Gives it back now; a collective.
    pub(crate) fn free(self) {
        give_back(&self.window);
    }
}

fn give_back(window: &RefCell<Option<window::Window>>) {
    if let Some(window) = window.take() {
        if window.is_locked_everywhere() {
            window.unlock_all().ok();
        }
        window.free();
    }
}
