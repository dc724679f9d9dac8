//! Buffered sends: the room for them is counted here, for each communicator, and MPI sends from copies.
//!
//! MPI's own buffer is one for the whole process and can only be given back by waiting for every message in it.

use std::cell::Cell;
use std::rc::Rc;

use par_core::bytemuck;
use par_core::comm::{CommError, Datum, SendMode};

use super::MpiComm;
use crate::native::operation::{self, Operation, Unfinished};

/// Memory that was set aside.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Cell<usize>,
    used: Rc<Cell<usize>>,
}

/// A message that lies in the room.
struct Lying {
    operation: Operation<Vec<u8>>,
    bytes: usize,
    used: Rc<Cell<usize>>,
}

impl Unfinished for Lying {
    fn is_finished(&mut self) -> bool {
        let finished = self.operation.is_finished();
        if finished {
            self.used.set(self.used.get() - std::mem::take(&mut self.bytes));
        }
        finished
    }
}

impl MpiComm {
    pub(super) fn set_room(&self, bytes: usize) -> Result<(), CommError> {
        self.session.look_at_kept();
        if self.room.used.get() > 0 {
            return Err(CommError::Invalid(format!(
                "{} bytes of buffered messages have not been received yet, so their memory cannot be replaced",
                self.room.used.get()
            )));
        }
        self.room.bytes.set(bytes);
        Ok(())
    }

    pub(super) fn send_buffered<T: Datum>(&self, data: &[T], to: i32, tag: i32) -> Result<(), CommError> {
        let bytes = size_of_val(data);
        let free = || self.room.bytes.get() - self.room.used.get();
        if bytes > free() {
            self.session.look_at_kept();
        }
        if bytes > free() {
            return Err(CommError::BufferFull { bytes, room: free() });
        }
        let copy = bytemuck::cast_slice(data).to_vec();
        let operation = operation::send(self.native, SendMode::Standard, copy, self.limit, to, tag)?;
        self.room.used.set(self.room.used.get() + bytes);
        self.session.keep(Lying { operation, bytes, used: Rc::clone(&self.room.used) });
        Ok(())
    }
}
