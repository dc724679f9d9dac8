//! Standard workloads.
