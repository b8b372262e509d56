//! Everything a user sees, one file per story.

mod bindings;
mod fixture;
mod incremental;
mod layers;
mod outputs;
mod sight;
