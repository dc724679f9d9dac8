//! MPI's C functions, thinly: every call's code becomes a `Result`, every buffer is a slice or is owned by what runs.
//!
//! All `unsafe` of this crate is in the files `ffi.rs` below this folder. What makes them sound, together:
//! - a handle exists only between `MPI_Init_thread` and `MPI_Finalize`: whoever has one holds the
//!   [`Session`](crate::world::Session), whose last owner finalises;
//! - handles and sessions are neither `Send` nor `Sync`, so every call comes from the thread that initialised MPI;
//! - a blocking call borrows its buffers for as long as it takes, an
//!   [`Operation`](operation::Operation) owns them and leaks them rather than free them under MPI.

pub(crate) mod base {
    //! The environment, errors, datatypes and communicators.
    mod ffi;
    pub(crate) use ffi::*;
}
pub(crate) mod p2p {
    //! Blocking messages and probes.
    mod ffi;
    pub(crate) use ffi::*;
}
pub(crate) mod operation {
    //! What is under way, with the buffers that it uses.
    mod ffi;
    pub(crate) use ffi::*;
}
pub(crate) mod collectives {
    //! Blocking collectives.
    mod ffi;
    pub(crate) use ffi::*;
}
pub(crate) mod window {
    //! One-sided windows.
    mod ffi;
    pub(crate) use ffi::*;
}
