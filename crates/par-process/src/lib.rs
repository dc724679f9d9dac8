//! par-process
