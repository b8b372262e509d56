//! Everything a user sees, one file per story.

mod bindings;
mod failures;
mod fixture;
mod guide;
mod incremental;
mod init;
mod layers;
mod outputs;
mod planners;
mod programs;
mod property;
mod sight;
