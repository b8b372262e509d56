//! Tests of the store as a whole.

pub(super) mod fault;
