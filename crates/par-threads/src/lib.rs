//! par-threads
