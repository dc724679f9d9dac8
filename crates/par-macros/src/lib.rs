//! Attributes of par.
